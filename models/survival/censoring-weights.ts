import { countUntil } from './count-until.ts';

/** Who ended when, and whether by the event (1) or censored (0). */
export interface Outcomes {
  readonly times: Float64Array;
  readonly events: Uint8Array;
}

/** P(not censored until t), t included: its steps. */
export interface CensoringCurve {
  readonly times: Float64Array;
  readonly uncensored: Float64Array;
}

/** Kaplan-Meier of the censoring; events at the same time come before it. Cost O(n log n). */
export function censoringCurve({ times, events }: Outcomes): CensoringCurve {
  const order = Uint32Array.from(times, (_, i) => i).sort((a, b) => (times[a] as number) - (times[b] as number));
  const distinct = Float64Array.from(new Set(Float64Array.from(times).sort()));
  const uncensored = new Float64Array(distinct.length);
  let left = order.length;
  let share = 1;
  let next = 0;
  distinct.forEach((time, k) => {
    let happened = 0;
    let censored = 0;
    for (; next < order.length && times[order[next] as number] === time; next++) {
      if (events[order[next] as number] === 1) happened++;
      else censored++;
    }
    if (censored > 0) share *= 1 - censored / (left - happened);
    left -= happened + censored;
    uncensored[k] = share;
  });
  return { times: distinct, uncensored };
}

/** P(not censored until `time`). */
export function uncensoredAt({ times, uncensored }: CensoringCurve, time: number): number {
  const until = countUntil(times, time);
  return until === 0 ? 1 : (uncensored[until - 1] as number);
}
