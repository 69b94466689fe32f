import type { FleetOperator, StateSpec } from '../../pipeline/contract/operator.ts';
import type { GroupState } from './group-state.ts';
import { pickForFleet, waitForFleet } from './run-fleet.ts';

/** Picks and waits at once, `edge`: up to where the fleet had been taken. */
export function keepForFleet<Inputs, S extends StateSpec, Ports>(
  step: string,
  operator: FleetOperator<Inputs, S, Ports>,
  fleet: GroupState,
  input: string,
  item: unknown,
  edge: number,
): void {
  const entry = pickForFleet(operator, input, item, edge);
  if (entry !== null) waitForFleet(step, fleet, entry);
}
