import { writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { Command } from 'commander';
import { systemClock } from '../pipeline/clock.ts';
import { sourceCommit } from '../pipeline/roles/source-commit.ts';
import { BENCHES } from './benches.ts';
import { type BenchFigure, figureTable } from './print-figures.ts';

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
const measured: BenchFigure[] = [];
for (const { name, summary, run } of BENCHES.filter((bench) => only?.includes(bench.name) ?? true)) {
  say(`${name}: ${summary}`);
  const context = {
    quick: options.quick,
    threads: new URL('./', import.meta.url),
    say: (line: string) => say(`  ${line}`),
  };
  for (const figure of await run(context)) measured.push({ bench: name, ...figure });
}

const machine = {
  cpu: cpus()[0]?.model ?? '',
  cores: cpus().length,
  memory_gib: Math.round(totalmem() / 2 ** 30),
  platform: `${process.platform} ${process.arch}`,
  node: process.version,
};
const commit = sourceCommit() ?? 'unknown';
const command = `npm run bench -- ${process.argv.slice(2).join(' ')}`.trim();
process.stdout.write(
  `${command}, commit ${commit}: ${machine.cores} x ${machine.cpu}, ${machine.memory_gib} GiB, Node ${machine.node}\n` +
    figureTable(measured),
);

if (options.json !== undefined) {
  const at = new Date(systemClock.now()).toISOString();
  const report = { at, machine, commit, command, quick: options.quick, figures: measured };
  writeFileSync(options.json, `${JSON.stringify(report, null, 2)}\n`);
}
process.exit(0);
