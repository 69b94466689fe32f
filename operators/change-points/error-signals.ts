import { type MetricName, metricIndex } from '../../pipeline/contract/metrics.ts';
import { type DurationMs, hours, minutes } from '../../pipeline/contract/time.ts';

/** Counters whose rises together are one rate of errors. */
export interface ErrorSignal {
  /** What the anomaly calls its metric: the counter, or the sum of several. */
  readonly metric: string;
  /** In words, plural. */
  readonly what: string;
  readonly counters: readonly MetricName[];
  /** A new level below this is worth knowing, no more. */
  readonly warning_per_hour: number;
  /** How long one reading of the slow test is: long enough that a sick GPU has errors in it. */
  readonly slow_bin: DurationMs;
}

export const ERROR_SIGNALS: readonly ErrorSignal[] = [
  {
    metric: 'ecc_sbe_volatile_total',
    what: 'corrected memory errors',
    counters: ['ecc_sbe_volatile_total'],
    warning_per_hour: 60,
    slow_bin: minutes(10),
  },
  {
    metric: 'pcie_replay_total',
    what: 'PCIe replays',
    counters: ['pcie_replay_total'],
    warning_per_hour: 600,
    slow_bin: minutes(10),
  },
  {
    metric: 'nvlink_errors_total',
    what: 'NVLink errors',
    counters: [
      'nvlink_crc_flit_errors_total',
      'nvlink_crc_data_errors_total',
      'nvlink_replay_errors_total',
      'nvlink_recovery_errors_total',
    ],
    warning_per_hour: 3_600,
    slow_bin: minutes(10),
  },
  {
    metric: 'remapped_rows_correctable_total',
    what: 'rows remapped for corrected errors',
    counters: ['remapped_rows_correctable_total'],
    warning_per_hour: 1,
    slow_bin: hours(1),
  },
];

export const SIGNAL_COUNT = ERROR_SIGNALS.length;
/** Column of each counter in a batch, signal by signal. */
export const COUNTER_COLUMNS: Uint16Array = Uint16Array.from(
  ERROR_SIGNALS.flatMap(({ counters }) => counters.map(metricIndex)),
);
/** Where a signal's counters begin in COUNTER_COLUMNS; one more at the end. */
export const FIRST_COUNTER: Uint16Array = Uint16Array.from([
  0,
  ...ERROR_SIGNALS.map((_, i) => ERROR_SIGNALS.slice(0, i + 1).reduce((n, s) => n + s.counters.length, 0)),
]);
