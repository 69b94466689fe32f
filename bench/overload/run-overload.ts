import { writeFileSync } from 'node:fs';
import { Command } from 'commander';
import { systemClock } from '../../pipeline/clock.ts';
import { figureTable, reached } from '../print-figures.ts';
import { benchOverload, OVERLOAD_DEFAULTS } from './overload.ts';

/** `npm run overload`: exit 0 when every goal was reached. */
const program = new Command('overload')
  .description('Twice what the system keeps up with, for two minutes. Nothing else should run meanwhile.')
  .option('--gpus <n>', 'size of the fleet', Number, OVERLOAD_DEFAULTS.gpus)
  .option('--rows-per-second <n>', 'what it keeps up with; left out, it is measured first', Number)
  .option('--times <n>', 'the overload as a multiple of that', Number, OVERLOAD_DEFAULTS.times)
  .option('--seconds <n>', 'length of the overload', Number, OVERLOAD_DEFAULTS.seconds)
  .option('--json <file>', 'write the figures as JSON')
  .showHelpAfterError()
  .parse();
const options = program.opts<{
  gpus: number;
  rowsPerSecond?: number;
  times: number;
  seconds: number;
  json?: string;
}>();
for (const name of ['gpus', 'times', 'seconds'] as const) {
  if (!(options[name] > 0)) program.error(`--${name} must be a number above 0`);
}

try {
  const figures = await benchOverload({
    ...OVERLOAD_DEFAULTS,
    gpus: options.gpus,
    rows_per_s: options.rowsPerSecond ?? null,
    times: options.times,
    seconds: options.seconds,
    dist: new URL('../../', import.meta.url),
    say: (line) => process.stderr.write(`${new Date(systemClock.now()).toISOString().slice(11, 19)} ${line}\n`),
  });
  process.stdout.write(figureTable(figures));
  if (options.json !== undefined) writeFileSync(options.json, `${JSON.stringify(figures, null, 2)}\n`);
  process.exit(figures.every(reached) ? 0 : 1);
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
  process.exit(1);
}
