import { spawn } from 'node:child_process';
import { Command, InvalidArgumentError } from 'commander';
import { systemClock } from '../../pipeline/clock.ts';
import { fuzzOneTarget } from './fuzz-one-target.ts';
import { feedOne } from './run-cases.ts';
import { findTarget, TARGET_NAMES } from './targets.ts';

/** `npm run fuzz`: inputs that anybody may have made, by the million, against everything that reads them. */
const whole = (text: string): number => {
  if (!/^\d{1,12}$/.test(text)) throw new InvalidArgumentError('a whole number is wanted');
  return Number(text);
};
/** The API has a generator of its own, from its OpenAPI document. */
const REST = 'rest';
const names = [...TARGET_NAMES, REST];
const program = new Command('fuzz')
  .description('Inputs that anybody may have made against everything that reads them.')
  .option('--target <name>', `one of ${names.join(', ')}; all but ${REST} when left out`)
  .option('--cases <count>', 'so many cases, over all targets together', whole, 1_000_000)
  .option('--seed <seed>', 'the same seed is the same cases', whole, 1)
  .option('--case <number>', 'this case only', whole)
  .option('--input <base64>', 'this input only')
  .showHelpAfterError()
  .parse();
const options = program.opts<{ target?: string; cases: number; seed: number; case?: number; input?: string }>();
if (options.target !== undefined && !names.includes(options.target)) {
  program.error(`error: there is no target ${options.target}; there are ${names.join(', ')}`);
}
const say = (line: string): void => {
  process.stdout.write(`${line}\n`);
};
const SHOWN_BYTES_MAX = 4_096;

async function fuzz(name: string, cases: number): Promise<boolean> {
  const target = await findTarget(name);
  if (target === null) return false;
  const { seed } = options;
  if (options.input !== undefined) {
    const outcome = await feedOne(target, Buffer.from(options.input, 'base64'));
    say(`${name}: ${typeof outcome === 'string' ? outcome : outcome ? 'taken' : 'refused'}`);
    return typeof outcome !== 'string';
  }
  const from = options.case ?? 0;
  const started = systemClock.monotonic();
  const { failure, ...counts } = await fuzzOneTarget(target, { seed, from, to: from + cases });
  const took_s = (systemClock.monotonic() - started) / 1_000;
  const per_s = Math.round(counts.cases / took_s).toLocaleString('en');
  const shares = `${Math.round((100 * counts.taken) / counts.cases)} % taken, slowest ${counts.slowest_ms.toFixed(1)} ms`;
  say(`${name.padEnd(15)} ${counts.cases} cases, ${took_s.toFixed(1)} s, ${per_s}/s, ${shares}`);
  if (failure === null) return true;
  say(`  broken: ${failure.what}`);
  say(`  again:  npm run fuzz -- --target ${name} --seed ${seed} --case ${failure.number}`);
  const { smallest } = failure;
  say(`  input of ${smallest.length} bytes (of ${failure.input.length}): ${shown(smallest)}`);
  if (smallest.length <= SHOWN_BYTES_MAX) {
    say(`  alone:  npm run fuzz -- --target ${name} --input ${Buffer.from(smallest).toString('base64')}`);
  }
  return false;
}

function shown(input: Uint8Array): string {
  const text = JSON.stringify(Buffer.from(input.subarray(0, 400)).toString('latin1'));
  return input.length > 400 ? `${text}...` : text;
}

function fuzzRest(cases: number): Promise<boolean> {
  const child = spawn(
    process.execPath,
    ['deploy/fuzz-api.mjs', '--cases', String(cases), '--seed', String(options.seed)],
    { stdio: 'inherit' },
  );
  return new Promise((resolve) => child.on('exit', (code) => resolve(code === 0)));
}

const wanted = options.target === undefined ? TARGET_NAMES : [options.target];
const each = options.case === undefined ? Math.ceil(options.cases / wanted.length) : 1;
const started = systemClock.monotonic();
const broken: string[] = [];
for (const name of wanted) {
  const sound = name === REST ? await fuzzRest(each) : await fuzz(name, each);
  if (!sound) broken.push(name);
}
const took_s = (systemClock.monotonic() - started) / 1_000;
const peak_mib = Math.round(process.resourceUsage().maxRSS / 1_024);
say(
  `seed ${options.seed}: ${broken.length === 0 ? 'every law held' : `broken: ${broken.join(', ')}`}; ${took_s.toFixed(1)} s, at most ${peak_mib} MiB`,
);
process.exitCode = broken.length > 0 ? 1 : 0;
