import type { StateSpec } from '../../pipeline/contract/operator.ts';
import type { GroupState } from './group-state.ts';

/** A GPU, a node or a user that was not heard of for so long is forgotten: well behind the longest window. */
const KEPT_MS = 30 * 86_400_000;
const DAY_MS = 86_400_000;

export const SWEEP_STEP = 'sweep';
export const SWEEP_STATE = {
  /** The last day on which the group was swept. */
  day: { scope: 'group', type: 'u32', width: 1, initial: 0 },
} as const satisfies StateSpec;

/** Whether its event time reaches another day. */
export const reachesDay = (state: GroupState, ts: number): boolean =>
  Math.floor(ts / DAY_MS) > (state.columns(SWEEP_STEP, SWEEP_STATE).day[0] as number);

/** Sweeps a group when its event time reaches another day: at the same message again, however often it is read. */
export function sweepDaily(state: GroupState, ts: number): void {
  const { day } = state.columns(SWEEP_STEP, SWEEP_STATE);
  const today = Math.floor(ts / DAY_MS);
  if (today <= (day[0] as number)) return;
  const first = day[0] === 0;
  day[0] = today;
  if (!first) state.sweep(ts - KEPT_MS);
}
