import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { PLANTED_START_MS, plantedHistory } from '../../models/prediction/planted.fixture.ts';
import { connectDatabase } from '../../sinks/questdb/connect-database.ts';
import { tableSink } from '../../sinks/questdb/table-sink.ts';
import { vectorRowSpeller } from '../../sinks/questdb/vector-row.ts';
import { writeLabels } from '../../sinks/questdb/write-labels.ts';
import { systemClock } from '../clock.ts';
import type { FeatureVector } from '../contract/events.ts';
import { days, milliseconds, seconds } from '../contract/time.ts';
import { GPU_FEATURES } from '../contract/verdict-tables.ts';
import { endCliRuns, readyLine, startCli, until } from './cli.fixture.ts';

/** `gpu-vitals up` while it trains: what it is there for goes on beside it. */
const GPUS = 16;
/** Steps of the fleet that must be stored of those that began after the training did; it takes tens of seconds, at six a second. */
const STEPS_MIN = 10;
const LOWEST = 19;
/** Tells and forgets how late timers of the engine's thread were, whenever it is sent SIGUSR2. */
const LATENESS = `data:text/javascript,${encodeURIComponent(`
  import { monitorEventLoopDelay } from 'node:perf_hooks';
  import { isMainThread } from 'node:worker_threads';
  if (isMainThread && process.argv[2] === 'up') {
    const delay = monitorEventLoopDelay({ resolution: 10 });
    delay.enable();
    process.on('SIGUSR2', () => {
      process.stderr.write('LATE p99 ' + (delay.percentile(99) / 1e6 - 10).toFixed(1) + ' ms\\n');
      delay.reset();
    });
  }
`)}`;

let folder = '';
afterAll(async () => {
  await endCliRuns();
  if (folder !== '') await rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
});

/** Processes that a process has started, with what they were called by. */
async function childrenOf(pid: number): Promise<{ pid: number; command: string }[]> {
  const found: { pid: number; command: string }[] = [];
  for (const name of await readdir('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const [status, command] = await Promise.all([
      readFile(`/proc/${name}/status`, 'utf8'),
      readFile(`/proc/${name}/cmdline`, 'utf8'),
    ]).catch(() => ['', '']);
    if (new RegExp(`^PPid:\\s*${pid}$`, 'm').test(status ?? '')) {
      found.push({ pid: Number(name), command: (command ?? '').replaceAll('\0', ' ') });
    }
  }
  return found;
}

/** Of every thread of a process: 0 is usual, 19 the last in line. */
async function nicenesses(pid: number): Promise<number[]> {
  const threads = await readdir(`/proc/${pid}/task`);
  const stats = await Promise.all(
    threads.map((thread) => readFile(`/proc/${pid}/task/${thread}/stat`, 'utf8').catch(() => '')),
  );
  // Behind the name, which may hold blanks: nice is the 19th field of all.
  return stats
    .filter((stat) => stat !== '')
    .map((stat) => Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[16]));
}

it('stores what comes while it trains, and the training goes last', { timeout: 300_000 }, async () => {
  folder = await mkdtemp(join(tmpdir(), 'gpu-vitals-training-'));
  const fleet = `--gpus ${GPUS} --seed 42 --stories none --interval 10s --speed 60 --history 0s`.split(' ');
  const addresses = '--api 127.0.0.1:0 --live 127.0.0.1:0'.split(' ');
  // Ten minutes of event time, which are ten seconds.
  const args = [...fleet, ...addresses, '--data', join(folder, 'data'), '--retrain-interval', '10m'];
  const up = startCli(['up', ...args], { env: { ...process.env, NODE_OPTIONS: `--import=${LATENESS}` } });
  const ready = await readyLine(up);
  const database = connectDatabase({
    url: ready.questdb_pg as string,
    pool_size: 2,
    statement_timeout: seconds(60),
    connect_timeout: seconds(5),
  });

  const history = plantedHistory({ gpus: 300, days: 150, seed: 21 });
  const shift = Math.floor((systemClock.now() - history.until) / days(1)) * days(1) - days(1);
  const sink = tableSink<FeatureVector>(GPU_FEATURES, {
    url: ready.questdb as string,
    age_max: milliseconds(50),
    answer_timeout: seconds(60),
    backoff_min: milliseconds(20),
    backoff_max: milliseconds(200),
    close_timeout: seconds(60),
    onRefused: (rows) => expect(rows).toEqual([]),
    onEvent: () => undefined,
    rows_max: 5_000,
    waiting_max: 20_000,
    spell: vectorRowSpeller(GPU_FEATURES.name),
  });
  for await (const vectors of history.vectors()) {
    for (const vector of vectors) {
      const ts = vector.ts + shift;
      sink.write({ ...vector, ts, latest_ts: ts, arrived_at: ts });
    }
    await sink.pressure();
  }
  await sink.close();
  await writeLabels(
    database,
    history.failures.map((label) => ({ ...label, ts: label.ts + shift, failed_at: label.failed_at + shift })),
  );
  await database.query(`SELECT wait_wal_table('${GPU_FEATURES.name}')`);
  expect(history.until - PLANTED_START_MS).toBe(days(150));

  const said = (what: RegExp): boolean => what.test(up.stderr());
  // Trainings of before had nothing to learn from.
  await until('a training that has something to learn from', () => said(/models: \d+ days of \d+ GPUs until/), 180_000);
  const newest = async (): Promise<number> =>
    (await database.query<{ ts: number }>('SELECT max(ts) ts FROM gpu_metrics'))[0]?.ts ?? 0;
  const latenesses = (): string[] => up.stderr().match(/LATE p99 .*/g) ?? [];
  const late = async (): Promise<string> => {
    const told = latenesses().length;
    up.kill('SIGUSR2');
    await until('how late timers were', () => latenesses().length > told);
    return latenesses().at(-1) ?? '';
  };
  const late_before = await late();
  const began_at = await newest();
  const counted = async (): Promise<number> => {
    const [row] = await database.query<{ steps: number }>(
      'SELECT count_distinct(ts) steps FROM gpu_metrics WHERE ts > $1',
      [new Date(began_at)],
    );
    return row?.steps ?? 0;
  };
  const training = (await childrenOf(up.pid)).find(({ command }) => command.includes('models train'));
  expect(training?.command).toContain('--retrain-network auto --retrain-network-minutes 20');
  const nice = await nicenesses(training?.pid ?? 0);
  expect(nice.length).toBeGreaterThan(4);
  expect(new Set(nice)).toEqual(new Set([LOWEST]));
  const own = await nicenesses(up.pid);
  expect(Math.max(...own)).toBeLessThan(LOWEST);

  const done = (): boolean => said(/models: version \d+ is (?:a challenger|the champion)/);
  const waits: number[] = [];
  /** As last seen while the training had not ended. */
  let steps = 0;
  await until(
    'the end of the training',
    async () => {
      const asked_at = systemClock.monotonic();
      expect((await fetch(`${ready.api}/livez`)).status).toBe(200);
      waits.push(systemClock.monotonic() - asked_at);
      const stored = await counted();
      if (done()) return true;
      steps = stored;
      return false;
    },
    240_000,
  );
  const late_while = await late();
  waits.sort((a, b) => a - b);
  const p99 = waits[Math.floor(0.99 * (waits.length - 1))] ?? Number.NaN;
  console.info(
    `while it trained: ${steps} steps of the fleet came and were stored; ${waits.length} answers, p99 ${p99.toFixed(1)} ms; the engine's loop: ${late_while}, before: ${late_before}`,
  );
  expect(steps).toBeGreaterThanOrEqual(STEPS_MIN);
  expect(await counted()).toBeGreaterThanOrEqual(steps);
  await database.close();
  up.kill('SIGTERM');
  expect((await up.exited).code).toBe(0);
});
