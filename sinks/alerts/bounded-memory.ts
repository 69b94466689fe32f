/** Ids and groups that are remembered, to know doubles and what is outdated. */
const REMEMBERED_MAX = 10_000;

/** Puts a value last, and forgets what was put first where it is too much. */
export function remember(map: Map<string, number>, key: string, value: number): void {
  map.delete(key);
  map.set(key, value);
  forgetOldest(map);
}

export function forgetOldest(memory: Set<string> | Map<string, number>): void {
  for (const oldest of memory.keys()) {
    if (memory.size <= REMEMBERED_MAX) return;
    memory.delete(oldest);
  }
}
