import { GROUPS } from '../contract/ids.ts';
import { liking } from './rendezvous.ts';

/** What workers own: the 64 groups, and beside them the work over the whole fleet. */
export const FLEET_UNIT = GROUPS;
const UNITS = GROUPS + 1;

/**
 * Who shall own which unit, by name; null while nobody is there. It depends on nothing but the set of names, so that all
 * workers come to the same plan by themselves.
 *
 * Shares differ by one at most. A group goes to the name that it likes best among those that have room (rendezvous hashing
 * with bounded loads), so that few groups move when a worker comes or goes; the fleet's work goes to the one that it likes best.
 */
export function assignUnits(names: readonly string[]): readonly (string | null)[] {
  const workers = [...new Set(names)].sort();
  if (workers.length === 0) return new Array<null>(UNITS).fill(null);
  const plan = new Array<string | null>(UNITS).fill(null);
  const least = Math.floor(GROUPS / workers.length);
  /** How many may have one more than the least. */
  let fuller = GROUPS - least * workers.length;
  const load = new Map(workers.map((worker) => [worker, 0]));
  for (let group = 0; group < GROUPS; group++) {
    const liked = workers.toSorted((a, b) => liking(`${group}`, b) - liking(`${group}`, a));
    for (const worker of liked) {
      const has = load.get(worker) ?? 0;
      if (has > least || (has === least && fuller === 0)) continue;
      if (has === least) fuller--;
      load.set(worker, has + 1);
      plan[group] = worker;
      break;
    }
  }
  plan[FLEET_UNIT] = workers.toSorted((a, b) => liking(`${FLEET_UNIT}`, b) - liking(`${FLEET_UNIT}`, a))[0] ?? null;
  return plan;
}

/** As keys and objects spell a unit. */
export const unitName = (unit: number): string =>
  unit === FLEET_UNIT ? 'fleet' : `group-${String(unit).padStart(2, '0')}`;
