import type { AssetFacts } from '../pipeline/asset-merge.ts';
import {
  type AssetVersion,
  followAssets,
  isOvertaken,
  type LoggedAsset,
  logEachAsset,
  loggedAssets,
} from '../pipeline/bus/asset-log.ts';
import { ensureAssetStream } from '../pipeline/bus/ensure-streams.ts';
import { readOn } from '../pipeline/bus/read-on.ts';
import { type Clock, pause, systemTimers } from '../pipeline/clock.ts';
import type { Bus } from '../pipeline/contract/bus.ts';
import type { Database } from '../pipeline/contract/database.ts';
import { VitalsError } from '../pipeline/contract/errors.ts';
import type { Asset } from '../pipeline/contract/events.ts';
import { GPU_ASSETS } from '../pipeline/contract/tables.ts';
import { hours } from '../pipeline/contract/time.ts';
import { type KnownAssetVersion, knownVersion, newVersion, tenureOf } from '../pipeline/inventory.ts';
import { newestOfGpus } from '../sinks/questdb/newest-rows.ts';
import { allAssets, readAsset } from '../sinks/questdb/read-assets.ts';
import { cachedAnswer } from './cached-answer.ts';
import { keptRows } from './kept-rows.ts';
import { seedUntilDone } from './seed-until-done.ts';
import { tableChanges } from './table-changes.ts';

/** Where versions of assets are kept: the stream ASSETS, or memory in tests. */
export interface AssetLog {
  /** What it holds now, oldest first; makes the log where there is none. */
  load(): AsyncIterable<LoggedAsset>;
  follow(from: number, signal: AbortSignal): AsyncIterable<LoggedAsset>;
  store(versions: readonly AssetVersion[]): Promise<readonly PromiseSettledResult<number>[]>;
}

/** The log over NATS. */
export const assetLogOf = (bus: Bus): AssetLog => ({
  async *load() {
    await ensureAssetStream(bus);
    yield* loggedAssets(bus);
  },
  follow: (from, signal) => followAssets(bus, from, signal),
  store: (versions) => logEachAsset(bus, versions),
});

/** What became of the facts of a row: `refused` when another writer was faster. */
export type AssetOutcome = 'added' | 'changed' | 'unchanged' | 'refused';

/** What an asset's status was from an instant (epoch ms, by the server's clock) on. */
export interface StatusChange {
  readonly at: number;
  readonly status: string;
}

export interface AssetDesk {
  /** Every asset by gpu_uuid, as people and labels together tell it; what was written here is there at once. */
  all(): Promise<readonly Asset[]>;
  find(gpu_uuid: string): Promise<Asset | null>;
  /**
   * One asset changed by what `decide` makes of what is known (null: nothing); it may throw. Answers it as it is then.
   * Throws GV-API-006 when another writer was faster.
   */
  change(gpu_uuid: string, decide: (before: Asset | null) => AssetFacts): Promise<Asset>;
  /** Many at once, each on its own. */
  bring(rows: readonly AssetFacts[]): Promise<readonly AssetOutcome[]>;
  /** What `bring` would do, without doing it. */
  foresee(rows: readonly AssetFacts[]): Promise<readonly AssetOutcome[]>;
  /** Of assets whose status has changed, or that began as something else than active: oldest first. */
  statuses(): Promise<ReadonlyMap<string, readonly StatusChange[]>>;
  /** Since when (epoch ms) assets have their tenant: only of those that another one had before. */
  tenures(): Promise<ReadonlyMap<string, number>>;
  /** Every version that the log still has (four an asset), oldest first. Reads the whole log. */
  versions(): Promise<readonly LoggedAsset[]>;
  stop(): Promise<void>;
}

export interface AssetDeskOptions {
  readonly log: AssetLog;
  readonly database: Database;
  readonly clock: Clock;
  /** When assets are registered: event time, which may be ahead of the clock. */
  readonly now: () => number;
  /** UUIDs of the fleet: who is likely to be asked for. */
  readonly fleet?: () => readonly string[];
  /** The log cannot be followed: until it can again, nothing is heard of what others change. */
  readonly tell: (error: VitalsError) => void;
}

/** Rows that the engine writes come to lists so much later. */
const ROWS_AGE_MS = 2_000;
/** What people change comes over the log; what labels tell of a known board hardly ever changes. */
const ROW_TRUSTED_MS = 30_000;
const UNCHANGED_TRUSTED_MS = hours(1);
const GPUS_MAX = 20_000;
const READY_WAIT_MS = 3_000;
/** Of one asset; older ones are older than what anybody reports on. */
const STATUSES_MAX = 100;

/**
 * The inventory for the API: the log is followed in memory, first sights are read from gpu_assets. Every method throws
 * GV-API-003 while either cannot be read.
 *
 * State    the newest version of every asset that people told of, about 600 B each, and its last 100 changes of status.
 * Cost     `find` one look-up; `all` a merge of all, computed anew when something has changed.
 */
export function assetDesk(options: AssetDeskOptions): AssetDesk {
  const { log, database, clock, now, fleet = () => [], tell } = options;
  const newest = new Map<string, { readonly asset: Asset; readonly position: number }>();
  const statuses = new Map<string, StatusChange[]>();
  const tenures = new Map<string, number>();
  const stopping = new AbortController();
  let revision = 0;
  let merged: { readonly rows: readonly Asset[]; readonly revision: number; readonly all: readonly Asset[] } | null =
    null;

  const take = (version: Omit<LoggedAsset, 'subject'>): void => {
    const { asset, position, arrived_at } = version;
    if (asset === null) return;
    const last = newest.get(asset.gpu_uuid);
    if ((last?.position ?? 0) >= position) return;
    const before = last && { asset: last.asset, tenant_since: tenures.get(asset.gpu_uuid) };
    const since = tenureOf(version, before);
    if (since !== undefined) tenures.set(asset.gpu_uuid, since);
    newest.set(asset.gpu_uuid, { asset, position });
    revision++;
    const known = statuses.get(asset.gpu_uuid) ?? [];
    if ((known.at(-1)?.status ?? 'active') === asset.status) return;
    statuses.set(asset.gpu_uuid, [...known, { at: arrived_at, status: asset.status }].slice(-STATUSES_MAX));
  };

  let last_heard = 0;
  const hear = (version: LoggedAsset): void => {
    take(version);
    last_heard = version.position;
  };
  // That it cannot be read at first is told to whoever asks.
  const loading = seedUntilDone(async () => {
    for await (const version of log.load()) hear(version);
  });
  const following = loading.finished.then(() =>
    readOn({
      read: () => log.follow(last_heard + 1, stopping.signal),
      take: hear,
      signal: stopping.signal,
      onFailure: (cause) =>
        tell(cause instanceof VitalsError ? cause : new VitalsError('GV-BUS-002', String(cause), 'ASSETS', { cause })),
    }),
  );

  async function whenReady(): Promise<void> {
    if (loading.done) return;
    const late = new AbortController();
    const patience = pause(systemTimers, READY_WAIT_MS, AbortSignal.any([late.signal, stopping.signal]));
    await Promise.race([loading.finished, patience.catch(() => undefined)]);
    late.abort();
    if (!loading.done) throw new VitalsError('GV-API-003', 'The inventory is still being read', 'ASSETS');
  }

  const { unchangedSince } = tableChanges({ database, clock, table: GPU_ASSETS.name });
  const tableRows = cachedAnswer(clock, ROWS_AGE_MS, () => allAssets(database), unchangedSince);
  const rowsOf = keptRows({
    clock,
    load: (uuids) => newestOfGpus(database, GPU_ASSETS, uuids, null),
    // The bus does not tell these rows.
    read: () => null,
    merge: (rows) => rows,
    trusted_ms: ROW_TRUSTED_MS,
    // One that is new may have a row at any moment.
    none_trusted_ms: ROWS_AGE_MS,
    unchanged: { since: unchangedSince, trusted_ms: UNCHANGED_TRUSTED_MS },
    gpus_max: GPUS_MAX,
    batch_max: 1_024,
    others: fleet,
  });

  const known = (gpu_uuid: string, row: Asset | undefined): KnownAssetVersion | undefined => {
    const logged = newest.get(gpu_uuid);
    if (logged !== undefined) {
      return { ...knownVersion(logged.asset, logged.position, row), tenant_since: tenures.get(gpu_uuid) };
    }
    return row === undefined ? undefined : { asset: row, logged: null, position: 0 };
  };

  async function all(): Promise<readonly Asset[]> {
    await whenReady();
    const rows = await tableRows();
    if (merged === null || merged.rows !== rows || merged.revision !== revision) {
      const byId = new Map(rows.map((row) => [row.gpu_uuid, row]));
      for (const uuid of newest.keys()) {
        const entry = known(uuid, byId.get(uuid));
        if (entry !== undefined) byId.set(uuid, entry.asset);
      }
      const list = [...byId.values()].sort((a, b) => (a.gpu_uuid < b.gpu_uuid ? -1 : 1));
      merged = { rows, revision, all: list };
    }
    return merged.all;
  }

  async function lookUp(gpu_uuid: string): Promise<KnownAssetVersion | undefined> {
    await whenReady();
    return known(gpu_uuid, (await readAsset(database, gpu_uuid)) ?? undefined);
  }

  async function planned(rows: readonly AssetFacts[]): Promise<{
    readonly outcomes: AssetOutcome[];
    readonly versions: readonly (AssetVersion & { readonly row: number })[];
  }> {
    await whenReady();
    const byId = new Map((await allAssets(database)).map((row) => [row.gpu_uuid, row]));
    const outcomes = rows.map((): AssetOutcome => 'unchanged');
    const versions: (AssetVersion & { readonly row: number })[] = [];
    rows.forEach((facts, row) => {
      const before = known(facts.gpu_uuid, byId.get(facts.gpu_uuid));
      const version = newVersion(before, facts, now());
      if (version === null) return;
      versions.push({ ...version, row });
      outcomes[row] = before === undefined ? 'added' : 'changed';
    });
    return { outcomes, versions };
  }

  return {
    all,
    async find(gpu_uuid) {
      await whenReady();
      const [row] = (await rowsOf.of(gpu_uuid)) as readonly unknown[] as readonly Asset[];
      return known(gpu_uuid, row)?.asset ?? null;
    },
    async change(gpu_uuid, decide) {
      const before = await lookUp(gpu_uuid);
      const version = newVersion(before, { ...decide(before?.asset ?? null), gpu_uuid }, now());
      if (version === null) return (before as KnownAssetVersion).asset;
      const [stored] = await log.store([version]);
      if (stored?.status === 'fulfilled') {
        take({ ...version, position: stored.value, arrived_at: clock.now() });
        return knownVersion(version.asset, stored.value, before?.asset).asset;
      }
      if (!isOvertaken(stored?.reason)) throw stored?.reason;
      throw new VitalsError('GV-API-006', `${gpu_uuid} was changed by somebody else meanwhile`, 'gpu_uuid', {
        action: 'Read it again, then change it.',
      });
    },
    foresee: async (rows) => (await planned(rows)).outcomes,
    async bring(rows) {
      const { outcomes, versions } = await planned(rows);
      const stored = await log.store(versions);
      stored.forEach((result, i) => {
        const version = versions[i];
        if (version === undefined) return;
        if (result.status === 'fulfilled') {
          take({ ...version, position: result.value, arrived_at: clock.now() });
        } else if (isOvertaken(result.reason)) outcomes[version.row] = 'refused';
        else throw result.reason;
      });
      return outcomes;
    },
    async statuses() {
      await whenReady();
      return statuses;
    },
    async tenures() {
      await whenReady();
      return tenures;
    },
    async versions() {
      const versions: LoggedAsset[] = [];
      for await (const version of log.load()) versions.push(version);
      return versions;
    },
    async stop() {
      stopping.abort();
      loading.stop();
      await following;
    },
  };
}
