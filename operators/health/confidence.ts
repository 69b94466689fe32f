import type { Dimension } from '../../pipeline/contract/events.ts';
import { days, minutes, seconds } from '../../pipeline/contract/time.ts';
import { tellsRemap } from './memory-terms.ts';
import type { Observations } from './observations.ts';
import { activityOf } from './performance-terms.ts';
import { watchedDays } from './term.ts';

/** A dimension is known from this confidence on; below it has no score. */
export const KNOWN_MIN = 0.1;
/** A fault that was found is knowledge, whatever else was not seen. */
export const PROVEN = 0.3;

/** What of the history matters to confidence: a day says as much as a week. */
const HISTORY_MS = days(1);
/** Trust in readings that have no history yet. */
const WITHOUT_HISTORY = 0.4;
const FRESH_MIN_MS = minutes(5);
const FRESH_CADENCES = 3;
const STALE_HALF_LIFE_MS = minutes(15);

const seen = (...values: readonly number[]): boolean => values.some((value) => !Number.isNaN(value));

/** Kinds of evidence per dimension and what each is worth; without the first nothing is known. */
const EVIDENCE: Readonly<
  Record<Dimension, readonly (readonly [worth: number, present: (o: Observations) => boolean])[]>
> = {
  memory: [
    [0, (o) => tellsEcc(o) || tellsRemap(o) || tellsPages(o)],
    [0.6, tellsEcc],
    [0.4, (o) => tellsRemap(o) || tellsPages(o)],
  ],
  thermal: [
    [0.7, (o) => seen(o.gpu_temp_celsius, o.gpu_temp_celsius_mean_1h)],
    [0.15, (o) => o.temp_margin_celsius > 0],
    [0.15, tellsThrottling],
  ],
  performance: [
    [0.4, (o) => !Number.isNaN(activityOf(o))],
    [0.2, (o) => seen(o.sm_clock_mhz)],
    [0.2, tellsThrottling],
    [0.2, (o) => seen(o.pcie_replay_per_day_24h, o.pcie_link_width, o.nvlink_crc_flit_errors_per_day_24h)],
  ],
  power: [
    [0.6, (o) => seen(o.power_watts, o.power_watts_mean_1h)],
    [0.2, (o) => seen(o.power_limit_watts)],
    [0.2, tellsThrottling],
  ],
  // An absent XID field means no XID, so samples alone tell most of it.
  reliability: [
    [0.8, (o) => o.samples_7d > 0],
    [0.2, (o) => seen(o.xid_last, o.recovery_action)],
  ],
};

function tellsEcc(o: Observations): boolean {
  return seen(o.ecc_sbe_volatile_total, o.ecc_dbe_volatile_total, o.ecc_sbe_aggregate_total, o.ecc_dbe_aggregate_total);
}
function tellsPages(o: Observations): boolean {
  return seen(o.retired_pages_sbe_total, o.retired_pages_dbe_total);
}
function tellsThrottling(o: Observations): boolean {
  return seen(o.throttle_reasons, o.thermal_throttle_count);
}

/**
 * How sure the judgement of a dimension can be, 0..1: worth of the evidence that is there x how full the window is so far
 * (0.4 at the first sample, rising with the root of the time watched to 1 after a day) x freshness (halving every 15
 * minutes once the last reading is older than 5 minutes and 3 cadences).
 */
export function confidenceOf(dimension: Dimension, o: Observations, age_ms: number): number {
  const evidence = EVIDENCE[dimension];
  if (!evidence[0]?.[1](o)) return 0;
  const worth = evidence.reduce((sum, [each, present]) => (present(o) ? sum + each : sum), 0);
  const watched = Math.min(1, (watchedDays(o) * days(1)) / HISTORY_MS);
  const coverage = Number.isNaN(o.coverage_ratio_7d) ? 1 : Math.min(1, o.coverage_ratio_7d);
  const history = (WITHOUT_HISTORY + (1 - WITHOUT_HISTORY) * Math.sqrt(watched)) * coverage;
  const cadence_ms = seconds(Number.isNaN(o.cadence_seconds) ? 0 : o.cadence_seconds);
  const stale = age_ms - Math.max(FRESH_MIN_MS, FRESH_CADENCES * cadence_ms);
  const freshness = stale > 0 ? 0.5 ** (stale / STALE_HALF_LIFE_MS) : 1;
  return worth * history * freshness;
}
