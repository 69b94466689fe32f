import type { Asset } from '../../pipeline/contract/events.ts';
import { recordKey } from '../core/record-key.ts';

/** What is known of the places where GPUs sit. Plain data; one entry a node, with one short text a board. */
export type FleetMap = Record<string, NodePlace>;

interface NodePlace {
  cluster: string;
  rack: string;
  /** Whether NVLink goes beyond the node: then the domain is the rack. */
  rack_wide: boolean;
  /** PCI addresses or slots, so that a board that replaces another does not make the node larger. */
  boards: string[];
}

/** What of an asset tells where it is. */
export interface AssetPlace {
  readonly ts: number;
  readonly node: string;
  readonly board: string;
  readonly cluster: string;
  readonly rack: string;
  readonly rack_wide: boolean;
  readonly gone: boolean;
}

const RACK_WIDE = /GB[23]00/;

export const assetPlace = (asset: Asset): AssetPlace => ({
  ts: asset.ts,
  node: asset.node,
  board: asset.pci_bus_id || asset.slot || asset.gpu_uuid,
  cluster: asset.cluster,
  rack: asset.rack,
  rack_wide: RACK_WIDE.test(asset.model),
  gone: asset.retired_at !== null,
});

export function notePlace(map: FleetMap, place: AssetPlace): void {
  if (place.node === '') return;
  const key = recordKey(place.node);
  const node = map[key] ?? { cluster: '', rack: '', rack_wide: false, boards: [] };
  map[key] = node;
  node.cluster = place.cluster || node.cluster;
  node.rack = place.rack || node.rack;
  node.rack_wide ||= place.rack_wide;
  if (place.gone) node.boards = node.boards.filter((board) => board !== place.board);
  else if (!node.boards.includes(place.board)) node.boards.push(place.board);
  if (node.boards.length === 0) delete map[key];
}

/** A place of several GPUs: `key` is unique in the fleet, `name` is what people call it. */
export interface Place {
  readonly key: string;
  readonly name: string;
}

const placeOf = (map: FleetMap, node: string): NodePlace | undefined => map[recordKey(node)];
const rackKey = ({ cluster, rack }: NodePlace): string => `${cluster}/${rack}`;

/** Whether NVLink goes beyond the node. */
export const isRackWide = (map: FleetMap, node: string): boolean => placeOf(map, node)?.rack_wide === true;

export function rackOf(map: FleetMap, node: string): Place | null {
  const known = placeOf(map, node);
  return known === undefined || known.rack === '' ? null : { key: rackKey(known), name: known.rack };
}

/** The GPUs that share NVLink switches: those of the node, in NVL72 systems those of the rack. */
export function nvlinkDomainOf(map: FleetMap, node: string): Place {
  const rack = isRackWide(map, node) ? rackOf(map, node) : null;
  return rack ?? { key: `node ${node}`, name: node };
}

/** GPUs of a node as far as the inventory knows; 0 for an unknown one. */
export const gpusOfNode = (map: FleetMap, node: string): number => placeOf(map, node)?.boards.length ?? 0;

/** GPUs of the NVLink domain that a node belongs to. O(nodes) for a rack. */
export function gpusOfDomain(map: FleetMap, node: string): number {
  const known = placeOf(map, node);
  if (known?.rack_wide !== true || known.rack === '') return gpusOfNode(map, node);
  return Object.values(map)
    .filter((other) => other.rack_wide && rackKey(other) === rackKey(known))
    .reduce((sum, { boards }) => sum + boards.length, 0);
}
