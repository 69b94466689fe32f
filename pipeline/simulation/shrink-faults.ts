import { FAULT_KINDS, type FaultKind } from './faults.ts';
import { type SeedOptions, simulateSeed } from './simulate-seed.ts';

/**
 * Kinds of faults that a failing seed does not need to fail, in addition to those that are left out already. Cost: a run
 * for each kind that the seed has.
 */
export async function shrinkFaults(seed: number, options: SeedOptions): Promise<readonly FaultKind[]> {
  let without = options.without ?? [];
  for (const kind of FAULT_KINDS) {
    if (without.includes(kind)) continue;
    const fewer = [...without, kind];
    const { problems } = await simulateSeed(seed, { ...options, without: fewer });
    if (problems.length > 0) without = fewer;
  }
  return without;
}
