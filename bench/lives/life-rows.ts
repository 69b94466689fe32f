import { factors } from '../../pipeline/collect/check-value.ts';
import { METRIC_COUNT, METRICS, metricIndex } from '../../pipeline/contract/metrics.ts';
import type { FleetNode } from '../fleet/layout.ts';
import { bell, type Draws, mix, mixInstant } from '../fleet/random.ts';
import { readBoard, UTIL_GARBAGE } from '../fleet/readings.ts';
import type { FleetState } from '../fleet/state.ts';
import { THROTTLE } from '../fleet/throttle-bits.ts';
import type { Site } from './life-layout.ts';

const MULTIPLIERS = Float64Array.from(METRICS, (_, m) => factors(m).mul);
const DIVISORS = Float64Array.from(METRICS, (_, m) => factors(m).div);
const MEMORY_TEMP = metricIndex('memory_temp_celsius');
const GPU_TEMP = metricIndex('gpu_temp_celsius');
const POWER = metricIndex('power_watts');
const REASONS = metricIndex('throttle_reasons');
const GPU_UTIL = metricIndex('gpu_util_ratio');
/** Read together, so they stray together. */
const ACTIVITY = (['sm_active_ratio', 'sm_occupancy_ratio', 'dram_active_ratio', 'memory_util_ratio'] as const).map(
  metricIndex,
);

const noise: Draws = { state: 0 };

/**
 * Writes what a collector would hand on for one board into `out[at ..]`: the exporter's readings in canonical units,
 * whole degrees and MiB and all, with the noise of its site and NaN for what its exporter does not tell. About 0.5 us.
 */
export function writeReadings(
  state: FleetState,
  node: FleetNode,
  site: Site,
  gpu: number,
  ts_ms: number,
  out: Float64Array,
  at: number,
): void {
  readBoard(state, node, gpu, out, at);
  if (out[at + GPU_UTIL] === UTIL_GARBAGE) out[at + GPU_UTIL] = Number.NaN;
  if (site.hardware_thermal_bit && ((out[at + REASONS] as number) & THROTTLE.software_thermal) !== 0) {
    out[at + REASONS] = (out[at + REASONS] as number) | THROTTLE.hardware_thermal;
  }
  const { exported } = node;
  for (let m = 0; m < METRIC_COUNT; m++) {
    if (exported[m] === 1)
      out[at + m] = ((out[at + m] as number) * (MULTIPLIERS[m] as number)) / (DIVISORS[m] as number);
    else out[at + m] = Number.NaN;
  }
  if (out[at + MEMORY_TEMP] === 0) out[at + MEMORY_TEMP] = Number.NaN;
  if (site.noise_c + site.noise_watts + site.noise_activity === 0) return;
  noise.state = mixInstant(mix(node.seed, gpu), ts_ms);
  out[at + GPU_TEMP] = Math.round((out[at + GPU_TEMP] as number) + site.noise_c * bell(noise));
  out[at + POWER] = Math.max(0, (out[at + POWER] as number) * (1 + site.noise_watts * bell(noise)));
  const stray = 1 + site.noise_activity * bell(noise);
  for (const m of ACTIVITY) out[at + m] = Math.min(1, Math.max(0, (out[at + m] as number) * stray));
}
