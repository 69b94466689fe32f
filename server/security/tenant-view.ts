import type { FleetReading, GpuEntry } from '../fleet-view.ts';
import { ownRow, type TenantScope } from './tenancy.ts';

export interface TenantView extends FleetReading {
  /** A GPU of the tenant as it sees it: always the same object for the same entry. */
  own(entry: GpuEntry): GpuEntry;
}

/**
 * The fleet as a tenant sees it: there are no other GPUs, no nodes without one of its own, and of a GPU that another had before
 * nothing of that time. State: a small object for each such GPU.
 */
export function tenantView(view: FleetReading, scope: TenantScope): TenantView {
  const sees = ({ gpu_uuid }: { readonly gpu_uuid: string }): boolean => scope.sees(gpu_uuid);
  const moved = new WeakMap<GpuEntry, GpuEntry>();
  const own = (entry: GpuEntry): GpuEntry => {
    if (scope.since(entry.gpu_uuid) === Number.NEGATIVE_INFINITY) return entry;
    let part = moved.get(entry);
    if (part === undefined) {
      part = ownPart(entry, scope);
      moved.set(entry, part);
    }
    return part;
  };
  const ownOf = (entries: Iterable<GpuEntry>): readonly GpuEntry[] => [...entries].filter(sees).map(own);
  let all: { readonly of: readonly GpuEntry[]; readonly at: number; readonly mine: readonly GpuEntry[] } | null = null;
  const mine = (): readonly GpuEntry[] => {
    const of = view.all();
    if (all === null || all.of !== of || all.at !== scope.revision) {
      all = { of, at: scope.revision, mine: ownOf(of) };
    }
    return all.mine;
  };
  return {
    own,
    stale_after_ms: view.stale_after_ms,
    // Both only rise, so the sum is another whenever either is.
    get revision() {
      return view.revision + scope.revision;
    },
    get newest_ts() {
      return view.newest_ts;
    },
    get size() {
      return mine().length;
    },
    value: (entry, metric) => (scope.had(entry.gpu_uuid, entry.ts) ? view.value(entry, metric) : Number.NaN),
    find(uuid, instance) {
      const entry = scope.sees(uuid) ? view.find(uuid, instance) : undefined;
      return entry && own(entry);
    },
    ofGpu: (uuid) => ownOf(view.ofGpu(uuid)),
    ofNode: (node) => ownOf(view.ofNode(node)),
    all: mine,
    nodes: () => [...new Set(mine().map(({ node }) => node))],
    nodeAnomalies: () => [...view.nodeAnomalies()].filter((one) => scope.concerns(one, one.opened_at)),
    openAnomalies: () => view.openAnomalies().filter((one) => scope.concerns(one, one.opened_at)),
    verdicts: {
      health: (uuid, instance, ts) => ownRow(scope, uuid, view.verdicts.health(uuid, instance, ts)),
      prediction: (uuid, instance, ts) => ownRow(scope, uuid, view.verdicts.prediction(uuid, instance, ts)),
      decision: (uuid, ts) => ownRow(scope, uuid, view.verdicts.decision(uuid, ts)),
    },
  };
}

/** The entry as it stands, without what another tenant left: a GPU that has not reported yet. */
function ownPart(entry: GpuEntry, scope: TenantScope): GpuEntry {
  const { gpu_uuid } = entry;
  const isOwn = (): boolean => scope.had(gpu_uuid, entry.ts);
  return Object.create(entry, {
    ts: { get: () => (isOwn() ? entry.ts : Number.NaN) },
    stale: { get: () => isOwn() && entry.stale },
    attribution: { get: () => (isOwn() ? entry.attribution : []) },
    anomalies: {
      get: () => new Map([...entry.anomalies].filter(([, { opened_at }]) => scope.had(gpu_uuid, opened_at))),
    },
    // Another whenever either is, and never that of an entry as everybody has it: texts are kept by it.
    revision: { get: () => -(entry.revision + scope.revision) },
  });
}
