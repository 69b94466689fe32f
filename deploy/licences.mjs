/**
 * What the package brings with it at run time, with licences, from the lockfile alone: `node deploy/licences.mjs` writes
 * deploy/LICENSES.md, `--check` says by exit code whether it is as it should be.
 */
import { readFileSync, writeFileSync } from 'node:fs';

/** None of these asks for more than to be named. */
const ALLOWED = [
  '0BSD',
  'Apache-2.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'ISC',
  'MIT',
  'MIT-0',
  'Unlicense',
  'BlueOak-1.0.0',
];
const OUT = new URL('LICENSES.md', import.meta.url);
const lock = JSON.parse(readFileSync(new URL('../package-lock.json', import.meta.url), 'utf8'));

const packages = new Map();
for (const [path, one] of Object.entries(lock.packages)) {
  if (path === '' || one.dev || one.devOptional || one.peer) continue;
  const name = one.name ?? path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);
  const licence = one.license ?? 'not told';
  packages.set(`${name}@${one.version}`, { name, version: one.version, licence });
}
const rows = [...packages.values()].sort((a, b) => (`${a.name}@${a.version}` < `${b.name}@${b.version}` ? -1 : 1));
const counts = new Map();
for (const { licence } of rows) counts.set(licence, (counts.get(licence) ?? 0) + 1);
const odd = rows.filter(({ licence }) => !ALLOWED.includes(licence));

const text = `# Licences of what is shipped

Packages that the program needs at run time, from package-lock.json; printed by \`node deploy/licences.mjs\`. nats-server (Apache-2.0),
QuestDB (Apache-2.0), Java (GPL-2.0 with classpath exception) and Grafana (AGPL-3.0) run beside it and are not part of the package.

${[...counts]
  .sort(([a], [b]) => (a < b ? -1 : 1))
  .map(([licence, count]) => `${licence} ${count}`)
  .join(', ')}.

| package | version | licence |
|---|---|---|
${rows.map(({ name, version, licence }) => `| ${name} | ${version} | ${licence} |`).join('\n')}
`;

if (odd.length > 0) {
  process.stderr.write(`look at these first: ${odd.map((one) => `${one.name} (${one.licence})`).join(', ')}\n`);
  process.exitCode = 1;
}
if (!process.argv.includes('--check')) writeFileSync(OUT, text);
else if (readFileSync(OUT, 'utf8') !== text) {
  process.stderr.write('deploy/LICENSES.md is not what the lockfile says: node deploy/licences.mjs\n');
  process.exitCode = 1;
}
