import { usualCause, usualReading } from './conditional-baseline.ts';
import type { WatchedGauge } from './watched-gauges.ts';

/** Air that cools a board, C, give or take: what is left of a temperature when no power comes in. */
const AIR_CELSIUS = 27;
const AIR_SIGMA_CELSIUS = 12;
/** A margin may be counted from any limit. */
const MARGIN_SIGMA_CELSIUS = 60;
/** Heat told as activity, idle to full. */
const FULL_LOAD_CELSIUS = 20;
const CAUSE_MIN = 0.05;
/** Power and activity are sampled, heat is not: at a slow cadence the samples stray from what the board really got. */
const CAUSE_NOISE_RATIO = 0.05;
/** Application clocks may be set to anything. */
const CLOCK_SIGMA_MHZ = 1_000;

/** How a gauge may follow its cause before that was seen to move, from where both usually stand. */
export function slopePrior(
  gauge: WatchedGauge,
  powered: boolean,
  model: Float32Array,
  at: number,
  out: { mean: number; sigma: number; noise: number },
): void {
  if (gauge.cause === 'clock_setting') {
    out.mean = 0;
    out.sigma = CLOCK_SIGMA_MHZ;
    out.noise = 0;
    return;
  }
  const cause = usualCause(model, at);
  const reading = usualReading(model, at);
  out.noise = CAUSE_NOISE_RATIO * cause;
  if (gauge.cause === 'activity') {
    out.mean = reading / 2 / Math.max(cause, CAUSE_MIN);
    out.sigma = Math.max(Math.abs(out.mean), gauge.floor);
  } else if (!powered) {
    out.mean = gauge.worse * FULL_LOAD_CELSIUS;
    out.sigma = FULL_LOAD_CELSIUS;
  } else if (gauge.worse > 0) {
    out.mean = Math.max(0, reading - AIR_CELSIUS) / Math.max(cause, 1);
    out.sigma = AIR_SIGMA_CELSIUS / Math.max(cause, 1);
  } else {
    out.mean = 0;
    out.sigma = MARGIN_SIGMA_CELSIUS / Math.max(cause, 1);
  }
}
