import { mkdtemp, rm } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { NATS_GO_GC } from '../../deploy/services/prepare-nats.ts';
import { connectBus } from '../../pipeline/bus/connect-bus.ts';
import { type Clock, systemClock } from '../../pipeline/clock.ts';
import { forkChild } from '../live/child-calls.ts';
import { countEverything } from './count-everything.ts';
import type { Stop } from './count-rows.ts';
import { type DiskParts, diskParts } from './disk-use.ts';
import { followEngine } from './engine-news.ts';
import { planFaults } from './fault-plan.ts';
import { followGoHeap, heapTimes } from './go-heap.ts';
import { judge } from './judge.ts';
import { watchLive } from './live-watch.ts';
import { measureCapacity } from './measure-capacity.ts';
import { predictDisk } from './predict-disk.ts';
import { processFigures, processTrends } from './process-figures.ts';
import { runFaults } from './run-faults.ts';
import { startSampling } from './sampling.ts';
import type { SoakFleetFigures, SoakFleetOptions, SoakFleetReady } from './soak-fleet.ts';
import type { FaultRun, SoakReport } from './soak-report.ts';
import { startSoakSystem } from './soak-system.ts';

export interface SoakOptions {
  readonly hours: number;
  readonly seed: number;
  readonly gpus: number;
  /** Null: half of what a calibration says that the machine carries. */
  readonly rows_per_s: number | null;
  /** Null: without faults. */
  readonly fault_every_ms: number | null;
  /** Nothing happens in the first and last of it. */
  readonly calm_ms: number;
  readonly durability: 'fast' | 'safe';
  readonly stream_max_mib: number;
  /** For tests: services that start sooner and run slower. */
  readonly quick: boolean;
  /** Folder of the compiled project. */
  readonly dist: URL;
  readonly signal: AbortSignal;
  readonly say: (line: string) => void;
  readonly clock?: Clock;
}

export type SoakResult = Omit<SoakReport, 'at' | 'command' | 'commit' | 'machine'>;

const MIB = 1_048_576;
const HOUR_MS = 3_600_000;
const WATCHED_NODES = 32;
const CALIBRATION_INTERVAL_MS = 4_000;
const CAPACITY_SHARE = 0.5;
const INTERVAL = { least_ms: 250, most_ms: 10_000, step_ms: 10 };
const FRESH_WITHIN_MS = 1_500;
const REPORTED_WITHIN_MS = 3_000;
const START_MAX_MS = 180_000;
const DRAIN_MAX_MS = 600_000;
const DISK_EVERY_MS = 300_000;
const QUESTDB_HEAP_MIB = 1_024;
const NATS_NAME = 'nats-server';

/**
 * The whole system in processes of its own under load and faults, then everything that the exporters have served counted
 * against the table. Data lies in a temporary folder that is gone afterwards; processes end with this one, however it ends.
 */
export async function soak(options: SoakOptions): Promise<SoakResult> {
  const { clock = systemClock, say, signal } = options;
  const home = await mkdtemp(join(tmpdir(), 'gpu-vitals-soak-'));
  const ends: (() => Promise<unknown> | unknown)[] = [() => rm(home, { recursive: true, force: true, maxRetries: 5 })];
  try {
    return await soakIn(home, ends, { ...options, clock });
  } finally {
    for (const end of ends.reverse()) {
      await Promise.resolve()
        .then(end)
        .catch((error: unknown) => say(`while stopping: ${String(error)}`));
    }
    if (signal.aborted) say('stopped before its time');
  }
}

async function soakIn(
  home: string,
  ends: (() => Promise<unknown> | unknown)[],
  options: SoakOptions & { readonly clock: Clock },
): Promise<SoakResult> {
  const { clock, signal, say, dist, gpus, seed } = options;
  const [data, probes, log] = [join(home, 'data'), join(home, 'probes'), join(home, 'served')];
  const unplanned: string[] = [];
  const system = await startSoakSystem({
    ...options,
    data,
    probes,
    questdb_heap_max_mib: QUESTDB_HEAP_MIB,
    onEnd: say,
  });
  ends.push(() => system.stop());
  const fleet = forkChild(new URL('bench/soak/soak-fleet.js', dist));
  ends.push(() => fleet.close());
  const served = await fleet.call<SoakFleetReady>('start', {
    gpus,
    seed,
    interval_ms: INTERVAL.most_ms,
    log,
    faulty_exporters: true,
  } satisfies SoakFleetOptions);
  const figures = (): Promise<SoakFleetFigures> => fleet.call<SoakFleetFigures>('figures');
  say(`${system.versions}; ${gpus} GPUs on ${served.nodes.length} nodes, seed ${seed}`);

  await system.start('engine');
  await system.start('api');
  const bus = await connectBus({ servers: system.nats_url, name: 'soak', clock });
  ends.push(() => bus.close());
  const news = followEngine(bus, clock);
  const nodes = served.nodes.filter((_, i) => i % Math.ceil(served.nodes.length / WATCHED_NODES) === 0);
  const watch = watchLive({ url: system.live_url, nodes, clock });
  ends.push(() => watch.stop());

  let interval_ms = intervalFor(gpus, options.rows_per_s ?? (gpus * 1_000) / CALIBRATION_INTERVAL_MS);
  const kills: Stop[] = [];
  const endCollector = async (): Promise<void> => {
    const from = clock.now();
    await system.end('collector');
    kills.push({ from, to: clock.now() });
  };
  const collect = async (ms: number): Promise<void> => {
    interval_ms = ms;
    if (system.pid('collector') !== null) await endCollector();
    system.scrape({ sd_url: served.sd_url, interval_ms });
    await system.start('collector');
  };
  const fresh = (): boolean =>
    watch.age_ms() < interval_ms + FRESH_WITHIN_MS &&
    news.age_ms() < REPORTED_WITHIN_MS &&
    (news.last?.lag_messages ?? Number.POSITIVE_INFINITY) < (2_000 * served.nodes.length) / interval_ms;
  await collect(interval_ms);
  await until(fresh, START_MAX_MS, 'rows are live', signal);

  let capacity_rows_per_s: number | null = null;
  if (options.rows_per_s === null) {
    const roles = (['engine', 'collector', 'api', 'nats', 'questdb'] as const).map((name) => system.pid(name));
    capacity_rows_per_s = await measureCapacity({
      pids: [...roles, fleet.pid],
      rows: async () => (await figures()).rows,
      clock,
      signal,
      say,
    });
    await collect(intervalFor(gpus, capacity_rows_per_s * CAPACITY_SHARE));
    await until(fresh, START_MAX_MS, 'rows are live at half the capacity', signal);
  }

  const rows_per_s = Math.round((gpus * 1_000) / interval_ms);
  const duration_ms = options.hours * HOUR_MS;
  const began = clock.monotonic();
  const began_at = clock.now();
  const elapsed = (): number => clock.monotonic() - began;
  say(`soak: ${options.hours} hours at ${rows_per_s} rows/s, each node every ${interval_ms} ms`);
  const gogc = Number(process.env.GOGC ?? NATS_GO_GC);
  const natsHeap = followGoHeap({ url: system.nats_monitor_url, gogc });
  ends.push(() => natsHeap.stop());
  const sampling = startSampling({
    clock,
    elapsed,
    probe_dir: probes,
    heaps: () => ({ [NATS_NAME]: natsHeap.live_bytes }),
    watch,
    news,
    say,
    rows: async () => (await figures()).rows,
    pids: () => ({
      engine: system.pid('engine'),
      collector: system.pid('collector'),
      'API and live': system.pid('api'),
      [NATS_NAME]: system.pid('nats'),
      QuestDB: system.pid('questdb'),
      exporters: fleet.pid,
      'soak itself': process.pid,
    }),
  });
  ends.push(() => sampling.stop());

  const plan =
    options.fault_every_ms === null
      ? []
      : planFaults({ seed, duration_ms, every_ms: options.fault_every_ms, calm_ms: options.calm_ms });
  const disk_from_ms = Math.min(120_000, duration_ms / 4);
  const looks: { readonly rows: number; readonly parts: DiskParts }[] = [];
  const look = async (): Promise<void> => {
    looks.push({ rows: (await figures()).rows, parts: await diskParts(data) });
  };
  const looking = (async () => {
    await sleep(disk_from_ms, undefined, { signal });
    for (;;) {
      await look();
      if (elapsed() + DISK_EVERY_MS > duration_ms) return;
      await sleep(DISK_EVERY_MS, undefined, { signal });
    }
  })();
  looking.catch(() => undefined);

  const faults = await runFaults({
    plan,
    duration_ms,
    system,
    elapsed,
    fresh,
    signal,
    say,
    onTrouble(how) {
      unplanned.push(how);
      say(how);
    },
  });
  const during = (kind: FaultRun['kind'], end: 'gone_ms' | 'back_ms'): Stop[] =>
    faults
      .filter((fault) => fault.kind === kind && fault.target === 'collector')
      .map((fault) => ({ from: began_at + fault.struck_ms, to: began_at + fault[end] }));
  await looking;
  await look();
  await sampling.stop();
  watch.stop();

  await endCollector();
  await fleet.call('stop');
  const last = (await bus.streamState('DCGM_RAW')).last_position;
  await until(() => (news.last?.position ?? 0) >= last, DRAIN_MAX_MS, `position ${last}`, signal);
  const code = await system.end('engine');
  if (code !== 0) unplanned.push(`the engine ended with ${code ?? 'a signal'} when it was asked to`);
  say('counting');
  const rows = await countEverything({
    questdb_pg_url: system.questdb_pg_url,
    bus,
    log,
    nodes: served.nodes,
    kills: [...kills, ...during('kill', 'gone_ms')],
    stops: during('stop', 'back_ms'),
    figures: await figures(),
    say,
  });

  const names = [...new Set(sampling.processes.map(({ process }) => process))];
  const samplesOf = (name: string) => sampling.processes.filter(({ process }) => process === name);
  const trends = new Map(
    names.map((name) => [
      name,
      processTrends(samplesOf(name), duration_ms, name === NATS_NAME ? heapTimes(gogc) : null),
    ]),
  );
  const [first, end] = [looks[0], looks.at(-1)];
  if (first === undefined || end === undefined) throw new Error('the disk was never looked at');
  const result = {
    versions: system.versions,
    hours: options.hours,
    took_s: Math.round(elapsed() / 1_000),
    seed,
    gpus,
    interval_ms,
    rows_per_s,
    capacity_rows_per_s,
    durability: options.durability,
    faults,
    windows: sampling.windows(faults),
    processes: [...trends].map(([name, one]) => processFigures(name, samplesOf(name), one)),
    disk: {
      first: first.parts,
      last: end.parts,
      rows: end.rows - first.rows,
      foretold_per_row: predictDisk(served),
      stream_max_bytes: options.stream_max_mib * MIB,
    },
    rows,
    unplanned_ends: unplanned,
  };
  const checks = judge(result, trends, cpus().length);
  return { ...result, checks, ok: checks.every(({ ok }) => ok) };
}

/** Distance of a node's scrapes at which the fleet makes so many rows. */
function intervalFor(gpus: number, rows_per_s: number): number {
  const { least_ms, most_ms, step_ms } = INTERVAL;
  const ms = Math.ceil((gpus * 1_000) / rows_per_s / step_ms) * step_ms;
  return Math.min(most_ms, Math.max(least_ms, ms));
}

async function until(condition: () => boolean, limit_ms: number, what: string, signal: AbortSignal): Promise<void> {
  const end = performance.now() + limit_ms;
  while (!condition()) {
    if (performance.now() > end) throw new Error(`not within ${limit_ms / 1_000} s: ${what}`);
    await sleep(100, undefined, { signal });
  }
}
