import { followAssets, type LoggedAsset, loggedAssets } from '../bus/asset-log.ts';
import type { Alert } from '../contract/alerts.ts';
import type { Bus } from '../contract/bus.ts';

export interface MaintainedGpus {
  /** The GPU that an alert is about is in maintenance; of one about a node or several GPUs: all that are known there are. */
  has(alert: Alert): boolean;
  stop(): Promise<void>;
}

/** Follows which GPUs the inventory has in maintenance: reads its log, then what comes. Throws VitalsError at the start. */
export async function followMaintenance(options: {
  readonly bus: Bus;
  readonly onChange: () => void;
  readonly onFailure: (cause: unknown) => void;
}): Promise<MaintainedGpus> {
  const { bus } = options;
  const nodes = new Map<string, Set<string>>();
  const nodeOf = new Map<string, string>();
  const maintained = new Set<string>();
  let position = 0;

  const take = (entry: LoggedAsset): void => {
    position = entry.position;
    if (entry.asset === null) return;
    const { gpu_uuid, node, status } = entry.asset;
    nodes.get(nodeOf.get(gpu_uuid) ?? '')?.delete(gpu_uuid);
    nodeOf.set(gpu_uuid, node);
    if (status !== 'retired') nodes.set(node, (nodes.get(node) ?? new Set()).add(gpu_uuid));
    if (status === 'maintenance') maintained.add(gpu_uuid);
    else maintained.delete(gpu_uuid);
  };
  const all = (uuids: Iterable<string>): boolean => {
    let some = false;
    for (const uuid of uuids) {
      some = true;
      if (!maintained.has(uuid)) return false;
    }
    return some;
  };

  for await (const entry of loggedAssets(bus)) take(entry);
  const stopping = new AbortController();
  const follow = async (): Promise<void> => {
    for await (const entry of followAssets(bus, position + 1, stopping.signal)) {
      take(entry);
      options.onChange();
    }
  };
  const done = follow().catch(options.onFailure);
  return {
    has({ gpu_uuid, node, gpus }) {
      if (maintained.size === 0) return false;
      if (gpus !== undefined && gpus.length > 0) return all(gpus);
      if (gpu_uuid !== '') return maintained.has(gpu_uuid);
      return node !== '' && all(nodes.get(node) ?? []);
    },
    async stop() {
      stopping.abort();
      await done;
    },
  };
}
