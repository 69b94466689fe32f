import { FORECAST_SERIES } from '../../operators/forecasts/forecast-series.ts';
import { FORECASTS_DEFAULTS } from '../../operators/forecasts/forecasts.ts';
import { METRICS, type Metric, type MetricName, metricIndex } from '../../pipeline/contract/metrics.ts';
import { type RollupSpec, rollupAggregates } from '../../pipeline/contract/tables.ts';

/**
 * A made-up fleet in QuestDB, written by QuestDB itself (INSERT ... SELECT over a sequence): rows of the right shape and
 * number, not of a right story. Eight GPUs a node, 64 nodes a cluster; every 97th GPU has something wrong with it.
 */
export interface FleetRows {
  readonly gpus: number;
  /** End of everything, epoch ms. */
  readonly end: number;
}

export interface Span {
  readonly span_ms: number;
  readonly step_ms: number;
}

export const gpuName = (i: number): string => `GPU-${String(i).padStart(6, '0')}`;

const GPU = "concat('GPU-', lpad(g::VARCHAR, 6, '0'))";
const NODE = "concat('node-', lpad((g / 8)::VARCHAR, 4, '0'))";
const SICK = 'g % 97 = 3';

/** Rows of all GPUs at every step of a span: `t` the step, `g` the GPU, `ts` the instant. */
function grid({ gpus, end }: FleetRows, { span_ms, step_ms }: Span): string {
  const count = Math.floor(span_ms / step_ms);
  const start = new Date(Math.floor((end - count * step_ms) / step_ms) * step_ms).toISOString();
  // The last step is `end` itself, or the last round one before it.
  const ts = `dateadd('s', ((t + 1) * ${step_ms / 1000})::INT, '${start}'::TIMESTAMP)`;
  return `(SELECT ${ts} AS ts, t, g FROM (SELECT ((x - 1) / ${gpus})::INT AS t, ((x - 1) % ${gpus})::INT AS g FROM long_sequence(${count * gpus})))`;
}

/** A plausible reading of a metric. */
function reading({ name, kind, min, max }: Metric): string {
  switch (kind) {
    case 'gauge':
      if (name === 'gpu_temp_celsius') return `50 + g % 20 + 8 * rnd_double() + CASE WHEN ${SICK} THEN 15 ELSE 0 END`;
      if (name === 'memory_temp_celsius') return '55 + g % 20 + 8 * rnd_double()';
      if (name === 'power_watts') return '250 + g % 200 + 100 * rnd_double()';
      if (name === 'power_limit_watts') return '700.0';
      if (name === 'fb_used_bytes') return '6e10 * rnd_double()';
      if (name === 'fb_free_bytes') return '2e10 + 1e9 * rnd_double()';
      return max === 1
        ? 'CASE WHEN g % 9 = 1 THEN 0.01 ELSE rnd_double() END'
        : `${Math.max(0, min)} + rnd_double() * 1000`;
    case 'counter':
      return `CASE WHEN ${SICK} THEN (t * 3 + g)::DOUBLE ELSE 2.0 END`;
    case 'flag':
      return `CASE WHEN ${SICK} THEN 1.0 ELSE 0.0 END`;
    case 'mask':
      return 'CASE WHEN g % 31 = 5 THEN 64.0 WHEN g % 7 = 2 THEN 4.0 ELSE 0.0 END';
    case 'code':
      return '0.0';
  }
}

const cast = (text: string, { column }: Metric): string => `(${text})::${column}`;

/** gpu_metrics over a span; all metrics, or those given. */
export function samples(rows: FleetRows, span: Span, metrics: readonly Metric[] = METRICS): string {
  const names = metrics.map(({ name }) => name).join(', ');
  const readings = metrics.map((metric) => cast(reading(metric), metric)).join(', ');
  return `INSERT INTO gpu_metrics (ts, gpu_uuid, node, instance, ${names}) SELECT ts, ${GPU}, ${NODE}, '', ${readings} FROM ${grid(rows, span)}`;
}

/** Columns of a rollup that are among the names, as a table that stands in for the view. */
export function rollupTable(view: RollupSpec, used: (name: string) => boolean): string {
  const columns = view.columns.filter(
    ({ name }) => ['ts', 'gpu_uuid', 'node', 'instance'].includes(name) || used(name),
  );
  const texts = columns.map(({ name, type }) => `${name} ${type}`).join(', ');
  return `CREATE TABLE ${view.name} (${texts}) TIMESTAMP(ts) PARTITION BY ${view.partition} WAL`;
}

/** A rollup filled without its samples, of which seven days of a large fleet would be too many. */
export function rollupRows(
  view: RollupSpec,
  rows: FleetRows,
  span_ms: number,
  used: (name: string) => boolean,
): string {
  const filled = METRICS.flatMap((metric) =>
    rollupAggregates(metric)
      .map((aggregate) => ({ metric, name: `${metric.name}_${aggregate}` }))
      .filter(({ name }) => used(name)),
  );
  const readings = filled.map(({ metric }) => reading(metric)).join(', ');
  const from = grid(rows, { span_ms, step_ms: view.size_ms });
  return `INSERT INTO ${view.name} (ts, gpu_uuid, node, instance, ${filled.map(({ name }) => name).join(', ')}) SELECT ts, ${GPU}, ${NODE}, '', ${readings} FROM ${from}`;
}

export const metricsNamed = (used: (name: string) => boolean): readonly Metric[] =>
  METRICS.filter(({ name }) => used(name));

/** Spans between two rows of what is judged, by table. */
export interface JudgedSpans {
  readonly health: Span;
  readonly predictions: Span;
  readonly decisions: Span;
  readonly forecasts: Span;
}

const SCORE = `(CASE WHEN ${SICK} THEN 40 + 20 * rnd_double() ELSE 85 + 15 * rnd_double() END)`;
const P30 = `(CASE WHEN ${SICK} THEN 0.1 + 0.4 * rnd_double() ELSE 0.01 * rnd_double() END)`;
const HOUR = 3_600_000;

/** Every other table. */
export function judged(rows: FleetRows, spans: JudgedSpans): readonly string[] {
  const once = grid(rows, { span_ms: HOUR, step_ms: HOUR });
  const sick = (span: Span, keep: string): string => `(SELECT * FROM ${grid(rows, span)} WHERE ${SICK} AND ${keep})`;
  const forecasts = FORECAST_SERIES.flatMap(({ metric }) =>
    FORECASTS_DEFAULTS.horizons.map((horizon) => forecastRows(metric, horizon, grid(rows, spans.forecasts))),
  );
  const severity = "CASE WHEN g % 2 = 0 THEN 'critical' ELSE 'warning' END";
  const week: Span = { span_ms: 7 * 24 * HOUR, step_ms: HOUR };
  const state = "CASE WHEN t % 12 = 11 THEN 'open' ELSE 'closed' END";
  const over = "CASE WHEN t % 12 = 11 THEN NULL::TIMESTAMP ELSE dateadd('h', 3, ts) END";
  return [
    `INSERT INTO gpu_assets (ts, gpu_uuid, node, model, serial, cluster, rack, slot, owner, status, deployed_at, registered_at) SELECT ts, ${GPU}, ${NODE}, 'NVIDIA H100 80GB HBM3', '', concat('cluster-', (g / 512)::VARCHAR), concat('rack-', (g / 32)::VARCHAR), (g % 8)::VARCHAR, 'research', 'active', ts, ts FROM ${once}`,
    "INSERT INTO gpu_assets (ts, gpu_uuid, node, model, cluster, rack, slot, status) VALUES ('2026-01-01T00:00:00Z', 'GPU-silent', 'node-silent', 'NVIDIA H100 80GB HBM3', 'cluster-0', 'rack-0', '0', 'active')",
    `INSERT INTO gpu_health_scores (ts, gpu_uuid, node, instance, overall_score, memory_health, thermal_health, performance_health, power_health, reliability_health, health_grade, confidence, action, explanation, profile) SELECT ts, ${GPU}, ${NODE}, '', s, s, s, s, s, s, CASE WHEN s >= 90 THEN 'excellent' WHEN s >= 80 THEN 'good' WHEN s >= 60 THEN 'degraded' WHEN s >= 50 THEN 'poor' ELSE 'critical' END, 0.9, CASE WHEN s < 60 THEN 'reset_gpu' ELSE 'none' END, 'as it is', 'default' FROM (SELECT ts, g, ${SCORE} AS s FROM ${grid(rows, spans.health)})`,
    `INSERT INTO gpu_failure_predictions (ts, gpu_uuid, node, instance, failure_prob_7d, failure_prob_30d, failure_prob_90d, predicted_failure_type, estimated_ttf_days, confidence, model_name, model_version, explanation) SELECT ts, ${GPU}, ${NODE}, '', p / 4, p, p * 2, 'memory', 100, 0.8, 'gradient_boosting', 'v1', 'as it is' FROM (SELECT ts, g, ${P30} AS p FROM ${grid(rows, spans.predictions)})`,
    `INSERT INTO gpu_economic_decisions (ts, gpu_uuid, node, instance, decision, advice, npv_keep, npv_sell, npv_repurpose, salvage_value, expected_value, confidence, value_at_risk_usd_per_hour, rationale, health, p30, profile) SELECT ts, ${GPU}, ${NODE}, '', CASE WHEN ${SICK} THEN 'sell' ELSE 'keep' END, CASE WHEN ${SICK} THEN 'rma' ELSE 'keep' END, 20000, 15000, 12000, 1500, 20000, 0.7, rnd_double(), 'as it is', 90, 0.01, 'default' FROM ${grid(rows, spans.decisions)}`,
    ...forecasts,
    `INSERT INTO anomalies (ts, gpu_uuid, node, instance, id, type, metric, severity, observed, expected, detector, explanation, state, opened_at, closed_at) SELECT ts, ${GPU}, ${NODE}, '', concat('a', t::VARCHAR, '-', g::VARCHAR), CASE WHEN t % 4 = 0 THEN 'held_idle' WHEN t % 4 = 1 THEN 'straggler' ELSE 'ecc_sbe_rate' END, 'gpu_util_ratio', ${severity}, 2.5, 0, 'conditions', 'as it is', ${state}, ts, ${over} FROM ${sick(week, '(t + g) % 4 > 0')}`,
    `INSERT INTO xid_episodes (ts, gpu_uuid, node, instance, id, xids, primary_xid, severity, category, action, explanation, started_at, ended_at, count, cured) SELECT ts, ${GPU}, ${NODE}, '', concat('e', t::VARCHAR, '-', g::VARCHAR), '[79]', CASE WHEN t % 2 = 0 THEN 79 ELSE 63 END, ${severity}, 'memory', 'reset_gpu', 'as it is', ts, ${over}, 2, CASE WHEN t % 2 = 0 THEN 'true' ELSE 'false' END FROM ${sick(week, 't % 3 = 2')}`,
    `INSERT INTO incidents (ts, gpu_uuid, node, id, scope, origin, category, severity, state, action, summary, opened_at, closed_at) SELECT ts, ${GPU}, ${NODE}, concat('i', t::VARCHAR, '-', g::VARCHAR), 'gpu', ${GPU}, 'memory', ${severity}, ${state}, 'reset_gpu', 'as it is', ts, ${over} FROM ${sick(week, 't % 6 = 5')}`,
    `INSERT INTO alerts (ts, gpu_uuid, node, instance, id, rule, severity, state, summary, cluster, opened_at, closed_at, acknowledged_by) SELECT ts, ${GPU}, ${NODE}, '', concat('l', t::VARCHAR, '-', g::VARCHAR), 'gpu_lost', ${severity}, ${state}, 'as it is', 'cluster-0', ts, ${over}, '' FROM ${sick(week, 't % 6 = 5')}`,
    `INSERT INTO fleet_quantiles (ts, model, metric, hour_ts, count, p01, p05, p25, p50, p75, p95, p99) SELECT ts, '', 'gpu_temp_celsius', ts, 1000, 40, 45, 50, 55, 60, 65, 70 FROM ${grid({ ...rows, gpus: 1 }, week)}`,
    `INSERT INTO gpu_failure_labels (ts, gpu_uuid, node, failed_at, type, source, note, status) SELECT ts, ${GPU}, ${NODE}, ts, 'memory', 'hand', '', 'confirmed' FROM ${sick({ span_ms: 48 * HOUR, step_ms: 24 * HOUR }, 't = 0')}`,
  ];
}

function forecastRows(metric: MetricName, horizon: number, from: string): string {
  const known = METRICS[metricIndex(metric)]?.kind === 'gauge';
  return `INSERT INTO gpu_forecasts (ts, gpu_uuid, node, instance, metric, horizon_ms, expected, low, high, "limit", eta_ts, explanation) SELECT ts, ${GPU}, ${NODE}, '', '${metric}', ${horizon}, 60, 55, 65, ${known ? 88 : 512}, CASE WHEN ${SICK} THEN dateadd('h', 60, ts) ELSE NULL::TIMESTAMP END, 'as it is' FROM ${from}`;
}
