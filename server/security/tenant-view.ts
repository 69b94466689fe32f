import type { FleetReading, GpuEntry } from '../fleet-view.ts';
import type { TenantScope } from './tenancy.ts';

/** The fleet as a tenant sees it: there are no other GPUs, and no nodes without one of its own. */
export function tenantView(view: FleetReading, scope: TenantScope): FleetReading {
  const sees = ({ gpu_uuid }: { readonly gpu_uuid: string }): boolean => scope.sees(gpu_uuid);
  let all: { readonly of: readonly GpuEntry[]; readonly at: number; readonly mine: readonly GpuEntry[] } | null = null;
  const mine = (): readonly GpuEntry[] => {
    const of = view.all();
    if (all === null || all.of !== of || all.at !== scope.revision) {
      all = { of, at: scope.revision, mine: of.filter(sees) };
    }
    return all.mine;
  };
  return {
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
    value: (entry, metric) => (sees(entry) ? view.value(entry, metric) : Number.NaN),
    find: (uuid, instance) => (scope.sees(uuid) ? view.find(uuid, instance) : undefined),
    ofGpu: (uuid) => (scope.sees(uuid) ? view.ofGpu(uuid) : []),
    ofNode: (node) => [...view.ofNode(node)].filter(sees),
    all: mine,
    nodes: () => [...new Set(mine().map(({ node }) => node))],
    nodeAnomalies: () => [...view.nodeAnomalies()].filter((one) => scope.concerns(one, one.opened_at)),
    openAnomalies: () => view.openAnomalies().filter((one) => scope.concerns(one, one.opened_at)),
    verdicts: {
      health: (uuid, instance, ts) => (scope.sees(uuid) ? view.verdicts.health(uuid, instance, ts) : null),
      prediction: (uuid, instance, ts) => (scope.sees(uuid) ? view.verdicts.prediction(uuid, instance, ts) : null),
      decision: (uuid, ts) => (scope.sees(uuid) ? view.verdicts.decision(uuid, ts) : null),
    },
  };
}
