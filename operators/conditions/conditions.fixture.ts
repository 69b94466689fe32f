import type { Anomaly } from '../../pipeline/contract/events.ts';
import type { MetricName } from '../../pipeline/contract/metrics.ts';
import { GroupState } from '../core/group-state.ts';
import { batchOf, type SampleRow, START_MS } from '../core/laws.fixture.ts';
import { runOperator } from '../core/lift.ts';
import type { ConditionsOptions } from './condition-limits.ts';
import { conditions } from './conditions.ts';

export type Readings = Partial<Record<MetricName, number>>;

export interface Course {
  readonly cadence_ms: number;
  readonly span_ms: number;
  /** Readings at a time since the start; null = no row. Readings that are given as undefined or NaN are missing. */
  readonly at: (since_ms: number) => Readings | null;
  readonly model?: string;
  readonly instances?: readonly string[];
  /** Who holds the GPU at a time since the start. */
  readonly holder?: (since_ms: number) => string;
  readonly options?: ConditionsOptions;
}

/** Rows handed over at once: a slow course of 10 Hz must not need all its memory. */
const BATCH_ROWS = 4_096;

/** Everything the operator tells of one GPU whose readings follow a course. */
export function follow(course: Course): Anomaly[] {
  const state = new GroupState(0);
  const operator = conditions(course.options ?? {});
  const out: Anomaly[] = [];
  let rows: SampleRow[] = [];
  let holders: string[] = [];
  const flush = (): void => {
    const batch = batchOf(state, rows);
    const node = state.registry.node('n');
    for (const instance of course.instances ?? ['']) {
      const identity = {
        uuid: 'GPU-a',
        instance,
        model: course.model ?? 'NVIDIA H100 80GB HBM3',
        pci_bus_id: '',
        serial: '',
        slot: '',
      };
      state.registry.gpu(identity, node);
    }
    holders.forEach((job, row) => {
      const list = job === '' ? [] : [{ namespace: '', pod: '', container: '', job }];
      batch.attribution[row] = state.registry.attribution(list);
    });
    runOperator('conditions', operator, state, batch, (_, item) => out.push(item));
    rows = [];
    holders = [];
  };
  for (let since = 0; since <= course.span_ms; since += course.cadence_ms) {
    const readings = course.at(since);
    if (readings === null) continue;
    const values = Object.fromEntries(Object.entries(readings).filter(([, value]) => !Number.isNaN(value)));
    for (const instance of course.instances ?? ['']) {
      rows.push({ ts: START_MS + since, node: 'n', uuid: 'GPU-a', instance, values });
      holders.push(course.holder?.(since) ?? '');
    }
    if (rows.length >= BATCH_ROWS) flush();
  }
  flush();
  return out;
}

/** A busy, healthy H100: what every course starts from. */
export const healthy = (since_ms: number): Readings => ({
  gpu_temp_celsius: 62 + Math.round(2 * Math.sin(since_ms / 240_000)),
  memory_temp_celsius: 74,
  temp_margin_celsius: 24,
  power_watts: 600 + 40 * Math.sin(since_ms / 97_000),
  power_limit_watts: 700,
  gpu_util_ratio: 0.95,
  gr_engine_active_ratio: 0.9,
  sm_active_ratio: 0.8,
  fb_used_bytes: 60 * 2 ** 30,
  fb_free_bytes: 20 * 2 ** 30,
  ecc_sbe_volatile_total: 3,
  ecc_sbe_aggregate_total: 11,
  ecc_dbe_volatile_total: 0,
  ecc_dbe_aggregate_total: 1,
  remapped_rows_uncorrectable_total: 1,
  row_remap_failed: 0,
  row_remap_pending: 0,
  pcie_replay_total: 40,
  pcie_link_gen: 5,
  pcie_max_link_gen: 5,
  pcie_link_width: 16,
  pcie_max_link_width: 16,
  nvlink_crc_flit_errors_total: 7,
  nvlink_crc_data_errors_total: 0,
  nvlink_replay_errors_total: 1,
  nvlink_recovery_errors_total: 0,
  throttle_reasons: 4,
  power_violation_ns_total: 0,
  thermal_violation_ns_total: 0,
  recovery_action: 0,
  xid_last: 0,
});

/** `type severity state`, in the order of telling. */
export const told = (anomalies: readonly Anomaly[]): string[] =>
  anomalies.map(({ type, severity, state }) => `${type} ${severity} ${state}`);
