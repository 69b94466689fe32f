import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { fileURLToPath } from 'node:url';
import { Command, Option } from 'commander';
import { systemClock } from '../../pipeline/clock.ts';
import { parseDuration } from '../../pipeline/contract/time.ts';
import { textTable } from '../evaluate/text-table.ts';
import { soak } from './soak.ts';
import { soakPage } from './soak-page.ts';
import type { SoakReport } from './soak-report.ts';

/** `npm run soak -- --hours N`: exit 0 when every law held, 1 when one did not or the soak could not be run to its end. */
const DIST = new URL('../../', import.meta.url);
const PAGE = fileURLToPath(new URL('../deploy/reference/soak.md', DIST));

const program = new Command('soak')
  .description(
    'The whole system for hours at half of what the machine carries, with faults. Nothing else should run meanwhile.',
  )
  .option('--hours <n>', 'how long', Number, 1)
  .option('--gpus <n>', 'size of the simulated fleet', Number, 20_000)
  .option('--rows-per-second <n>', 'load; left out, half of what a calibration of a minute says', Number)
  .option('--fault-every <duration>', 'time between two faults, or off; by default 3m, more often in a short soak')
  .option('--seed <n>', 'of fleet and faults', Number, 42)
  .option('--stream-size-max <MiB>', 'of the raw stream', Number, 4_096)
  .addOption(new Option('--durability <mode>', 'of NATS and QuestDB').choices(['fast', 'safe']).default('fast'))
  .option('--report <file>', 'where the report goes, as JSON', 'soak.json')
  .option('--write', 'write deploy/reference/soak.md', false)
  .option('--from <file>', 'run nothing: show (and write) this report')
  .showHelpAfterError()
  .parse();
const options = program.opts<{
  hours: number;
  gpus: number;
  rowsPerSecond?: number;
  faultEvery?: string;
  seed: number;
  streamSizeMax: number;
  durability: 'fast' | 'safe';
  report: string;
  write: boolean;
  from?: string;
}>();
for (const name of ['hours', 'gpus', 'seed', 'streamSizeMax'] as const) {
  if (!(options[name] > 0)) program.error(`--${name} must be a number above 0`);
}
if (options.rowsPerSecond !== undefined && !(options.rowsPerSecond > 0))
  program.error('--rows-per-second must be above 0');

const MINUTE_MS = 60_000;
const FAULT_EVERY_MS = 3 * MINUTE_MS;
/** A short soak meets every fault once, too. */
const FAULTS_AT_LEAST = 10;

const say = (line: string): void => {
  process.stderr.write(`${new Date(systemClock.now()).toISOString().slice(11, 19)} ${line}\n`);
};
const stop = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => stop.abort());

try {
  const report =
    options.from === undefined ? await run() : (JSON.parse(readFileSync(options.from, 'utf8')) as SoakReport);
  process.stdout.write(
    textTable(
      ['law', 'figure', 'limit', ''],
      report.checks.map(({ name, figure, limit, ok }) => [name, figure, limit, ok ? 'ok' : 'NOT MET']),
    ),
  );
  process.stdout.write(
    textTable(
      ['process', 'lives', 'RSS MiB', 'at most', 'own MiB', 'MiB an hour', 'heap MiB', 'MiB an hour', 'cores'],
      report.processes.map((one) => [
        one.process,
        String(one.lives),
        String(one.rss_mib),
        String(one.rss_max_mib),
        String(one.own_mib),
        String(one.own_mib_per_hour?.[0] ?? '-'),
        String(one.heap_mib ?? '-'),
        String(one.heap_mib_per_hour?.[0] ?? '-'),
        String(one.cores),
      ]),
    ),
  );
  process.stdout.write(`${report.ok ? 'passed' : 'FAILED'}\n`);
  if (options.write) writeFileSync(PAGE, soakPage(report));
  process.exit(report.ok ? 0 : 1);
} catch (error) {
  say(error instanceof Error ? (error.stack ?? error.message) : String(error));
  process.exit(1);
}

async function run(): Promise<SoakReport> {
  const duration_ms = options.hours * 60 * MINUTE_MS;
  const every =
    options.faultEvery === undefined
      ? Math.min(FAULT_EVERY_MS, duration_ms / FAULTS_AT_LEAST)
      : options.faultEvery === 'off'
        ? null
        : (parseDuration(options.faultEvery) ?? program.error('--fault-every must be a duration like 3m, or off'));
  const result = await soak({
    hours: options.hours,
    seed: options.seed,
    gpus: options.gpus,
    rows_per_s: options.rowsPerSecond ?? null,
    fault_every_ms: every,
    calm_ms: Math.min(5 * MINUTE_MS, duration_ms / 10),
    durability: options.durability,
    stream_max_mib: options.streamSizeMax,
    quick: false,
    dist: DIST,
    signal: stop.signal,
    say,
  });
  const report: SoakReport = {
    at: new Date(systemClock.now()).toISOString(),
    command: `npm run soak -- ${process.argv.slice(2).join(' ')}`.trim(),
    commit: execFileSync('git', ['describe', '--always', '--dirty'], { encoding: 'utf8' }).trim(),
    machine: {
      cpu: cpus()[0]?.model ?? '',
      cores: cpus().length,
      memory_gib: Math.round(totalmem() / 2 ** 30),
      platform: `${process.platform} ${process.arch}`,
      node: process.version,
    },
    ...result,
  };
  writeFileSync(options.report, `${JSON.stringify(report, null, 2)}\n`);
  say(`report: ${options.report}`);
  return report;
}
