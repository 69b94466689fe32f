import { Command, InvalidArgumentError } from 'commander';
import { systemClock } from '../../pipeline/clock.ts';
import { chaosInput } from './chaos-input.ts';
import { chaosPlan, FAULT_KINDS, type FaultKind, faultInWords, NO_CHAOS } from './chaos-plan.ts';
import { type ChaosRun, type ChaosRunOptions, runChaos } from './chaos-run.ts';
import { differences } from './read-results.ts';

/** `npm run test:chaos`: the real processes under seeded faults, compared row for row with an undisturbed run. */
const whole = (text: string): number => {
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError('a whole number is wanted');
  return Number(text);
};
const kinds = (text: string): FaultKind[] =>
  text.split(',').map((name) => {
    const found = FAULT_KINDS.find((kind) => kind === name);
    if (found === undefined) throw new InvalidArgumentError(`some of: ${FAULT_KINDS.join(', ')}`);
    return found;
  });

const options = new Command('test:chaos')
  .description('nats-server, QuestDB, collector, engine and API under seeded faults, compared with an undisturbed run.')
  .option('--seeds <count>', 'so many seeds', whole, 100)
  .option('--from <seed>', 'the first of them', whole, 0)
  .option('--seed <seed>', 'this one only', whole)
  .option('--minutes <minutes>', 'begin no seed after so many minutes', whole)
  .option('--at-once <count>', 'so many side by side, each with services of its own', whole, 1)
  .option('--ticks <count>', 'instants of the fleet, a minute apart', whole, 120)
  .option('--without <kinds>', `faults that are left out, of ${FAULT_KINDS.join(', ')}`, kinds, [])
  .option('--trace', 'tell what happens when', false)
  .option('--keep', 'leave the folders of failed runs behind', false)
  .showHelpAfterError()
  .parse()
  .opts<{
    seeds: number;
    from: number;
    seed?: number;
    minutes?: number;
    atOnce: number;
    ticks: number;
    without: FaultKind[];
    trace: boolean;
    keep: boolean;
  }>();

const say = (line: string): void => {
  process.stdout.write(`${line}\n`);
};
const DAY_MS = 86_400_000;
/** The day before yesterday at six: all of it is history for whoever looks a day back, and no day ends within. */
const start_ms = Math.floor(systemClock.now() / DAY_MS) * DAY_MS - DAY_MS * 1.75;
const input = chaosInput({ ticks: options.ticks, start_ms });
const trace = options.trace ? say : () => undefined;
const began = systemClock.monotonic();
const elapsed = (): string => ((systemClock.monotonic() - began) / 1_000).toFixed(0);
const reproduction = (seed: number): string =>
  [`npm run test:chaos -- --seed ${seed} --ticks ${options.ticks} --trace`]
    .concat(options.without.length > 0 ? [`--without ${options.without.join()}`] : [])
    .join(' ');

const undisturbed = { input, plan: NO_CHAOS, trace, slow_bytes_per_second: 1e9, wanted: null, keep: options.keep };
const reference = await runChaos(undisturbed);
for (const problem of reference.problems) say(`undisturbed: ${problem}`);
say(
  `undisturbed: ${reference.seconds.toFixed(0)} s; ${Object.entries(reference.results)
    .map(([table, rows]) => `${table} ${rows.length}`)
    .join(', ')}`,
);

const first = options.seed ?? options.from;
const last = options.seed === undefined ? first + options.seeds : first + 1;
let next = first;
let done = 0;
const failed: number[] = [];

async function trySeed(seed: number): Promise<void> {
  const plan = chaosPlan(seed, options.ticks, options.without);
  const run: ChaosRunOptions = {
    input,
    plan,
    trace,
    slow_bytes_per_second: reference.row_bytes_per_second / 10,
    wanted: reference.results,
    keep: options.keep,
  };
  const problems: string[] = [];
  let ran: ChaosRun | null = null;
  try {
    ran = await runChaos(run);
    problems.push(...ran.problems, ...differences(reference.results, ran.results));
  } catch (error) {
    problems.push(error instanceof Error ? (error.stack ?? error.message) : String(error));
  }
  done++;
  if (ran !== null && ran.left_out !== null) say(`seed ${seed}: ${ran.left_out}`);
  const story = `${plan.engine_threads} threads${plan.kinds.includes('skew') ? ', skewed clocks' : ''}; ${plan.faults.map(({ tick, fault }) => `${tick}: ${faultInWords(fault)}`).join('; ')}`;
  if (problems.length === 0) {
    say(`seed ${seed}: same in ${ran?.seconds.toFixed(0)} s, ${ran?.broken_off} scrapes broken off; ${story}`);
    return;
  }
  failed.push(seed);
  say(`seed ${seed} FAILS; ${story}`);
  for (const problem of problems) say(`  ${problem}`);
  say(`  ${reproduction(seed)}`);
}

async function trySeeds(): Promise<void> {
  while (next < last) {
    if (options.minutes !== undefined && systemClock.monotonic() - began > options.minutes * 60_000) return;
    await trySeed(next++);
  }
}
await Promise.all(Array.from({ length: Math.max(1, options.atOnce) }, trySeeds));
say(
  `${done} seeds from ${first}: ${failed.length} failed${failed.length > 0 ? ` (${failed.join()})` : ''}, ${elapsed()} s`,
);
process.exitCode = failed.length + reference.problems.length > 0 ? 1 : 0;
