import type { Asset } from '../../pipeline/contract/events.ts';
import { fnv1a } from '../../pipeline/contract/ids.ts';
import { type AlertPlace, commonPlace, NOWHERE } from './alert-place.ts';

/** Where the boards of the fleet stand, in few bytes: every distinct place once, and by node the board's place in that list. */
export interface NodePlaces {
  readonly places: AlertPlace[];
  /** By node; of a board: a hash of its UUID, of which a node has eight, and an index. */
  readonly nodes: Record<string, Record<string, number>>;
}

/** What of an asset tells where it is; small, because it waits with many others. */
export interface KeptPlace {
  readonly ts: number;
  readonly node: string;
  readonly board: string;
  readonly place: AlertPlace;
  readonly gone: boolean;
}

const boardKey = (gpu_uuid: string): string => fnv1a(gpu_uuid).toString(36);
/** No name can pass for a property that objects have anyway. */
const nodeKey = (node: string): string => `@${node}`;

export const emptyPlaces = (): NodePlaces => ({ places: [], nodes: {} });

export const keptPlace = ({ ts, node, gpu_uuid, retired_at, ...asset }: Asset): KeptPlace => ({
  ts,
  node,
  board: boardKey(gpu_uuid),
  place: {
    model: asset.model,
    cluster: asset.cluster,
    rack: asset.rack,
    owner: asset.owner,
    tenant: asset.tenant,
    slot: asset.slot,
  },
  gone: retired_at !== null,
});

export function notePlace({ places, nodes }: NodePlaces, { node, board, place, gone }: KeptPlace): void {
  const boards = nodes[nodeKey(node)] ?? {};
  nodes[nodeKey(node)] = boards;
  if (gone) {
    delete boards[board];
    return;
  }
  const text = Object.values(place).join('\u001f');
  let index = places.findIndex((one) => Object.values(one).join('\u001f') === text);
  if (index < 0) index = places.push(place) - 1;
  boards[board] = index;
}

/** Of a board; without one what its nodes' boards have in common. */
export function placeOf({ places, nodes }: NodePlaces, gpu_uuid: string, of: readonly string[]): AlertPlace {
  if (gpu_uuid !== '') {
    const index = nodes[nodeKey(of[0] ?? '')]?.[boardKey(gpu_uuid)];
    if (index !== undefined) return places[index] ?? NOWHERE;
  }
  const all = of.flatMap((node) => Object.values(nodes[nodeKey(node)] ?? {}));
  return commonPlace([...new Set(all)].map((index) => places[index] ?? NOWHERE));
}
