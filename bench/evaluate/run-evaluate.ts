import { writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { Command, InvalidArgumentError } from 'commander';
import { systemClock } from '../../pipeline/clock.ts';
import { sourceCommit } from '../../pipeline/roles/source-commit.ts';
import { DEFAULT_PARTS, EVALUATE_DEFAULTS, EVALUATE_QUICK, evaluate, PARTS, type Part } from './evaluate.ts';
import { printEvaluation } from './print-evaluation.ts';
import { printMarkdown } from './print-markdown.ts';

/** `npm run evaluate`: what the topology sees and foresees, what it misses and what it makes up, from a seed. */
const program = new Command('evaluate')
  .description(
    'Judges the topology: a simulated fleet with known faults, NAB, recordings of real GPUs; and its predictions.',
  )
  .argument('[part...]', `some of: ${PARTS.join(', ')} (default ${DEFAULT_PARTS.join(', ')}; with --quick all)`)
  .option('--only <parts>', 'the same, with commas between them')
  .option(
    '--gpus <n>',
    `GPUs of the simulated fleet (default ${EVALUATE_DEFAULTS.gpus}; prediction: ${EVALUATE_DEFAULTS.prediction.gpus})`,
    positive,
  )
  .option(
    '--days <n>',
    `length of its life (default ${EVALUATE_DEFAULTS.days}; prediction: ${EVALUATE_DEFAULTS.prediction.days})`,
    positive,
  )
  .option('--seed <n>', `what everything is drawn from (default ${EVALUATE_DEFAULTS.seed})`, positive)
  .option('--quick', 'a small fleet for a few hours: shows that it works, not how well', false)
  .option('--data <folder>', 'folder of the check data', '../shared/data')
  .option('--json <file>', 'write date, seed, commit, command and figures as JSON')
  .option('--markdown <file>', 'write the tables as Markdown, what is simulated and what is real apart')
  .showHelpAfterError()
  .parse();
const options = program.opts<{
  only?: string;
  gpus?: number;
  days?: number;
  seed?: number;
  quick: boolean;
  data: string;
  json?: string;
  markdown?: string;
}>();
const asked = [...program.args, ...(options.only?.split(',') ?? [])];
const parts = (asked.length > 0 ? asked : options.quick ? PARTS : DEFAULT_PARTS) as readonly Part[];
const unknown = parts.filter((part) => !PARTS.includes(part));
if (unknown.length > 0) program.error(`no such part: ${unknown.join(', ')}`);
const size = options.quick ? EVALUATE_QUICK : EVALUATE_DEFAULTS;
const gpus = Math.round(options.gpus ?? size.gpus);
const seed = Math.round(options.seed ?? size.seed);

const began = systemClock.monotonic();
// Before the run: somebody may commit meanwhile.
const built_from = sourceCommit() ?? 'unknown';
const evaluation = await evaluate({
  parts,
  gpus,
  seed,
  days: options.days ?? size.days,
  prediction: {
    gpus: options.gpus === undefined ? size.prediction.gpus : gpus,
    days: options.days ?? size.prediction.days,
  },
  quick: options.quick,
  clock: systemClock,
  data: options.data,
  say: (line) => process.stderr.write(`${line}\n`),
});
const from = {
  at: new Date(systemClock.now()).toISOString(),
  seed,
  commit: built_from,
  command: `npm run evaluate -- ${process.argv.slice(2).join(' ')}`.trim().replace(/ --$/, ''),
  machine: { cpu: cpus()[0]?.model ?? '', cores: cpus().length, node: process.version },
  took_s: Math.round((systemClock.monotonic() - began) / 1_000),
};
process.stdout.write(
  `${printEvaluation(evaluation)}\n${from.at.slice(0, 10)}, seed ${seed}, commit ${from.commit}, ${from.took_s} s: ${from.command}\n`,
);
if (options.json !== undefined) writeFileSync(options.json, `${JSON.stringify({ ...from, ...evaluation }, null, 2)}\n`);
if (options.markdown !== undefined) writeFileSync(options.markdown, printMarkdown(evaluation, from));

function positive(text: string): number {
  const value = Number(text);
  if (!(value > 0 && Number.isFinite(value))) throw new InvalidArgumentError('It is no positive number.');
  return value;
}
