import { METRIC_COUNT, METRICS, type Metric } from '../contract/metrics.ts';
import { factors } from './check-value.ts';

/**
 * Columns in which a row's readings are gathered before normalising: one per metric, then one per alternative source of a
 * metric (another field id with the same meaning, a name that may be ratio or percent), used only where the metric itself
 * has no value in this scrape.
 */
export interface Alternative {
  readonly column: number;
  readonly metric: number;
  /** Held back as it came, because only the whole scrape tells whether it is a ratio or percent. */
  readonly ratio: boolean;
}

/** What a sample name stands for when it is no column. */
export const UNKNOWN = -1;
const XID_COUNT = -2;

/** The sliding-window count of the exporter, one series per XID; seen under the gauge's name too. */
const XID_COUNT_NAMES = [
  'DCGM_EXP_XID_ERRORS_COUNT',
  'DCGM_EXP_XID_ERROR_COUNT',
  'DCGM_FI_DEV_XID_ERRORS_ACTIVE',
  'dcgm_exp_xid_errors_count',
];

const columns = new Map<string, number>();
const alternatives: Alternative[] = [];
const addAlternative = (metric: number, ratio: boolean, names: readonly string[]): void => {
  const column = METRIC_COUNT + alternatives.length;
  alternatives.push({ column, metric, ratio });
  for (const name of names) columns.set(name, column);
};

METRICS.forEach((spec, metric) => {
  for (const name of spec.exporter_names) columns.set(name, metric);
});
METRICS.forEach((spec, metric) => {
  if (spec.fallback) addAlternative(metric, false, spec.fallback.exporter_names);
  if (spec.ratio_names) addAlternative(metric, true, spec.ratio_names);
});
for (const name of XID_COUNT_NAMES) columns.set(name, XID_COUNT);

export const ALTERNATIVES: readonly Alternative[] = alternatives;
export const COLUMN_COUNT: number = METRIC_COUNT + alternatives.length;

/** Column of a sample name, XID_COUNT or UNKNOWN. OpenMetrics ends counters in `_total` whatever they are called. */
export const columnOf = (name: string): number =>
  columns.get(name) ?? columns.get(name.replace(/_total$/, '')) ?? UNKNOWN;

/**
 * Per column: the metric that it feeds, what is stored (reading * mul / div) and the range in which a stored value needs no
 * second look. A column that may be ratio or percent stores the reading as it came.
 */
export const COLUMN_METRIC = new Int32Array(COLUMN_COUNT);
export const COLUMN_MUL = new Float64Array(COLUMN_COUNT).fill(1);
export const COLUMN_DIV = new Float64Array(COLUMN_COUNT).fill(1);
export const COLUMN_MIN = new Float64Array(COLUMN_COUNT);
export const COLUMN_MAX = new Float64Array(COLUMN_COUNT);

for (let column = 0; column < COLUMN_COUNT; column++) {
  const alternative = alternatives[column - METRIC_COUNT];
  const metric = alternative?.metric ?? column;
  const { mul, div } = factors(metric);
  const { min, max, zero_is_missing } = METRICS[metric] as Metric;
  COLUMN_METRIC[column] = metric;
  if (alternative?.ratio !== true) {
    COLUMN_MUL[column] = mul;
    COLUMN_DIV[column] = div;
  }
  const stored = alternative?.ratio === true ? div / mul : 1;
  COLUMN_MIN[column] = zero_is_missing === true ? Number.MIN_VALUE : min * stored;
  COLUMN_MAX[column] = max * stored;
}
