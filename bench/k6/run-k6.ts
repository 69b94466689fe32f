import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { goProgram, K6 } from '../../deploy/go-program.ts';
import { systemClock } from '../../pipeline/clock.ts';
import { VitalsError } from '../../pipeline/contract/errors.ts';
import { apiClient } from '../../server/client/api-client.ts';
import { forkChild } from '../live/child-calls.ts';
import { startSoakSystem } from '../soak/soak-system.ts';
import { type PublishedScrape, pushLatency } from './push-latency.ts';
import type { FeedOrder } from './stream-feed.ts';

/** `npm run bench:k6`: REST under load while the stream runs, and what that does to the live pushes. Loopback only. */
const program = new Command('bench:k6')
  .option('--gpus <n>', 'size of the fleet', '10000')
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
const GPUS_KNOWN = 5_000;
const PAGE = 1_000;
const READY_MS = 300_000;
const WARM_UP_S = 20;
const NOW_MS = 15_000;
/** So that every GPU has scores, predictions and decisions. */
const PAST_MS = 75 * 60_000;

const say = (line: string): void => {
  process.stderr.write(`${line}\n`);
};
const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const folder = mkdtempSync(join(tmpdir(), 'gpu-vitals-k6-'));
const fleet = join(folder, 'fleet.json');

interface Installation {
  readonly api: string;
  readonly live: string;
  /** What the feed has published; nobody knows that of an installation that runs already. */
  published(nodes: readonly string[]): Promise<readonly PublishedScrape[]>;
  stop(): Promise<void>;
}

/** Engine and read side with their services, and in place of collectors one who publishes what they would: they belong on other machines. */
async function start(): Promise<Installation> {
  const { api, live } = options;
  if (api !== undefined && live !== undefined) {
    return { api, live, published: async () => [], stop: async () => undefined };
  }
  const dist = new URL('../../', import.meta.url);
  const system = await startSoakSystem({
    data: join(folder, 'data'),
    probes: join(folder, 'probes'),
    dist,
    stream_max_mib: 2_048,
    questdb_heap_max_mib: 1_024,
    durability: 'fast',
    quick: false,
    onEnd: say,
  });
  const feed = forkChild(new URL('bench/k6/stream-feed.js', dist));
  const stop = async (): Promise<void> => {
    await feed.close();
    await system.stop();
  };
  // Nothing may live on when the run is broken off.
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => void stop().then(() => process.exit(130)));
  try {
    await system.start('engine');
    await system.start('api');
    await feed.call('feed', {
      nats_url: system.nats_url,
      gpus: Number(options.gpus),
      seed: 42,
      past_ms: PAST_MS,
      past_interval_ms: 60_000,
      interval_ms: 10_000,
    } satisfies FeedOrder);
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    api: system.api_url,
    live: system.live_url,
    published: (wanted) => feed.call('published', wanted),
    stop,
  };
}

type Metrics = Record<string, { readonly values: Record<string, number> }>;

/** Ends with k6; its figures by metric. Crossed thresholds are figures too, not failures of the run. */
async function load(k6: string, api: string, seconds: number): Promise<Metrics> {
  const out = join(folder, 'k6.json');
  const script = new URL('../../../bench/k6/rest.js', import.meta.url).pathname;
  const given = { API: api, FLEET: fleet, RATE: options.rate, DURATION: `${seconds}s`, OUT: out };
  const said = Object.entries(given).flatMap(([name, value]) => ['-e', `${name}=${value}`]);
  const child = spawn(k6, ['run', '--quiet', '--no-usage-report', ...said, script], {
    // It shares the cores of what it measures: memory is cheaper here than collecting it.
    env: { GOGC: '800', ...process.env },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  await new Promise<void>((resolve) => child.once('exit', () => resolve()));
  return JSON.parse(readFileSync(out, 'utf8')) as Metrics;
}

const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[values.length >> 1] ?? Number.NaN;

try {
  const k6 = await goProgram(K6, process.env, say);
  const { api, live, published, stop } = await start();
  try {
    const client = apiClient({ base: api });
    const wanted = Number(options.gpus);
    const limit = systemClock.monotonic() + READY_MS;
    const seen = async (): Promise<number> => {
      const { gpus, ts } = await client.get('/api/v1/fleet/summary');
      // Before, the past is still being worked off.
      return ts !== null && Date.parse(ts) > systemClock.now() - NOW_MS ? gpus : 0;
    };
    while ((await seen()) < wanted && systemClock.monotonic() < limit) await wait(1_000);
    say(`${await seen()} GPUs are there; ${options.settle} s to settle`);
    await wait(Number(options.settle) * 1_000);
    const gpus: { gpu_uuid: string; node: string }[] = [];
    let cursor: string | null | undefined;
    do {
      const query = { limit: PAGE, ...(cursor ? { cursor } : {}) };
      const { items, next } = await client.get('/api/v1/gpus', { query });
      gpus.push(...items.map(({ gpu_uuid, node }) => ({ gpu_uuid, node })));
      cursor = next;
    } while (cursor !== null && gpus.length < GPUS_KNOWN);
    // Vectors of the others have not come yet.
    const { items: risks } = await client.get('/api/v1/fleet/risks', { query: { limit: 100 } });
    writeFileSync(fleet, JSON.stringify({ gpus, foreseen: risks.map(({ gpu_uuid }) => gpu_uuid) }));
    const nodes = [...new Set(gpus.map(({ node }) => node))].slice(0, NODES);
    say(`${WARM_UP_S} s to warm up`);
    await load(k6, api, WARM_UP_S);
    const figures = new Map<string, number[]>();
    const note = (name: string, value: number | undefined): void => {
      figures.set(name, [...(figures.get(name) ?? []), value ?? Number.NaN]);
    };
    for (let round = 1; round <= Number(options.rounds); round++) {
      say(`round ${round}: pushes alone`);
      const alone = await pushLatency({ live, nodes, span_ms, published });
      say(`round ${round}: ${options.rate} requests/s`);
      const [loaded, metrics] = await Promise.all([
        pushLatency({ live, nodes, span_ms, published }),
        load(k6, api, Number(options.seconds)),
      ]);
      for (const kind of ['lookups', 'lists', 'summary', 'predictions', 'series']) {
        const { values } = metrics[`http_req_duration{scenario:${kind}}`] ?? { values: {} };
        for (const stat of ['med', 'p(95)', 'p(99)']) note(`${kind} ${stat} ms`, values[stat]);
      }
      // The five seconds in which they grow to the rate count half.
      note('requests/s', (metrics.http_reqs?.values.count ?? Number.NaN) / (Number(options.seconds) + 2.5));
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
