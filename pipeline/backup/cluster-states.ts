import { isUnitKey, openClusterKeys } from '../cluster/cluster-keys.ts';
import { readUnit } from '../cluster/unit-record.ts';
import type { Bus } from '../contract/bus.ts';

/** Records of units first, then the objects that they name. */
export const CLUSTER_BUCKETS: readonly string[] = ['KV_GPU_VITALS_CLUSTER', 'OBJ_GPU_VITALS_CLUSTER'];

const TRIES_MAX = 5;

/**
 * Copies records of a cluster's units and the states that they name, which its workers replace meanwhile; again while a unit has
 * replaced all it had within one copy, whose records would then name states that are not in it. Answers the units of which
 * that is so after some tries: they begin with the stream.
 */
export async function copyStates(bus: Bus, copy: () => Promise<void>): Promise<readonly string[]> {
  for (let tries = 1; ; tries++) {
    const before = await statesOf(bus);
    await copy();
    const after = await statesOf(bus);
    const lost = [...before].flatMap(([unit, [newest]]) =>
      newest === undefined || after.get(unit)?.includes(newest) === true ? [] : [unit],
    );
    if (lost.length === 0 || tries === TRIES_MAX) return lost;
  }
}

async function statesOf(bus: Bus): Promise<ReadonlyMap<string, readonly string[]>> {
  const keys = await openClusterKeys(bus);
  const units = (await keys.matching('>')).filter(({ key, value }) => isUnitKey(key) && value.length > 0);
  return new Map(units.map(({ key, value }) => [key, readUnit(value).snapshots.map(({ name }) => name)]));
}
