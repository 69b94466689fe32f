import type { FleetGpu } from './fleet-gpu.ts';
import type { Place } from './fleet-store.ts';

export interface FleetBlock {
  readonly node: string;
  readonly gpus: readonly FleetGpu[];
}

/** What stands together: a rack, or GPUs of one model, or everything when the label is empty. */
export interface FleetGroup {
  readonly label: string;
  readonly blocks: readonly FleetBlock[];
}

export type GroupBy = 'place' | 'model' | 'none';

/** Names by which n2 comes before n10, to be compared as they are: a collator takes twenty times as long. */
const countedName = (name: string): string => name.toLowerCase().replace(/\d+/g, (digits) => digits.padStart(12, '0'));

function byName<T>(entries: Iterable<[string, T]>): [string, T][] {
  const keyed = [...entries].map((entry) => ({ entry, key: countedName(entry[0]) }));
  keyed.sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0));
  return keyed.map(({ entry }) => entry);
}

/** Groups, nodes and slots in the order in which people count them: n2 before n10. */
export function fleetOrder(
  gpus: Iterable<FleetGpu>,
  by: GroupBy,
  places: ReadonlyMap<string, Place>,
): readonly FleetGroup[] {
  const groups = new Map<string, Map<string, FleetGpu[]>>();
  for (const gpu of gpus) {
    const label = groupLabel(gpu, by, places);
    let blocks = groups.get(label);
    if (blocks === undefined) {
      blocks = new Map();
      groups.set(label, blocks);
    }
    const block = blocks.get(gpu.node);
    if (block === undefined) blocks.set(gpu.node, [gpu]);
    else block.push(gpu);
  }
  return byName(groups).map(([label, blocks]) => ({
    label,
    blocks: byName(blocks).map(([node, members]) => ({ node, gpus: members.sort(bySlot) })),
  }));
}

/** The groups without what does not match as it is now, in the same order. */
export function filterGroups(
  groups: readonly FleetGroup[],
  current: ReadonlyMap<string, FleetGpu>,
  keep: (gpu: FleetGpu) => boolean,
): readonly FleetGroup[] {
  return groups.flatMap(({ label, blocks }) => {
    const kept = blocks.flatMap(({ node, gpus }) => {
      const left = gpus.filter((gpu) => keep(current.get(gpu.gpu_uuid) ?? gpu));
      return left.length === 0 ? [] : [{ node, gpus: left }];
    });
    return kept.length === 0 ? [] : [{ label, blocks: kept }];
  });
}

/** Whether two orders name the same GPUs in the same places. */
export function sameMembers(a: readonly FleetGroup[], b: readonly FleetGroup[]): boolean {
  if (a === b) return true;
  return alike(
    a,
    b,
    (x, y) =>
      x.label === y.label &&
      alike(
        x.blocks,
        y.blocks,
        (m, n) => m.node === n.node && alike(m.gpus, n.gpus, (g, h) => g.gpu_uuid === h.gpu_uuid),
      ),
  );
}

const alike = <T>(a: readonly T[], b: readonly T[], same: (x: T, y: T) => boolean): boolean =>
  a.length === b.length && a.every((x, i) => same(x, b[i] as T));

/** Whether the inventory tells of racks or clusters at all. */
export function placesKnown(places: ReadonlyMap<string, Place>): boolean {
  for (const { cluster, rack } of places.values()) if (cluster !== '' || rack !== '') return true;
  return false;
}

function groupLabel(gpu: FleetGpu, by: GroupBy, places: ReadonlyMap<string, Place>): string {
  if (by === 'none') return '';
  if (by === 'model') return gpu.model === '' ? 'unknown model' : gpu.model;
  const place = places.get(gpu.gpu_uuid);
  if (place === undefined) return '';
  const { cluster, rack } = place;
  return cluster === '' ? rack : rack === '' ? cluster : `${cluster} / ${rack}`;
}

function bySlot(a: FleetGpu, b: FleetGpu): number {
  const difference = Number.parseInt(a.slot, 10) - Number.parseInt(b.slot, 10);
  if (difference !== 0 && !Number.isNaN(difference)) return difference;
  return a.gpu_uuid < b.gpu_uuid ? -1 : a.gpu_uuid > b.gpu_uuid ? 1 : 0;
}
