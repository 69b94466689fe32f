import type { Asset } from '../contract/events.ts';

export type Board = Pick<Asset, 'gpu_uuid' | 'node' | 'status'>;

/** Which boards are in maintenance, and which boards a node has: from what people told and from what the boards' labels tell. */
export interface MaintainedBoards {
  /** What people told of one last. */
  told(board: Board): void;
  /** Every board that was ever seen, with the node that its labels tell. */
  seen(boards: readonly Board[]): void;
  none(): boolean;
  /** All of them are; of none: no. */
  all(gpu_uuids: readonly string[]): boolean;
  /** All boards of the node are, retired ones left out. Not while labels are unknown: it may have more than people told of. */
  node(name: string): boolean;
}

/** State: three texts a board of either source, and the UUIDs by node. */
export function maintainedBoards(): MaintainedBoards {
  const people = new Map<string, Board>();
  const maintained = new Set<string>();
  let labels: ReadonlyMap<string, Board> | null = null;
  /** Made when it is needed: a change of one board can move it from any node to any other. */
  let nodes: ReadonlyMap<string, readonly string[]> | null = null;

  function byNode(): ReadonlyMap<string, readonly string[]> {
    const found = new Map<string, string[]>();
    for (const uuid of new Set([...people.keys(), ...(labels?.keys() ?? [])])) {
      const [told, seen] = [people.get(uuid), labels?.get(uuid)];
      if ((told ?? seen)?.status === 'retired') continue;
      // Where a board is its labels know better; people may have told of it before it was moved.
      const node = seen?.node || told?.node || '';
      const uuids = found.get(node);
      if (uuids === undefined) found.set(node, [uuid]);
      else uuids.push(uuid);
    }
    return found;
  }
  const all = (gpu_uuids: readonly string[]): boolean =>
    gpu_uuids.length > 0 && gpu_uuids.every((uuid) => maintained.has(uuid));

  return {
    told({ gpu_uuid, node, status }) {
      people.set(gpu_uuid, { gpu_uuid, node, status });
      if (status === 'maintenance') maintained.add(gpu_uuid);
      else maintained.delete(gpu_uuid);
      nodes = null;
    },
    seen(boards) {
      labels = new Map(boards.map(({ gpu_uuid, node, status }) => [gpu_uuid, { gpu_uuid, node, status }] as const));
      nodes = null;
    },
    none: () => maintained.size === 0,
    all,
    node(name) {
      nodes ??= byNode();
      return labels !== null && name !== '' && all(nodes.get(name) ?? []);
    },
  };
}
