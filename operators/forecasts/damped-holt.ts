export interface DampedHoltOptions {
  /** Share of a one-step error that the level takes, and that the trend takes. */
  readonly alpha: number;
  readonly beta: number;
  /** Share of the trend that is left after a step. */
  readonly phi: number;
}

/** Numbers of state: level, trend per step, variance of the one-step error, readings so far. */
export const HOLT_CELLS = 4;
const LEVEL = 0;
const TREND = 1;
const VARIANCE = 2;
const READINGS = 3;

/** Readings that are plainly averaged before the trend is learnt. */
const START_READINGS = 12;
/** An error beyond so many standard deviations counts as one of so many. */
const ERROR_MAX_SIGMA = 3;
const VARIANCE_WEIGHT = 0.01;
/** Further ahead nothing is foreseen: what is asked for beyond is answered as of here. */
const STEPS_MAX = 1_000;

/**
 * Exponential smoothing with a damped trend, one step at a time, robust against single wild readings.
 *
 * State   HOLT_CELLS numbers from `cells[at]`, all 0 when fresh.
 * Time    O(1).
 * Source  Holt 1957; Gardner & McKenzie 1985; variance of the forecast of ETS(A,Ad,N): Hyndman, Koehler, Ord & Snyder 2008,
 *         Forecasting with Exponential Smoothing, chapter 6; bounded errors after Gelper, Fried & Croux 2010.
 */
export interface DampedHolt {
  /** Takes the reading `steps` after the last one; gives its error against what was forecast, 0 for the first. */
  update(cells: Float64Array, at: number, reading: number, steps: number): number;
  /** Expected reading so many steps after the last. */
  expect(cells: Float64Array, at: number, steps: number): number;
  /** Standard deviation of what will be read then against that. */
  deviation(cells: Float64Array, at: number, steps: number): number;
}

export function dampedHolt({ alpha, beta, phi }: DampedHoltOptions): DampedHolt {
  const trends = new Float64Array(STEPS_MAX + 1);
  /** Variance of a forecast so many steps ahead over that of one step. */
  const growth = new Float64Array(STEPS_MAX + 1).fill(1);
  for (let steps = 1; steps <= STEPS_MAX; steps++) {
    trends[steps] = phi * (1 + (trends[steps - 1] as number));
    if (steps > 1) growth[steps] = (growth[steps - 1] as number) + (alpha + beta * (trends[steps - 1] as number)) ** 2;
  }
  /** Sum of phi^1 to phi^steps: how many whole steps of the trend come in that time. */
  const trendSteps = (steps: number): number => trends[Math.min(steps, STEPS_MAX)] as number;
  const expect: DampedHolt['expect'] = (cells, at, steps) =>
    (cells[at + LEVEL] as number) + trendSteps(steps) * (cells[at + TREND] as number);
  return {
    update(cells, at, reading, steps) {
      const readings = (cells[at + READINGS] as number) + 1;
      cells[at + READINGS] = readings;
      if (readings === 1) {
        cells[at + LEVEL] = reading;
        return 0;
      }
      const forecast = expect(cells, at, steps);
      const variance = cells[at + VARIANCE] as number;
      const error = reading - forecast;
      const started = readings > START_READINGS;
      const bound = started && variance > 0 ? ERROR_MAX_SIGMA * Math.sqrt(variance) : Number.POSITIVE_INFINITY;
      const counted = Math.max(-bound, Math.min(bound, error));
      cells[at + LEVEL] = forecast + Math.max(alpha, 1 / readings) * counted;
      cells[at + TREND] = phi ** steps * (cells[at + TREND] as number) + (started ? beta * counted : 0);
      const weight = Math.max(VARIANCE_WEIGHT, 1 / (readings - 1));
      cells[at + VARIANCE] = variance + weight * (counted * counted - variance);
      return counted;
    },
    expect,
    deviation(cells, at, steps) {
      return Math.sqrt((cells[at + VARIANCE] as number) * (growth[Math.min(steps, STEPS_MAX)] as number));
    },
  };
}
