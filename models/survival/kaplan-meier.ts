import { countUntil } from './count-until.ts';
import { twoSidedQuantile } from './normal-tail.ts';

export interface KaplanMeierData {
  /** Where each subject ends, finite. */
  readonly stop: Float64Array;
  /** Where each begins to be at risk (left truncation); absent = before all. */
  readonly start?: Float64Array;
  /** 1 = by the event, 0 = censored: at risk of the events at the same time. */
  readonly events: Uint8Array;
}

export interface KaplanMeierOptions {
  /** Confidence of the interval, 0..1. */
  readonly confidence: number;
  /** `log` as R has it, `log-log` that stays within 0..1. */
  readonly interval: 'log' | 'log-log';
}

const KAPLAN_MEIER_DEFAULTS: KaplanMeierOptions = { confidence: 0.95, interval: 'log' };

/** One entry per different time at which somebody ends, ascending. */
export interface KaplanMeier {
  readonly times: Float64Array;
  readonly at_risk: Float64Array;
  readonly events: Float64Array;
  /** P(T > time). */
  readonly survival: Float64Array;
  /** Of survival, by Greenwood's variance. */
  readonly standard_error: Float64Array;
  /** Bounds 0..1; NaN where survival is 0. */
  readonly low: Float64Array;
  readonly high: Float64Array;
}

/**
 * The product-limit estimate of survival.
 * Cost     O(n log n).
 * Source   Kaplan, Meier 1958; Greenwood 1926.
 */
export function kaplanMeier(data: KaplanMeierData, options: Partial<KaplanMeierOptions> = {}): KaplanMeier {
  const { confidence, interval } = { ...KAPLAN_MEIER_DEFAULTS, ...options };
  const { stop, start, events } = data;
  const ends = Uint32Array.from(stop, (_, i) => i).sort((a, b) => (stop[a] as number) - (stop[b] as number));
  const begins = start === undefined ? null : Float64Array.from(start).sort();
  const times = Float64Array.from(new Set(Float64Array.from(stop).sort()));
  const result: KaplanMeier = {
    times,
    at_risk: new Float64Array(times.length),
    events: new Float64Array(times.length),
    survival: new Float64Array(times.length),
    standard_error: new Float64Array(times.length),
    low: new Float64Array(times.length),
    high: new Float64Array(times.length),
  };
  const z = twoSidedQuantile(1 - confidence);
  let survival = 1;
  let greenwood = 0;
  let ended = 0;
  let begun = begins === null ? stop.length : 0;
  times.forEach((time, k) => {
    while (begins !== null && begun < begins.length && (begins[begun] as number) < time) begun++;
    const at_risk = begun - ended;
    let deaths = 0;
    for (; ended < ends.length && stop[ends[ended] as number] === time; ended++)
      deaths += events[ends[ended] as number] as number;
    if (deaths > 0) {
      survival *= 1 - deaths / at_risk;
      greenwood += deaths / (at_risk * (at_risk - deaths));
    }
    const spread = z * Math.sqrt(greenwood);
    result.at_risk[k] = at_risk;
    result.events[k] = deaths;
    result.survival[k] = survival;
    result.standard_error[k] = survival === 0 ? 0 : survival * Math.sqrt(greenwood);
    const bound = (sign: -1 | 1): number => {
      if (survival === 0) return Number.NaN;
      if (survival === 1) return 1;
      if (interval === 'log') return Math.min(1, survival * Math.exp(sign * spread));
      return survival ** Math.exp((sign * spread) / Math.log(survival));
    };
    result.low[k] = bound(-1);
    result.high[k] = bound(1);
  });
  return result;
}

/** P(T > time) by the estimate: 1 before its first time, constant after its last. */
export function survivalAt({ times, survival }: Pick<KaplanMeier, 'times' | 'survival'>, time: number): number {
  const until = countUntil(times, time);
  return until === 0 ? 1 : (survival[until - 1] as number);
}
