import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Command } from 'commander';
import { systemClock } from '../../pipeline/clock.ts';
import { VitalsError } from '../../pipeline/contract/errors.ts';
import { apiClient } from '../../server/client/api-client.ts';
import { findK6 } from './find-k6.ts';
import { pushLatency } from './push-latency.ts';

/** `npm run bench:k6`: REST under load while the stream runs, and what that does to the live pushes. Loopback only. */
const program = new Command('bench:k6')
  .option('--gpus <n>', 'size of the simulated fleet', '10000')
  .option('--rate <n>', 'requests per second', '1000')
  .option('--seconds <n>', 'length of each measurement', '30')
  .option('--rounds <n>', 'measurements; medians are told', '3')
  .option('--settle <seconds>', 'wait after all GPUs are there', '60')
  .option('--api <url>', 'an installation that runs already, instead of one of our own')
  .option('--live <url>', 'its live server')
  .parse();
const options = program.opts<
  Record<'gpus' | 'rate' | 'seconds' | 'rounds' | 'settle', string> & { api?: string; live?: string }
>();
const span_ms = Number(options.seconds) * 1_000;
const NODES = 40;
const READY_MS = 300_000;

const say = (line: string): void => {
  process.stderr.write(`${line}\n`);
};
const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const folder = mkdtempSync(join(tmpdir(), 'gpu-vitals-k6-'));

interface Installation {
  readonly api: string;
  readonly live: string;
  stop(): Promise<void>;
}

async function start(): Promise<Installation> {
  const { api, live } = options;
  if (api !== undefined && live !== undefined) return { api, live, stop: async () => undefined };
  const main = new URL('../../pipeline/cli/main.js', import.meta.url).pathname;
  const ports = ['--api', '127.0.0.1:0', '--live', '127.0.0.1:0'];
  const child = spawn(
    process.execPath,
    [main, 'up', '--gpus', options.gpus, '--history', '0s', '--data', folder, ...ports],
    {
      stdio: ['ignore', 'pipe', 'ignore'],
    },
  );
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  // The fleet must not live on when the run is broken off.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      child.kill('SIGTERM');
      void ended.then(() => process.exit(130));
    });
  }
  const stop = async (): Promise<void> => {
    child.kill('SIGTERM');
    await ended;
  };
  const ready = (async () => {
    for await (const line of createInterface({ input: child.stdout })) {
      const told = JSON.parse(line) as { event: string; api: string; live: string };
      if (told.event === 'ready') return told;
    }
    return null;
  })();
  const told = await Promise.race([ready, wait(READY_MS).then(() => null)]);
  if (told !== null) return { api: told.api, live: told.live, stop };
  await stop();
  throw new VitalsError('GV-SVC-004', 'The fleet did not start', 'up');
}

type Metrics = Record<string, { readonly values: Record<string, number> }>;

/** Ends with k6; its figures by metric. Crossed thresholds are figures too, not failures of the run. */
async function load(k6: string, api: string): Promise<Metrics> {
  const out = join(folder, 'k6.json');
  const script = new URL('../../../bench/k6/rest.js', import.meta.url).pathname;
  const given = { API: api, RATE: options.rate, DURATION: `${options.seconds}s`, OUT: out };
  const said = Object.entries(given).flatMap(([name, value]) => ['-e', `${name}=${value}`]);
  const child = spawn(k6, ['run', '--quiet', '--no-usage-report', ...said, script], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  await new Promise<void>((resolve) => child.once('exit', () => resolve()));
  return JSON.parse(readFileSync(out, 'utf8')) as Metrics;
}

const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[values.length >> 1] ?? Number.NaN;

try {
  const k6 = await findK6(process.env, say);
  const { api, live, stop } = await start();
  try {
    const client = apiClient({ base: api });
    const wanted = Number(options.gpus);
    const limit = systemClock.monotonic() + READY_MS;
    const seen = async (): Promise<number> => (await client.get('/api/v1/fleet/summary')).gpus;
    while ((await seen()) < wanted && systemClock.monotonic() < limit) await wait(1_000);
    say(`${await seen()} GPUs are there; ${options.settle} s to settle`);
    await wait(Number(options.settle) * 1_000);
    const { items } = await client.get('/api/v1/gpus', { query: { limit: 1_000 } });
    const nodes = [...new Set(items.map(({ node }) => node))].slice(0, NODES);
    const figures = new Map<string, number[]>();
    const note = (name: string, value: number | undefined): void => {
      figures.set(name, [...(figures.get(name) ?? []), value ?? Number.NaN]);
    };
    for (let round = 1; round <= Number(options.rounds); round++) {
      say(`round ${round}: pushes alone`);
      const alone = await pushLatency({ live, nodes, span_ms, clock: systemClock });
      say(`round ${round}: ${options.rate} requests/s`);
      const [loaded, metrics] = await Promise.all([
        pushLatency({ live, nodes, span_ms, clock: systemClock }),
        load(k6, api),
      ]);
      for (const kind of ['lookups', 'lists', 'summary', 'predictions', 'series']) {
        const { values } = metrics[`http_req_duration{scenario:${kind}}`] ?? { values: {} };
        for (const stat of ['med', 'p(95)', 'p(99)']) note(`${kind} ${stat} ms`, values[stat]);
      }
      note('requests/s', metrics.http_reqs?.values.rate);
      note('failed share', metrics.http_req_failed?.values.rate);
      note('dropped', metrics.dropped_iterations?.values.count ?? 0);
      note('push alone p50 ms', alone.p50_ms);
      note('push alone p99 ms', alone.p99_ms);
      note('push loaded p50 ms', loaded.p50_ms);
      note('push loaded p99 ms', loaded.p99_ms);
      note('deltas a round', loaded.deltas);
    }
    for (const [name, values] of figures) {
      process.stdout.write(
        `${name.padEnd(22)} ${median(values).toFixed(2).padStart(10)}  (${values.map((one) => one.toFixed(2)).join(', ')})\n`,
      );
    }
  } finally {
    await stop();
  }
} catch (error) {
  if (!(error instanceof VitalsError)) throw error;
  say(`error ${error.code}: ${error.message}. ${error.action}`);
  process.exitCode = 3;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
