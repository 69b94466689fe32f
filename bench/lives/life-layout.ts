import { METRIC_COUNT, METRICS, type MetricName, metricIndex } from '../../pipeline/contract/metrics.ts';
import { exportedMetrics } from '../fleet/dialects.ts';
import { createLayout, type FleetNode, type Layout } from '../fleet/layout.ts';
import { bell, chance, type Draws, draws, mix } from '../fleet/random.ts';

/** What a node is besides its boards, drawn once: no model may learn to live on the habits of one hall. */
export interface Site {
  /** Air against the usual, C. */
  readonly heat_c: number;
  /** Load of its boards when nobody schedules jobs on it but a service that runs all the time; null = jobs come and go. */
  readonly steady_load: number | null;
  /** White noise of its readings: C, share of watts, share of activity. */
  readonly noise_c: number;
  readonly noise_watts: number;
  readonly noise_activity: number;
  /** An older memory that retires pages instead of remapping rows. */
  readonly retires_pages: boolean;
  /** Thermal slowdown is told as the hardware's (bit 64) beside the software's (bit 32), as some firmware has it. */
  readonly hardware_thermal_bit: boolean;
  /** Why a reading is there or is not. */
  readonly exporter: 'dialect' | 'stock' | 'few' | 'no_profiling' | 'patchy';
}

export interface LifeLayout {
  readonly layout: Layout;
  /** By node index. */
  readonly sites: readonly Site[];
}

/** What the poorest of exporters has told so far: eleven readings. */
const FEW: readonly MetricName[] = [
  'gpu_temp_celsius',
  'power_watts',
  'sm_clock_mhz',
  'sm_active_ratio',
  'sm_occupancy_ratio',
  'dram_active_ratio',
  'memory_util_ratio',
  'throttle_reasons',
  'ecc_sbe_volatile_total',
  'ecc_dbe_volatile_total',
  'retired_pages_dbe_total',
];
const PROFILING = /_active_ratio|occupancy|bytes_per_second/;

const bellOf = (seed: number): number => {
  const from: Draws = draws(seed);
  return bell(from);
};

/**
 * The simulator's fleet without MIG, in halls of every sort: cool and hot ones, steady services beside jobs, quiet sensors
 * beside noisy ones, exporters that tell everything beside such that tell eleven readings. All of it is drawn from the
 * node alone, before and apart from anything that fails.
 */
export function createLifeLayout(gpus: number, seed: number): LifeLayout {
  const { nodes } = createLayout(gpus, seed);
  const sites = nodes.map((node) => siteOf(node, seed));
  return {
    layout: {
      gpus,
      nodes: nodes.map((node, index) => ({
        ...node,
        mig: false,
        parent_rows: false,
        exported: exportedBy(node, sites[index] as Site),
      })),
    },
    sites,
  };
}

function siteOf(node: FleetNode, seed: number): Site {
  const own = mix(node.seed, 0x517e);
  const hall = mix(seed ^ 0x4a11, Math.floor(node.position.rack / 3));
  const noisy = chance(own, 1) < 0.4;
  const kind = chance(own, 5);
  return {
    heat_c: 3.5 * bellOf(hall) + 1.5 * bellOf(mix(own, 2)) + 1.5 * (node.position.height - 0.5),
    steady_load: chance(own, 3) < 0.3 ? 0.35 + 0.6 * chance(own, 4) : null,
    noise_c: noisy ? 4.5 * chance(own, 6) : 0,
    noise_watts: noisy ? 0.13 * chance(own, 7) : 0,
    noise_activity: noisy ? 0.18 * chance(own, 8) : 0,
    retires_pages: chance(own, 9) < 0.35,
    hardware_thermal_bit: chance(own, 10) < 0.5,
    exporter:
      kind < 0.5 ? 'dialect' : kind < 0.62 ? 'stock' : kind < 0.82 ? 'few' : kind < 0.9 ? 'no_profiling' : 'patchy',
  };
}

function exportedBy(node: FleetNode, site: Site): Uint8Array {
  const few = new Set<number>(FEW.map(metricIndex));
  const stock = exportedMetrics(node.dialect, true);
  const mask = new Uint8Array(METRIC_COUNT);
  const profiling = new Set<number>(
    Array.from({ length: METRIC_COUNT }, (_, m) => m).filter((m) => PROFILING.test(METRICS[m]?.name ?? '')),
  );
  for (let m = 0; m < METRIC_COUNT; m++) {
    const told = node.exported[m] === 1;
    mask[m] = Number(
      site.exporter === 'few'
        ? few.has(m)
        : site.exporter === 'stock'
          ? stock[m] === 1
          : site.exporter === 'no_profiling'
            ? told && !profiling.has(m)
            : site.exporter === 'patchy'
              ? chance(node.seed ^ 0x9a7c, m) < 0.7
              : told,
    );
  }
  return mask;
}
