import { Command, InvalidArgumentError } from 'commander';
import { systemClock } from '../clock.ts';
import { FAULT_KINDS, type FaultKind } from './faults.ts';
import { SABOTAGES, type Sabotage } from './sabotage.ts';
import { shrinkFaults } from './shrink-faults.ts';
import { type SeedResult, simulateSeed } from './simulate-seed.ts';

/** `npm run simulate-faults`: the engine under seeded faults in virtual time, compared with undisturbed runs. */
const whole = (text: string): number => {
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError('a whole number is wanted');
  return Number(text);
};
const oneOf =
  <T extends string>(known: readonly T[]) =>
  (text: string): T => {
    const found = known.find((name) => name === text);
    if (found === undefined) throw new InvalidArgumentError(`one of: ${known.join(', ')}`);
    return found;
  };
const kinds = (text: string): FaultKind[] => text.split(',').map(oneOf(FAULT_KINDS));

const program = new Command('simulate-faults')
  .description('The whole engine under seeded faults in virtual time, compared row for row with an undisturbed run.')
  .option('--seeds <count>', 'so many seeds', whole, 200)
  .option('--from <seed>', 'the first of them', whole, 0)
  .option('--seed <seed>', 'this one only', whole)
  .option('--trace', 'tell what happens when, in virtual ms', false)
  .option('--without <kinds>', `faults that are left out, of ${FAULT_KINDS.join(', ')}`, kinds, [])
  .option('--sabotage <mistake>', `break the engine on purpose: ${SABOTAGES.join(', ')}`, oneOf(SABOTAGES))
  .showHelpAfterError()
  .parse();
const options = program.opts<{
  seeds: number;
  from: number;
  seed?: number;
  trace: boolean;
  without: FaultKind[];
  sabotage?: Sabotage;
}>();
const say = (line: string): void => {
  process.stdout.write(`${line}\n`);
};
const settings = {
  without: options.without,
  ...(options.sabotage !== undefined && { sabotage: options.sabotage }),
};
const trace = options.trace ? say : undefined;
const reproduction = (seed: number, without: readonly FaultKind[]): string =>
  ['npm run simulate-faults --', `--seed ${seed} --trace`, without.length > 0 ? `--without ${without.join()}` : '']
    .concat(options.sabotage === undefined ? [] : `--sabotage ${options.sabotage}`)
    .filter((part) => part !== '')
    .join(' ');

const PROGRESS_EVERY_MS = 10_000;
const first = options.seed ?? options.from;
const count = options.seed === undefined ? options.seeds : 1;
const started = systemClock.monotonic();
let told = started;
let processes = 0;
let compared = 0;
const failed: SeedResult[] = [];
const seconds = (): string => ((systemClock.monotonic() - started) / 1_000).toFixed(1);

for (let seed = first; seed < first + count; seed++) {
  const result = await simulateSeed(seed, { ...settings, ...(trace && { trace }) });
  processes += result.processes;
  compared += result.compared;
  if (result.problems.length > 0) {
    failed.push(result);
    say(`seed ${seed} fails: ${result.threads} threads; ${result.kinds.join(', ')}`);
    for (const problem of result.problems) say(`  ${problem}`);
    const without = await shrinkFaults(seed, settings);
    say(`  ${reproduction(seed, without)}`);
  }
  if (systemClock.monotonic() - told > PROGRESS_EVERY_MS) {
    told = systemClock.monotonic();
    say(`${seed - first + 1} of ${count} seeds, ${failed.length} failed, ${seconds()} s`);
  }
}
say(
  `${count} seeds from ${first}: ${failed.length} failed; ${processes} lives of the engine, ${compared} rows, alerts and dead letters compared, ${seconds()} s`,
);
process.exitCode = failed.length > 0 ? 1 : 0;
