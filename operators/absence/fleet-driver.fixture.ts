import type { Emit, FleetOperator, StateSpec } from '../../pipeline/contract/operator.ts';
import { GroupState } from '../core/group-state.ts';
import { keepForFleet } from '../core/keep-for-fleet.fixture.ts';
import { finishFleet, fleetSpecs, runFleet } from '../core/run-fleet.ts';

export interface FleetEntry {
  readonly input: string;
  readonly item: Readonly<Record<string, unknown>> & { readonly ts: number };
}

/** Everything a fleet operator tells, by port, of items in the order given; `restoreEvery` saves and restores after so many. */
export function driveFleet<Inputs, S extends StateSpec, Ports>(
  operator: FleetOperator<Inputs, S, Ports>,
  entries: readonly FleetEntry[],
  options: { readonly until?: number; readonly restoreEvery?: number } = {},
): { readonly [P in keyof Ports]: Ports[P][] } {
  const out = Object.fromEntries(operator.ports.map((port) => [port, []])) as unknown as {
    [P in keyof Ports]: Ports[P][];
  };
  const emit: Emit<Ports> = (port, item) => {
    out[port].push(item);
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
