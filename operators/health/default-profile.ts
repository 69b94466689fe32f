import { DIMENSIONS, type Dimension } from '../../pipeline/contract/events.ts';
import { limitsOf } from './board-limits.ts';
import { confidenceOf, KNOWN_MIN, PROVEN } from './confidence.ts';
import { explain } from './explain.ts';
import { takenBy } from './fault-cap.ts';
import { actionOf, faultsOf, type OpenAnomaly, type RecentEpisode } from './faults.ts';
import { type Loss, lostBy, settle } from './loss.ts';
import { MEMORY_TERMS } from './memory-terms.ts';
import type { Observations } from './observations.ts';
import { PERFORMANCE_TERMS } from './performance-terms.ts';
import { POWER_TERMS } from './power-terms.ts';
import { RELIABILITY_TERMS } from './reliability-terms.ts';
import { lossesOf } from './term.ts';
import { THERMAL_TERMS } from './thermal-terms.ts';
import { DIMENSION_WEIGHTS, gradeOf, type HealthVerdict, perDimension, tenthOf } from './verdict.ts';

export interface HealthInput {
  /** The instant judged, epoch ms. */
  readonly t: number;
  /** When the readings were made. */
  readonly latest_ts: number;
  readonly seen: Observations;
  /** Place of the model in the table of boards. */
  readonly board: number;
  readonly anomalies: readonly OpenAnomaly[];
  readonly episodes: readonly RecentEpisode[];
}

/** Every term is a function of evidence of damage or distress, none of workload. */
const TERMS = [...MEMORY_TERMS, ...THERMAL_TERMS, ...PERFORMANCE_TERMS, ...POWER_TERMS, ...RELIABILITY_TERMS];

/** Weight of known dimensions from which there is an overall score. */
const KNOWN_WEIGHT_MIN = 0.5;
/** Below this a dimension counts as a factor of its own. */
const WEAK = 70;
const WEAK_FACTORS: Readonly<Record<Dimension, string>> = {
  memory: 'memory_degradation',
  thermal: 'thermal_issues',
  performance: 'performance_degradation',
  power: 'power_issues',
  reliability: 'reliability_issues',
};

/**
 * The health of one GPU as we think it right: the specification's dimensions, weights and grades, charged for evidence of
 * damage or distress and never for workload.
 *
 * - Idle, application clocks and display (bits 1, 2, 256) are nothing; the power cap (bit 4) is said and costs nothing; low
 *   use, occupancy, bandwidth and a swinging draw are not even looked at.
 * - Temperatures count by their distance from where the board slows itself down (temp_margin, else its model's); corrected
 *   errors by their pace; rows by remap state where the board tells it, else retired pages; XID stories by severity, decaying
 *   with a half-life of 2 days after their end (1 day, and 0.4 of the points, once cured); open anomalies by severity.
 * - Of several findings of one cause only the dearest counts. A dimension that would lose more than 100 has its points scaled,
 *   so that contributions always add up to what was lost, to the tenth.
 * - A critical fault that forbids giving the GPU work takes performance and reliability with it; one that halts it (lost, asked
 *   to be reset, a bus or driver XID that goes on) also makes temperature and power unknown: they show only under work.
 * - A dimension is known from a confidence of 0.1 on; one with a proven fault is known at 0.3 at least. Overall is the weighted
 *   mean of the known ones, its confidence the weighted mean of all. Where these weigh less than half together, and no fault
 *   stands that forbids work, overall is null and the grade unknown.
 *
 * - While a critical fault of the hardware stands, or the driver asks for recovery, overall is 50 at most: weights shall not
 *   outvote it. While anything else is to be done about the board it is below excellent. What that takes from the mean is a
 *   contribution to `overall`. Idle time, settings, programs, sensors and money never do so.
 *
 * Pure; about 15 us. Errors: none.
 */
export function defaultProfile(input: HealthInput): HealthVerdict {
  const { t, latest_ts, seen, anomalies, episodes } = input;
  const limits = limitsOf(input.board);
  const faults = faultsOf(anomalies, episodes, seen.recovery_action, t);
  const settled = settle([...lossesOf(TERMS, seen, limits), ...faults.losses]);
  const confidences = perDimension((dimension) => {
    const sure = confidenceOf(dimension, seen, t - latest_ts) * faults.sight(dimension);
    return settled.some((loss) => loss.dimension === dimension && provenNow(loss, faults.sight(dimension)))
      ? Math.max(sure, PROVEN)
      : sure;
  });
  const dimensions = perDimension((dimension) =>
    confidences[dimension] < KNOWN_MIN ? null : tenthOf(100 - lostBy(settled, dimension)),
  );
  const known = DIMENSIONS.filter((dimension) => dimensions[dimension] !== null);
  const weight = known.reduce((sum, dimension) => sum + DIMENSION_WEIGHTS[dimension], 0);
  const confidence = DIMENSIONS.reduce(
    (sum, dimension) => sum + DIMENSION_WEIGHTS[dimension] * confidences[dimension],
    0,
  );
  // Sums of tenths: 0.3 + 0.2 is not quite 0.5.
  const told = weight > KNOWN_WEIGHT_MIN - 1e-9 || faults.stopped;
  const mean = told
    ? tenthOf(known.reduce((sum, d) => sum + DIMENSION_WEIGHTS[d] * (dimensions[d] as number), 0) / weight)
    : null;
  const held = mean === null ? null : takenBy(faults.cap, mean);
  const overall = mean === null ? null : Math.min(mean, faults.cap?.limit ?? mean);
  const grade = overall === null ? 'unknown' : gradeOf(overall);
  const counted = settled.filter(({ dimension }) => dimensions[dimension] !== null);
  const factors = new Set([
    ...counted.map(({ factor }) => factor),
    ...known
      .filter((dimension) => (dimensions[dimension] as number) < WEAK)
      .map((dimension) => WEAK_FACTORS[dimension]),
  ]);
  return {
    overall,
    dimensions,
    confidence,
    confidences,
    grade,
    factors: [...factors],
    contributions: [
      ...counted.map(({ cause: _cause, factor: _factor, proves: _proves, ...contribution }) => contribution),
      ...(held === null ? [] : [held]),
    ],
    explanation: explain(grade, overall, held, dimensions, confidence, settled, seen, limits, faults.critical),
    action: actionOf(seen.recovery_action, episodes, t),
  };
}

/** Whether a loss is knowledge of the present: a standing fault is, an old reading of a GPU out of sight is not. */
const provenNow = (loss: Loss, sight: number): boolean => loss.proves && (sight > 0 || loss.cause === 'out_of_work');
