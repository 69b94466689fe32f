import type { FleetOperator, StateSpec } from '../../pipeline/contract/operator.ts';
import { GroupState } from '../core/group-state.ts';
import { finishFleet, fleetSpecs, keepForFleet, runFleet } from '../core/run-fleet.ts';

export interface FleetEntry {
  readonly input: string;
  readonly item: Readonly<Record<string, unknown>> & { readonly ts: number };
}

/** Everything a fleet operator tells of items in the order given; `restoreEvery` saves and restores after so many. */
export function driveFleet<Inputs, S extends StateSpec, Out>(
  operator: FleetOperator<Inputs, S, { readonly anomalies: Out }>,
  entries: readonly FleetEntry[],
  options: { readonly until?: number; readonly restoreEvery?: number } = {},
): Out[] {
  const out: Out[] = [];
  const emit = (_: unknown, item: Out): void => {
    out.push(item);
  };
  let fleet = new GroupState(0);
  let now = 0;
  const began = entries[0]?.item.ts ?? 0;
  entries.forEach(({ input, item }, i) => {
    now = Math.max(now, item.ts);
    keepForFleet('step', operator, fleet, input, item, now);
    runFleet('step', operator, fleet, { began, now }, emit);
    if (options.restoreEvery && i % options.restoreEvery === 0) {
      fleet = GroupState.restore(structuredClone(fleet.save()), new Map(fleetSpecs('step', operator)));
    }
  });
  finishFleet('step', operator, fleet, options.until ?? now, emit);
  return out;
}
