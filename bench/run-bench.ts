import { writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { Command } from 'commander';
import { systemClock } from '../pipeline/clock.ts';
import { sourceCommit } from '../pipeline/roles/source-commit.ts';
import type { Figure } from './bench.ts';
import { BENCHES } from './benches.ts';

/** `npm run bench`: every claim of the README, measured here and now. */
const program = new Command('bench')
  .description('Measures every figure of the README. Nothing else should run meanwhile.')
  .option('--only <names>', `some of: ${BENCHES.map(({ name }) => name).join(', ')}`)
  .option('--quick', 'small sizes: shows that it works, not how fast', false)
  .option('--json <file>', 'write machine, commit, command and figures as JSON')
  .showHelpAfterError()
  .parse();
const options = program.opts<{ only?: string; quick: boolean; json?: string }>();
const only = options.only?.split(',');
const unknown = only?.filter((name) => !BENCHES.some((bench) => bench.name === name)) ?? [];
if (unknown.length > 0) program.error(`no such bench: ${unknown.join(', ')}`);

const say = (line: string): void => {
  process.stderr.write(`${line}\n`);
};
const measured: ({ readonly bench: string } & Figure)[] = [];
for (const { name, summary, run } of BENCHES.filter((bench) => only?.includes(bench.name) ?? true)) {
  say(`${name}: ${summary}`);
  const context = {
    quick: options.quick,
    threads: new URL('./', import.meta.url),
    say: (line: string) => say(`  ${line}`),
  };
  for (const figure of await run(context)) measured.push({ bench: name, ...figure });
}

const goal = ({ at_least, at_most }: Figure): string =>
  at_least !== undefined ? `at least ${at_least}` : at_most !== undefined ? `at most ${at_most}` : '';
const rows = measured.map((figure) => [
  figure.bench,
  figure.name,
  figure.value.toLocaleString('en', { maximumFractionDigits: 3 }),
  figure.unit,
  goal(figure),
]);
const table = [['bench', 'figure', 'value', 'unit', 'goal'], ...rows];
const widths = [0, 1, 2, 3, 4].map((i) => Math.max(...table.map((row) => (row[i] as string).length)));
for (const row of table) {
  const cells = row.map((cell, i) => (i === 2 ? cell.padStart(widths[i] as number) : cell.padEnd(widths[i] as number)));
  process.stdout.write(`${cells.join('  ').trimEnd()}\n`);
}

if (options.json !== undefined) {
  const report = {
    at: new Date(systemClock.now()).toISOString(),
    machine: {
      cpu: cpus()[0]?.model ?? '',
      cores: cpus().length,
      memory_gib: Math.round(totalmem() / 2 ** 30),
      platform: `${process.platform} ${process.arch}`,
      node: process.version,
    },
    commit: sourceCommit() ?? 'unknown',
    command: `npm run bench -- ${process.argv.slice(2).join(' ')}`.trim(),
    quick: options.quick,
    figures: measured,
  };
  writeFileSync(options.json, `${JSON.stringify(report, null, 2)}\n`);
}
process.exit(0);
