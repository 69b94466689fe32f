import type { Registry } from '../../pipeline/contract/registry.ts';

/** The rows of a board: its own, then those of its instances, lowest first. None for a board that was never seen. */
export function rowsOf(registry: Registry, uuid: string): readonly number[] {
  const own = registry.find(uuid, '');
  const instances = registry.instancesOf(uuid);
  return own < 0 ? instances : [own, ...instances];
}

/**
 * The dense index under which a board's stories are kept: the first of its rows. -1 for a board or instance that was never
 * seen. It changes only when a row comes, which `formerHome` tells: the registry keeps it while any row of the board reports.
 */
export const homeOf = (registry: Registry, uuid: string, instance: string): number =>
  instance !== '' && registry.find(uuid, instance) < 0 && registry.find(uuid, '') < 0
    ? -1
    : (rowsOf(registry, uuid)[0] ?? -1);

/** Where something of a board is still kept since before another row came and became its home; -1 for nowhere. */
export const formerHome = (registry: Registry, uuid: string, home: number, kept: readonly unknown[]): number =>
  kept[home] === null ? (registry.instancesOf(uuid).find((gpu) => gpu !== home && kept[gpu] !== null) ?? -1) : -1;
