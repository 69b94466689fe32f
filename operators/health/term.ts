import type { Dimension } from '../../pipeline/contract/events.ts';
import { hoursInSamples } from '../core/observed-hours.ts';
import type { BoardLimits } from './board-limits.ts';
import type { Loss } from './loss.ts';
import type { Observations } from './observations.ts';

type Reading = (o: Observations, limits: BoardLimits) => number;

/** One thing that numbers can say against a GPU: words apart from arithmetic, so that nothing is built for what is well. */
export interface Term extends Pick<Loss, 'cause' | 'factor' | 'metric' | 'unit' | 'window' | 'action'> {
  readonly dimension: Dimension;
  /** Points lost; 0, less and NaN are none. */
  readonly points: Reading;
  readonly value: Reading;
  readonly limit: number | Reading;
}

/** What the terms cost a GPU. */
export function lossesOf(terms: readonly Term[], o: Observations, limits: BoardLimits): Loss[] {
  const losses: Loss[] = [];
  for (const { dimension, cause, factor, metric, unit, window, action, points, value, limit } of terms) {
    const lost = points(o, limits);
    if (!(lost > 0)) continue;
    const against = typeof limit === 'number' ? limit : limit(o, limits);
    losses.push({
      dimension,
      points: lost,
      metric,
      value: value(o, limits),
      limit: against,
      unit,
      window,
      action,
      cause,
      factor,
      proves: true,
    });
  }
  return losses;
}

export const known = (value: number, otherwise: number): number => (Number.isNaN(value) ? otherwise : value);

/** Sum of what is known; NaN when nothing is. */
export const sumKnown = (a: number, b: number): number => (Number.isNaN(a) ? b : a + known(b, 0));

/** `steepness` points a decade above `from`; none below. */
export const perDecade = (steepness: number, value: number, from: number): number =>
  value > from ? steepness * Math.log10(value / from) : 0;

const DAY_HOURS = 24;

/** Days of samples that there are. */
export const watchedDays = (o: Observations): number =>
  hoursInSamples(o.samples_hours_7d, o.samples_7d, o.cadence_seconds) / DAY_HOURS || 0;

/** Days from the first of them to the last, silences and all: what rates per day are rates of. */
export const spannedDays = (o: Observations): number => watchedDays(o) / known(o.coverage_ratio_7d, 1) || 0;
