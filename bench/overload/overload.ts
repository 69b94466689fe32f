import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { connectBus } from '../../pipeline/bus/connect-bus.ts';
import { systemClock } from '../../pipeline/clock.ts';
import type { Alert } from '../../pipeline/contract/alerts.ts';
import { seconds } from '../../pipeline/contract/time.ts';
import { connectDatabase } from '../../sinks/questdb/connect-database.ts';
import type { Figure } from '../bench.ts';
import { GPUS_PER_NODE } from '../chain-fleet.ts';
import { forkChild } from '../live/child-calls.ts';
import { followEngine } from '../soak/engine-news.ts';
import { sampleProcess } from '../soak/process-sample.ts';
import { startSoakSystem } from '../soak/soak-system.ts';
import type { Alarm, Published, PublishPace } from './overload-publisher.ts';
import { viewAge } from './view-age.ts';
import { watchViews } from './view-watch.ts';

export interface OverloadOptions {
  readonly gpus: number;
  readonly seed: number;
  /** What the system keeps up with; null: measured first. */
  readonly rows_per_s: number | null;
  /** The overload, as a multiple of that. */
  readonly times: number;
  /** Length of the overload, and of what is measured before it at half the sustainable load. */
  readonly seconds: number;
  readonly calm_seconds: number;
  readonly measure_seconds: number;
  readonly stream_max_mib: number;
  /** For tests: services that start sooner and run slower. */
  readonly quick: boolean;
  /** Folder of the compiled project. */
  readonly dist: URL;
  readonly say: (line: string) => void;
}

export const OVERLOAD_DEFAULTS = {
  gpus: 10_000,
  seed: 42,
  rows_per_s: null,
  times: 2,
  seconds: 120,
  calm_seconds: 40,
  measure_seconds: 40,
  stream_max_mib: 12_288,
  quick: false,
} as const satisfies Omit<OverloadOptions, 'dist' | 'say'>;

const MIB = 1_048_576;
const WINDOW_MESSAGES = 24_000;
const QUESTDB_HEAP_MIB = 1_024;
const SAMPLE_MS = 250;
const CAUGHT_UP_MESSAGES = 2_000;
const CATCH_UP_MAX_MS = 1_200_000;
/** The engine asks for the stream's end once a second, and tells of it once a second; we look four times. */
const TELLING_S = 3;

/** One look at the system. */
interface Look {
  readonly engine_bytes: number;
  readonly live_bytes: number;
  /** Published and not worked off: as it is, and as the engine told it last. */
  readonly lag: number;
  readonly lag_told: number;
}

/**
 * Twice what the system keeps up with: publisher, nats-server, QuestDB, engine, API and live server in processes of their own.
 * Throws when a row is lost or doubled.
 */
export async function benchOverload(options: OverloadOptions): Promise<readonly Figure[]> {
  const { say, dist } = options;
  const clock = systemClock;
  const home = await mkdtemp(join(tmpdir(), 'gpu-vitals-overload-'));
  const ends: (() => Promise<unknown> | unknown)[] = [() => rm(home, { recursive: true, force: true, maxRetries: 5 })];
  const probes = join(home, 'probes');
  try {
    const ended: string[] = [];
    const system = await startSoakSystem({
      data: join(home, 'data'),
      probes,
      dist,
      stream_max_mib: options.stream_max_mib,
      questdb_heap_max_mib: options.quick ? 160 : QUESTDB_HEAP_MIB,
      durability: 'fast',
      quick: options.quick,
      onEnd: (how) => ended.push(how),
    });
    ends.push(() => system.stop());
    await system.start('engine');
    await system.start('api');
    const bus = await connectBus({ servers: system.nats_url, name: 'overload', clock });
    ends.push(() => bus.close());
    const publisher = forkChild(new URL('bench/overload/overload-publisher.js', dist));
    ends.push(() => publisher.close());
    const { gpus, seed } = options;
    const order = { nats_url: system.nats_url, gpus, seed };
    const { alarm_nodes } = await publisher.call<{ alarm_nodes: string[] }>('start', order);
    const told = new Map<string, number>();
    bus.subscribe('alerts.>', ({ data }) => {
      const { gpu_uuid } = JSON.parse(Buffer.from(data).toString('utf8')) as Alert;
      if (!told.has(gpu_uuid)) told.set(gpu_uuid, clock.now());
    });
    const views = await watchViews(system.live_url, alarm_nodes, clock);
    ends.push(() => views.close());
    let behind: number[] = [];
    const view = viewAge();
    const news = followEngine(bus, clock, ({ watermark }) => {
      view.told(watermark, clock.monotonic());
      if (views.fleet_ts > 0) behind.push(view.age(views.fleet_ts));
    });

    const looks: Look[] = [];
    const rss = (target: 'engine' | 'api'): number => {
      const pid = system.pid(target) ?? 0;
      const sample = sampleProcess({ process: target, pid, t_ms: 0, now: clock.now(), probe_dir: probes });
      return sample?.anonymous_bytes ?? 0;
    };
    const look = async (): Promise<void> => {
      const { sent } = await publisher.call<{ sent: number }>('figures');
      const last = news.last;
      await publisher.call('worked_off', last?.position ?? 0);
      looks.push({
        engine_bytes: rss('engine'),
        live_bytes: rss('api'),
        lag: sent - (last?.position ?? 0),
        lag_told: last?.lag_messages ?? 0,
      });
    };
    let looking: Promise<void> = Promise.resolve();
    const timer = setInterval(() => {
      looking = looking.then(look, () => undefined);
    }, SAMPLE_MS);
    ends.push(() => clearInterval(timer));
    const since = (from: number): readonly Look[] => looks.slice(from);
    let published = 0;
    const publish = async (pace: PublishPace): Promise<Published> => {
      const done = await publisher.call<Published>('publish', pace);
      published += done.messages;
      return done;
    };
    const settle = async (): Promise<number> => {
      const began = clock.monotonic();
      while ((news.last?.position ?? 0) < published) {
        if (ended.length > 0) throw new Error(ended.join('; '));
        if (clock.monotonic() - began > CATCH_UP_MAX_MS) throw new Error('the engine does not catch up');
        await sleep(50);
      }
      return (clock.monotonic() - began) / 1_000;
    };

    let sustainable = options.rows_per_s;
    if (sustainable === null) {
      const pace = { rows_per_s: null, window: WINDOW_MESSAGES };
      await publish({ ...pace, seconds: options.measure_seconds / 2 });
      const [from, at] = [news.last?.position ?? 0, clock.monotonic()];
      await publish({ ...pace, seconds: options.measure_seconds });
      const messages = (news.last?.position ?? 0) - from;
      sustainable = Math.round((messages * GPUS_PER_NODE * 1_000) / (clock.monotonic() - at));
      await settle();
    }
    say(`keeps up with ${sustainable} rows/s`);

    const calm_from = looks.length;
    const calm = await publish({ seconds: options.calm_seconds, rows_per_s: sustainable / 2, window: 0 });
    await settle();
    const calm_looks = since(calm_from);

    const from = looks.length;
    behind = [];
    const asked = sustainable * options.times;
    const before = { frames: views.fleet_messages, position: news.last?.position ?? 0 };
    const over = await publish({ seconds: options.seconds, rows_per_s: asked, window: 0 });
    const worked_off = (news.last?.position ?? 0) - before.position;
    const lag_end = published - (news.last?.position ?? 0);
    say(`asked for ${asked} rows/s, published ${Math.round((over.messages * GPUS_PER_NODE) / over.seconds)}`);
    const catching = publish({ seconds: options.calm_seconds, rows_per_s: sustainable / 2, window: 0 });
    const catch_began = clock.monotonic();
    while (looks.length === from || (looks.at(-1)?.lag ?? 0) > CAUGHT_UP_MESSAGES) {
      if (clock.monotonic() - catch_began > CATCH_UP_MAX_MS) throw new Error('the engine does not catch up');
      await sleep(50);
    }
    const catch_up_s = (clock.monotonic() - catch_began) / 1_000;
    const last = await catching;
    await settle();
    const over_looks = since(from);
    await sleep(2_000);
    clearInterval(timer);
    await looking;

    const stored = await storedRows(system.questdb_pg_url, published * GPUS_PER_NODE);
    if (ended.length > 0) throw new Error(ended.join('; '));
    const most = (some: readonly Look[], key: keyof Look): number => Math.max(0, ...some.map((one) => one[key]));
    const peak = (some: readonly Look[], key: 'engine_bytes' | 'live_bytes'): number => most(some, key) / MIB;
    // After twice what it keeps up with, half of that is left to catch up with; a test asks for more than twice.
    const catch_up_max_s = (options.quick ? 6 : 2) * options.seconds;
    const rate_messages = over.messages / over.seconds;
    const untold = over_looks.map(({ lag, lag_told }) => Math.abs(lag - lag_told) / rate_messages);
    const alerts = alertDelays([...over.alarms, ...last.alarms], told, views.seen_at);
    const calm_alerts = alertDelays(calm.alarms, told, views.seen_at);
    return [
      { name: 'keeps up with', value: sustainable, unit: 'rows/s' },
      { name: 'published meanwhile', value: (over.messages * GPUS_PER_NODE) / over.seconds, unit: 'rows/s' },
      { name: 'worked off meanwhile', value: (worked_off * GPUS_PER_NODE) / over.seconds, unit: 'rows/s' },
      { name: 'behind at the end of it', value: lag_end, unit: 'messages' },
      { name: 'most behind', value: most(over_looks, 'lag'), unit: 'messages' },
      { name: 'most behind, as told', value: most(over_looks, 'lag_told'), unit: 'messages' },
      { name: 'lag told too late or wrong', value: at(untold, 0.99), unit: 's of load, p99', at_most: TELLING_S },
      { name: 'caught up, at half load', value: catch_up_s, unit: 's', at_most: catch_up_max_s },
      { name: 'rows published', value: published * GPUS_PER_NODE, unit: 'rows' },
      { name: 'rows lost or doubled', value: Math.abs(published * GPUS_PER_NODE - stored), unit: 'rows', at_most: 0 },
      { name: 'engine, own memory before', value: peak(calm_looks, 'engine_bytes'), unit: 'MiB' },
      {
        name: 'engine, own memory under it',
        value: peak(over_looks, 'engine_bytes'),
        unit: 'MiB',
        at_most: Math.round(peak(calm_looks, 'engine_bytes')) + 384,
      },
      { name: 'API and live, own memory before', value: peak(calm_looks, 'live_bytes'), unit: 'MiB' },
      {
        name: 'API and live, own memory under it',
        value: peak(over_looks, 'live_bytes'),
        unit: 'MiB',
        at_most: Math.round(peak(calm_looks, 'live_bytes')) + 384,
      },
      { name: 'fleet view behind the engine, p50', value: at(behind, 0.5), unit: 'ms' },
      { name: 'fleet view behind the engine, p99', value: at(behind, 0.99), unit: 'ms', at_most: 1_500 },
      { name: 'messages of the fleet view', value: views.fleet_messages - before.frames, unit: '' },
      { name: 'alert after its row was live, calm, p50', value: at(calm_alerts.after_row, 0.5), unit: 'ms' },
      { name: 'alert after its row was live, p50', value: at(alerts.after_row, 0.5), unit: 'ms' },
      { name: 'alert after its row was live, p99', value: at(alerts.after_row, 0.99), unit: 'ms', at_most: 1_000 },
      { name: 'alert after its scrape, calm, p99', value: at(calm_alerts.after_scrape, 0.99), unit: 'ms' },
      { name: 'alert after its scrape, with the lag, longest', value: at(alerts.after_scrape, 1), unit: 'ms' },
      { name: 'alerts that never came', value: alerts.never + calm_alerts.never, unit: '', at_most: 0 },
    ];
  } finally {
    for (const end of ends.reverse()) {
      await Promise.resolve()
        .then(end)
        .catch((error: unknown) => say(`while stopping: ${String(error)}`));
    }
  }
}

/** How long alerts took after the row that caused them was live, and after its scrape. */
function alertDelays(
  alarms: readonly Alarm[],
  told: ReadonlyMap<string, number>,
  seenAt: (node: string, ts: number) => number | null,
): { readonly after_row: number[]; readonly after_scrape: number[]; readonly never: number } {
  const after_row: number[] = [];
  const after_scrape: number[] = [];
  let never = 0;
  for (const { gpu_uuid, node, ts } of alarms) {
    const at = told.get(gpu_uuid);
    if (at === undefined) {
      never++;
      continue;
    }
    after_scrape.push(at - ts);
    const live = seenAt(node, ts);
    if (live !== null) after_row.push(Math.max(0, at - live));
  }
  return { after_row, after_scrape, never };
}

function at(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

/** Rows that can be read; waits until they are as many as expected, or do not become more. */
async function storedRows(url: string, expected: number): Promise<number> {
  const database = connectDatabase({
    url,
    pool_size: 1,
    statement_timeout: seconds(120),
    connect_timeout: seconds(10),
  });
  try {
    for (let before = -1; ; ) {
      await database.query("SELECT wait_wal_table('gpu_metrics')");
      const n = (await database.query<{ n: number }>('SELECT count() AS n FROM gpu_metrics'))[0]?.n ?? 0;
      if (n >= expected || n === before) return n;
      before = n;
      await sleep(3_000);
    }
  } finally {
    await database.close();
  }
}
