import type { LiveAlert, LiveAnomaly, LiveGpu, LiveGpuSummary } from './live-rows.ts';

export type LiveTopicName = 'fleet' | `node/${string}` | `gpu/${string}` | 'anomalies' | 'alerts';

/**
 * What a topic's updates add up to. `fleet`, `node/N`: summaries by UUID, of a MIG instance by `UUID/instance`; `gpu/U`: the GPU,
 * null while it was never seen; `anomalies`, `alerts`: the open ones by id.
 */
export type LiveTopicState<Topic extends LiveTopicName> = Topic extends `gpu/${string}`
  ? LiveGpu | null
  : Topic extends 'anomalies'
    ? ReadonlyMap<string, LiveAnomaly>
    : Topic extends 'alerts'
      ? ReadonlyMap<string, LiveAlert>
      : ReadonlyMap<string, LiveGpuSummary>;

interface Foldable {
  readonly type: 'snapshot' | 'delta';
  readonly data: unknown;
}
type Condition = { readonly id: string; readonly state: string };

/** Takes a topic's updates in turn and answers the state with each; maps are changed in place. */
export function liveFold<Topic extends LiveTopicName>(topic: Topic): (update: Foldable) => LiveTopicState<Topic> {
  const fold = topic.startsWith('gpu/')
    ? ({ data }: Foldable) => data
    : topic === 'anomalies' || topic === 'alerts'
      ? conditions()
      : summaries(topic.startsWith('node/') ? topic.slice('node/'.length) : null);
  return fold as (update: Foldable) => LiveTopicState<Topic>;
}

function summaries(node: string | null) {
  const rows = new Map<string, LiveGpuSummary>();
  return ({ type, data }: Foldable) => {
    if (type === 'snapshot') rows.clear();
    for (const row of data as readonly LiveGpuSummary[]) {
      const key = row.instance === '' ? row.gpu_uuid : `${row.gpu_uuid}/${row.instance}`;
      // A GPU that has left the node is told once more, with where it went.
      if (node === null || row.node === node) rows.set(key, row);
      else rows.delete(key);
    }
    return rows;
  };
}

function conditions() {
  const open = new Map<string, Condition>();
  return ({ type, data }: Foldable) => {
    if (type === 'snapshot') open.clear();
    for (const row of data as readonly Condition[]) {
      if (row.state === 'open') open.set(row.id, row);
      else open.delete(row.id);
    }
    return open;
  };
}
