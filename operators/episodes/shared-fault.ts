import type { XidEvent } from '../../pipeline/contract/events.ts';
import type { GroupView } from '../../pipeline/contract/operator.ts';
import type { XidCategory } from '../../pipeline/contract/xid-table.ts';
import { xidEntry } from '../../pipeline/contract/xids.ts';

/** The last time a board of a node showed a code that what boards share can cause. Plain data. */
export interface Hit {
  readonly gpu_uuid: string;
  readonly xid: number;
  readonly ts: number;
}

/** Boards that show the same, and what that says. */
export interface Shared {
  readonly gpus: readonly string[];
  readonly text: string;
}

const HITS_MAX = 64;
/** Slots, switches, cables and supplies serve several boards. */
const OF_SEVERAL: readonly XidCategory[] = ['bus', 'fabric', 'power'];

/**
 * Notes a code in its node's list, which is changed; not null when half of the boards of the node, two at least, have shown it
 * within `window`: then the history of each says nothing against itself. O(boards of the group), for such codes only.
 */
export function noteShared(hits: Hit[], event: XidEvent, { registry }: GroupView, window: number): Shared | null {
  const { gpu_uuid, node, xid, ts } = event;
  if (!OF_SEVERAL.includes(xidEntry(xid).category)) return null;
  const kept = hits.filter((one) => ts - one.ts <= window && !(one.gpu_uuid === gpu_uuid && one.xid === xid));
  hits.splice(0, hits.length, ...kept.slice(-HITS_MAX + 1), { gpu_uuid, xid, ts });
  const gpus = hits.filter((one) => one.xid === xid).map((one) => one.gpu_uuid);
  const host = registry.nodes.indexOf(node);
  const boards = new Set(registry.gpus.flatMap(({ uuid }, gpu) => (registry.gpuNodes[gpu] === host ? [uuid] : [])));
  if (gpus.length < Math.max(2, boards.size / 2)) return null;
  return { gpus, text: `${gpus.length} of ${boards.size} GPUs of ${node} show XID ${xid}` };
}
