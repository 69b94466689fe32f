/**
 * What is usual for a reading y while its cause stands at x: a line through the centroid of what was seen, learned with
 * exponential forgetting, and how far readings stray from it, told twice: by variance and by median / MAD.
 *
 * A model is MODEL_WIDTH floats of a state column. The slope is the posterior mean of a Bayesian regression whose prior comes
 * with the call, so that a cause which has hardly moved leaves a wide tolerance away from where it was seen, not a wrong line.
 * Source: EWMA moments, West 1979 (CACM 22(9)); conjugate linear regression, Gelman et al. 2013, ch. 14; median and MAD by
 * stochastic approximation, Robbins and Monro 1951.
 */
export const MODEL_WIDTH = 8;

const COUNT = 0;
const MEAN_X = 1;
const MEAN_Y = 2;
const VARIANCE_X = 3;
const COVARIANCE = 4;
const RESIDUAL_VARIANCE = 5;
const MEDIAN = 6;
const DEVIATION = 7;

/** MAD of a normal distribution of sigma 1, inverted. */
const MAD_TO_SIGMA = 1.4826;
/** Readings a minute apart are no independent witnesses: so many stand for one. */
const MINUTES_PER_WITNESS = 10;
/** Steps of the median and the MAD, in sigma times the weight: what makes their variance that of a mean of as many. */
const QUANTILE_GAIN = 1.6;

export interface Expectation {
  expected: number;
  /** One sigma by the variance, and by the MAD, with what the line itself does not know. */
  sigma: number;
  robust_sigma: number;
  /** Where the robust variant sees the middle: `expected` plus the median residual. */
  robust_expected: number;
  slope: number;
  /** Variance of `expected` for want of knowing x, and the line away from where it was seen. */
  doubt: number;
}

export interface SlopePrior {
  readonly mean: number;
  readonly sigma: number;
  /** How far a cause strays without the gauge following it: movement of no more than that would teach too flat a slope. */
  readonly noise: number;
}

export const seenMinutes = (model: Float32Array, at: number): number => model[at + COUNT] as number;
export const usualCause = (model: Float32Array, at: number): number => model[at + MEAN_X] as number;
export const usualReading = (model: Float32Array, at: number): number => model[at + MEAN_Y] as number;

/** What is expected at `x`; `swing`: how unsure x itself is. Needs one reading at least. Cost: O(1), two square roots. */
export function expect(
  model: Float32Array,
  at: number,
  x: number,
  swing: number,
  floor: number,
  prior: SlopePrior,
  out: Expectation,
): void {
  const witnesses = Math.max(1, (model[at + COUNT] as number) / MINUTES_PER_WITNESS);
  const variance = Math.max(model[at + RESIDUAL_VARIANCE] as number, floor * floor);
  const trust = 1 / (prior.sigma * prior.sigma);
  const moved = model[at + VARIANCE_X] as number;
  const evidence = moved === 0 ? 0 : (witnesses / variance) * (moved / (moved + prior.noise * prior.noise));
  const precision = trust + evidence * moved;
  const slope = (prior.mean * trust + evidence * (model[at + COVARIANCE] as number)) / precision;
  const away = x - (model[at + MEAN_X] as number);
  out.doubt = (away * away) / precision + slope * slope * swing * swing;
  const unsure = out.doubt + variance / witnesses;
  const robust = Math.max(MAD_TO_SIGMA * (model[at + DEVIATION] as number), floor);
  out.slope = slope;
  out.expected = (model[at + MEAN_Y] as number) + slope * away;
  out.sigma = Math.sqrt(variance + unsure);
  out.robust_expected = out.expected + (model[at + MEDIAN] as number);
  out.robust_sigma = Math.sqrt(robust * robust + unsure);
}

/** The deviation in sigma that both variants agree on: the smaller one; 0 where they disagree about its side. */
export function agreedScore(y: number, { expected, sigma, robust_expected, robust_sigma }: Expectation): number {
  const score = (y - expected) / sigma;
  const robust = (y - robust_expected) / robust_sigma;
  if (score > 0 !== robust > 0) return 0;
  return Math.abs(score) < Math.abs(robust) ? score : robust;
}

/** The first reading of all. */
export function begin(model: Float32Array, at: number, x: number, y: number): void {
  model[at + COUNT] = 1;
  model[at + MEAN_X] = x;
  model[at + MEAN_Y] = y;
}

/**
 * Learns a further reading. `weight` is what it is worth among those before; `known` is what was expected of it. What strays further
 * than `reach` sigma moves the baseline only as far as a reading at `reach` would.
 */
export function learn(
  model: Float32Array,
  at: number,
  x: number,
  y: number,
  weight: number,
  floor: number,
  reach: number,
  known: Expectation,
): void {
  const seen = model[at + COUNT] as number;
  const furthest = reach * known.sigma;
  const residual = Math.min(furthest, Math.max(-furthest, y - known.expected));
  const dx = x - (model[at + MEAN_X] as number);
  const dy = known.expected + residual - (model[at + MEAN_Y] as number);
  const keep = 1 - weight;
  model[at + COUNT] = seen + 1;
  model[at + MEAN_X] = (model[at + MEAN_X] as number) + weight * dx;
  model[at + MEAN_Y] = (model[at + MEAN_Y] as number) + weight * dy;
  model[at + VARIANCE_X] = keep * ((model[at + VARIANCE_X] as number) + weight * dx * dx);
  model[at + COVARIANCE] = keep * ((model[at + COVARIANCE] as number) + weight * dx * dy);
  // A residual that the line's own ignorance explains is no sign of noise.
  const variance = Math.max(model[at + RESIDUAL_VARIANCE] as number, floor * floor);
  const noise = residual * residual * (variance / (variance + known.doubt));
  model[at + RESIDUAL_VARIANCE] = keep * (model[at + RESIDUAL_VARIANCE] as number) + weight * noise;
  const step = QUANTILE_GAIN * weight * Math.max(Math.sqrt(variance), floor);
  const off = residual - (model[at + MEDIAN] as number);
  model[at + MEDIAN] = (model[at + MEDIAN] as number) + step * Math.sign(off);
  const deviation = model[at + DEVIATION] as number;
  model[at + DEVIATION] = Math.max(0, deviation + step * Math.sign(Math.abs(off) - deviation));
}

/** Moves the line by `offset`, as another job does that draws another power at the same activity; the slope stays. */
export function shift(model: Float32Array, at: number, offset: number): void {
  model[at + MEAN_Y] = (model[at + MEAN_Y] as number) + offset;
}
