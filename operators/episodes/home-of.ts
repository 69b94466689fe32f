import type { Registry } from '../../pipeline/contract/registry.ts';

/**
 * The dense index under which a board's stories are kept: its own row, else that of the instance met first. -1 for a board
 * that was never seen.
 */
export function homeOf(registry: Registry, uuid: string, instance: string): number {
  const own = registry.find(uuid, '');
  if (own >= 0) return own;
  if (instance !== '' && registry.find(uuid, instance) < 0) return -1;
  return registry.instancesOf(uuid)[0] ?? -1;
}

/** Where something of a board is still kept since before its own row came and became its home; -1 for nowhere. */
export const formerHome = (registry: Registry, uuid: string, home: number, kept: readonly unknown[]): number =>
  kept[home] === null ? (registry.instancesOf(uuid).find((gpu) => gpu !== home && kept[gpu] !== null) ?? -1) : -1;
