import type { Clock } from '../../pipeline/clock.ts';
import type { Asset } from '../../pipeline/contract/events.ts';
import type { FleetReading } from '../fleet-view.ts';

/** What one tenant may see: the GPUs whose asset has it, as the inventory stands. */
export interface TenantScope {
  readonly tenant: string;
  /** In the order of their UUIDs. */
  uuids(): readonly string[];
  sees(gpu_uuid: string): boolean;
  /** Of a GPU that it sees: since when (epoch ms); what was before is another tenant's. Minus infinity where nobody had it before. */
  since(gpu_uuid: string): number;
  /** It sees the GPU, and had it at that instant (epoch ms). */
  had(gpu_uuid: string, at: number): boolean;
  /** Where a GPU that it sees is: by the inventory, and as it reports. */
  nodesOf(gpu_uuid: string): readonly string[];
  /** Nodes all of whose GPUs are the tenant's: what is said of such a node as a whole is for it too. */
  wholeNodes(): ReadonlySet<string>;
  /** Since when it has all GPUs of such a node. */
  nodeSince(node: string): number;
  /**
   * Whether what came at that instant (epoch ms) is for it: it had the GPU, or the whole node where no GPU is named, and nothing
   * says that it was another tenant's then.
   */
  concerns(what: { readonly gpu_uuid: string; readonly node: string; readonly tenant?: string }, at: number): boolean;
  /** Rises when any of this changes. */
  readonly revision: number;
}

export interface Tenancy {
  /** The scope of a tenant, as the inventory was within the last second. Throws VitalsError GV-API-003 while it cannot be read. */
  scope(tenant: string): Promise<TenantScope>;
  /** Reads the inventory again when it is older than a second. */
  refresh(): Promise<void>;
  /** As of the last reading; empty for a GPU of nobody or one that is unknown. */
  tenantOf(gpu_uuid: string): string;
  /** Rises when any asset has changed. */
  readonly revision: number;
}

export interface TenancyOptions {
  readonly assets: {
    all(): Promise<readonly Asset[]>;
    /** Since when assets have their tenant; only of those that another one had before. */
    tenures(): Promise<ReadonlyMap<string, number>>;
  };
  readonly view: Pick<FleetReading, 'ofGpu' | 'ofNode'>;
  readonly clock: Clock;
}

const AGE_MS = 1_000;

/** A row about a GPU, as if there were none where it is from a time in which another tenant had it. */
export const ownRow = <Row extends { readonly ts: number }>(
  scope: TenantScope,
  gpu_uuid: string,
  row: Row | null,
): Row | null => (row !== null && scope.had(gpu_uuid, row.ts) ? row : null);

/**
 * Whose GPU is whose, in memory. State: a text an asset, and a set of UUIDs for each tenant that asks. Nothing is read while no
 * tenant asks.
 */
export function tenancy(options: TenancyOptions): Tenancy {
  const { assets, view, clock } = options;
  const scopes = new Map<string, TenantScope>();
  let known: readonly Asset[] = [];
  let tenants: ReadonlyMap<string, string> = new Map();
  let tenures: ReadonlyMap<string, number> = new Map();
  let revision = 0;
  let readAt = Number.NEGATIVE_INFINITY;
  let reading: Promise<void> | null = null;

  async function read(): Promise<void> {
    const all = await assets.all();
    tenures = await assets.tenures();
    if (all !== known) {
      known = all;
      tenants = new Map(all.map(({ gpu_uuid, tenant }) => [gpu_uuid, tenant]));
      revision++;
    }
    readAt = clock.monotonic();
  }

  function refresh(): Promise<void> {
    if (clock.monotonic() - readAt < AGE_MS) return Promise.resolve();
    reading ??= read().finally(() => {
      reading = null;
    });
    return reading;
  }

  const tenantOf = (gpu_uuid: string): string => tenants.get(gpu_uuid) ?? '';
  const since = (gpu_uuid: string): number => tenures.get(gpu_uuid) ?? Number.NEGATIVE_INFINITY;

  function scopeOf(tenant: string): TenantScope {
    let madeAt = -1;
    let uuids: readonly string[] = [];
    let homes: ReadonlyMap<string, string> = new Map();
    let nodes: ReadonlySet<string> = new Set();
    let nodesSince: ReadonlyMap<string, number> = new Map();
    const update = (): void => {
      if (madeAt === revision) return;
      const mine = known.filter((asset) => asset.tenant === tenant);
      uuids = mine.map(({ gpu_uuid }) => gpu_uuid).sort();
      homes = new Map(mine.map(({ gpu_uuid, node }) => [gpu_uuid, node]));
      const shared = new Set(known.filter((asset) => asset.tenant !== tenant).map(({ node }) => node));
      nodes = new Set(mine.map(({ node }) => node).filter((node) => node !== '' && !shared.has(node)));
      const from = new Map<string, number>();
      for (const { gpu_uuid, node } of mine) {
        from.set(node, Math.max(from.get(node) ?? Number.NEGATIVE_INFINITY, since(gpu_uuid)));
      }
      nodesSince = from;
      madeAt = revision;
    };
    const sees = (gpu_uuid: string): boolean => tenant !== '' && tenantOf(gpu_uuid) === tenant;
    const had = (gpu_uuid: string, at: number): boolean => sees(gpu_uuid) && at >= since(gpu_uuid);
    // Somebody's GPU may be in use before the inventory knows it.
    const isAlone = (node: string): boolean =>
      [...view.ofNode(node)].every(({ gpu_uuid }) => tenantOf(gpu_uuid) === tenant);
    const nodeSince = (node: string): number => {
      update();
      return nodesSince.get(node) ?? Number.NEGATIVE_INFINITY;
    };
    return {
      tenant,
      uuids() {
        update();
        return uuids;
      },
      sees,
      since,
      had,
      nodeSince,
      nodesOf(gpu_uuid) {
        update();
        const home = homes.get(gpu_uuid);
        return home === undefined ? [] : [home, ...view.ofGpu(gpu_uuid).map(({ node }) => node)];
      },
      wholeNodes() {
        update();
        return new Set([...nodes].filter(isAlone));
      },
      concerns({ gpu_uuid, node, tenant: of = '' }, at) {
        if (of !== '' && of !== tenant) return false;
        if (gpu_uuid !== '') return had(gpu_uuid, at);
        return at >= nodeSince(node) && nodes.has(node) && isAlone(node);
      },
      get revision() {
        return revision;
      },
    };
  }

  return {
    async scope(tenant) {
      await refresh();
      const scope = scopes.get(tenant) ?? scopeOf(tenant);
      scopes.set(tenant, scope);
      return scope;
    },
    refresh,
    tenantOf,
    get revision() {
      return revision;
    },
  };
}
