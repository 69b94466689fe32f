/**
 * Whether a package that is shipped has a known hole: `node deploy/audit.mjs` asks the registry through `npm audit`. Exit code 0: none;
 * 1: some, which are listed; 2: the registry did not say. `--answer FILE` judges an answer of `npm audit --json` instead.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** Less is noise: most of it needs an attacker who has the machine already. */
const COUNTED = ['high', 'critical'];
const TIMEOUT_MS = 60_000;

const at = process.argv.indexOf('--answer');
const text =
  at < 0
    ? spawnSync('npm', ['audit', '--json', '--omit=dev'], { encoding: 'utf8', timeout: TIMEOUT_MS }).stdout
    : readFileSync(process.argv[at + 1], 'utf8');

const { holes, why } = judged(text ?? '');
if (holes === null) {
  process.stderr.write(`not looked at: ${why}\n`);
  process.exitCode = 2;
} else {
  for (const { name, severity, range, fix } of holes) process.stderr.write(`${severity}: ${name} ${range}, ${fix}\n`);
  process.stdout.write(`${holes.length} packages with known holes\n`);
  process.exitCode = holes.length > 0 ? 1 : 0;
}

function judged(answer) {
  let told;
  try {
    told = JSON.parse(answer);
  } catch {
    return { holes: null, why: 'no answer' };
  }
  if (told?.error !== undefined) {
    const { code = '', summary = '' } = told.error ?? {};
    return { holes: null, why: `the registry does not answer ${code} ${summary}`.trim().slice(0, 200) };
  }
  const found = told?.vulnerabilities;
  if (typeof found !== 'object' || found === null) return { holes: null, why: 'an answer of another form' };
  const holes = Object.values(found)
    .filter(({ severity }) => COUNTED.includes(severity))
    .map(({ name, severity, range, fixAvailable }) => ({
      ...{ name, severity, range },
      fix: fixAvailable ? 'mended by `npm audit fix`' : 'not mended yet',
    }));
  return { holes, why: '' };
}
