import { adwinStart, adwinUpdate } from '../../operators/change-points/adwin.ts';
import type { DriftAlarm } from './drift-alarm.ts';
import { FAILED, type Outcomes, type PredictionColumns, SURVIVED } from './outcomes.ts';

const DAY_MS = 86_400_000;
/** Chance of a false alarm, as published. */
const DELTA = 0.002;

/**
 * Whether a model has become worse: adaptive windowing over its squared errors, in the order in which horizons passed. Of each
 * GPU one day in every horizon is taken, since its days between share the same future; each day another part of the fleet.
 * Failures within a horizon that has not passed wait for it, else bad news would come before good. A loss that falls is no
 * alarm. O(rows).
 */
export function lossDrift(
  columns: PredictionColumns,
  outcomes: Outcomes,
  horizon_ms: number,
  newest: number,
): DriftAlarm[] {
  const stride = Math.max(1, Math.round(horizon_ms / DAY_MS));
  const window = adwinStart();
  const alarms: DriftAlarm[] = [];
  for (let row = 0; row < columns.ts.length; row++) {
    const at = (columns.ts[row] as number) + horizon_ms;
    const state = outcomes.state[row];
    if (at > newest || (state !== FAILED && state !== SURVIVED)) continue;
    const day = Math.floor((columns.ts[row] as number) / DAY_MS);
    if ((day + (columns.gpu[row] as number)) % stride !== 0) continue;
    const loss = ((columns.p[row] as number) - (state === FAILED ? 1 : 0)) ** 2;
    const cut = adwinUpdate(window, loss, DELTA);
    if (cut === null || cut.after <= cut.before) continue;
    alarms.push({
      at,
      what: 'loss',
      figure: cut.after,
      limit: cut.before,
      explanation: `The squared error of predictions rose from ${cut.before.toFixed(4)} to ${cut.after.toFixed(4)} on average, as seen over the newest ${cut.newer} outcomes.`,
    });
  }
  return alarms;
}
