/**
 * The GPUs that belong to a node, as dense indexes in the order of their coming: read when something is missing, never per
 * row. An index whose `home` no longer is the node (moved, or given to another GPU) drops out at the next reading.
 */
export const MEMBER_COLUMNS = {
  /** Node whose rows bring the GPU, plus one; 0 = none. */
  home: { scope: 'gpu', type: 'u32', width: 1, initial: 0 },
  members: { scope: 'node', type: 'record', width: 1, initial: 0 },
} as const;

export interface MemberCells {
  readonly home: Uint32Array;
  readonly members: unknown[];
}

export function membersOf(cells: MemberCells, node: number): readonly number[] {
  const kept = (cells.members[node] ?? []) as readonly number[];
  if (kept.every((gpu) => cells.home[gpu] === node + 1)) return kept;
  const members = kept.filter((gpu) => cells.home[gpu] === node + 1);
  cells.members[node] = members;
  return members;
}

export function addMember(cells: MemberCells, node: number, gpu: number): void {
  cells.home[gpu] = node + 1;
  const members = membersOf(cells, node);
  if (!members.includes(gpu)) cells.members[node] = [...members, gpu];
}

export function dropMember(cells: MemberCells, node: number, gpu: number): void {
  cells.home[gpu] = 0;
  membersOf(cells, node);
}
