import { DIMENSIONS } from './events.ts';
import { FEATURES } from './features.ts';
import { column, INSTANCE, NODE, type TableSpec, TS, UUID } from './table-spec.ts';

/** Tables of what the engine makes of samples. */

const ID = column('id', 'VARCHAR', 'Stable id from its cause.');
const SEVERITY = column('severity', 'SYMBOL', 'info, warning or critical.');

export const GPU_FEATURES: TableSpec = {
  name: 'gpu_features',
  summary: 'Features of each GPU (or MIG instance), every 5 minutes; feature_definitions documents each.',
  columns: [
    TS,
    UUID,
    NODE,
    INSTANCE,
    ...FEATURES.map(({ name, formula, unit, window }) => column(name, 'FLOAT', `${formula}; ${unit}, ${window}`)),
  ],
  keys: ['ts', 'gpu_uuid', 'instance'],
  partition: 'DAY',
  ttl_days: 365,
};

export const FEATURE_DEFINITIONS: TableSpec = {
  name: 'feature_definitions',
  summary: 'What each feature means, by version.',
  columns: [
    column('ts', 'TIMESTAMP', 'The same for all: there since the beginning.'),
    column('name', 'SYMBOL', 'Column of gpu_features.'),
    column('unit', 'SYMBOL', 'Unit.'),
    column('window', 'SYMBOL', '1h, 6h, 24h or 7d; `now` for what holds at the row.'),
    column('formula', 'VARCHAR', 'How it is computed.'),
    column('version', 'LONG', 'Rises when the name begins to mean another number.'),
  ],
  keys: ['ts', 'name', 'version'],
  partition: 'YEAR',
  ttl_days: null,
};

export const GPU_HEALTH_SCORES: TableSpec = {
  name: 'gpu_health_scores',
  summary: 'Health of each GPU (or MIG instance), every 15 minutes and when something critical opens or closes.',
  columns: [
    TS,
    UUID,
    NODE,
    INSTANCE,
    column('overall_score', 'DOUBLE', '0..100 to one decimal; null when nothing is known.'),
    ...DIMENSIONS.map((name) => column(`${name}_health`, 'DOUBLE', `0..100; null when nothing is known of ${name}.`)),
    column('health_grade', 'SYMBOL', 'excellent, good, fair, degraded, poor, critical or unknown.'),
    column('degradation_factors', 'JSON', 'What pulls it down, as a list of names.'),
    column('confidence', 'DOUBLE', '0..1: how much of what the score needs was there.'),
    ...DIMENSIONS.map((name) => column(`${name}_confidence`, 'DOUBLE', '0..1.')),
    column('contributions', 'JSON', 'Points lost: dimension, points, metric, value, limit, unit, window, action.'),
    column('explanation', 'VARCHAR', 'The verdict in a sentence with numbers.'),
    column('action', 'SYMBOL', 'Recovery action.'),
    column('profile', 'SYMBOL', 'default or reference.'),
  ],
  keys: ['ts', 'gpu_uuid', 'instance', 'profile'],
  partition: 'DAY',
  ttl_days: 365,
};

export const XID_EPISODES: TableSpec = {
  name: 'xid_episodes',
  summary: 'Fault stories: XIDs and anomalies of one GPU merged; every change rewrites the row.',
  columns: [
    TS,
    UUID,
    NODE,
    INSTANCE,
    ID,
    column('xids', 'JSON', 'Distinct codes in the order of their appearance.'),
    column('primary_xid', 'LONG', 'The code that the others follow from; null for a story without XIDs.'),
    column('anomalies', 'JSON', 'Types of the anomalies in it.'),
    SEVERITY,
    column('category', 'SYMBOL', 'memory, thermal, power, bus, fabric, driver, application, sensor or unknown.'),
    column('action', 'SYMBOL', 'Recovery action.'),
    column('explanation', 'VARCHAR', 'What happened, and why this action.'),
    column('started_at', 'TIMESTAMP', 'First event.'),
    column('ended_at', 'TIMESTAMP', 'Last event; null while it goes on.'),
    column('count', 'LONG', 'XIDs and anomaly openings in it.'),
    column('reset_at', 'TIMESTAMP', 'First reset or reboot after it; null while none was seen.'),
    column('cured', 'TRISTATE', 'Whether a reset or reboot ended it; null while nobody can know.'),
    column('job', 'VARCHAR', 'Who used the GPU.'),
  ],
  keys: ['ts', 'gpu_uuid', 'id'],
  partition: 'MONTH',
  ttl_days: 730,
};

export const INCIDENTS: TableSpec = {
  name: 'incidents',
  summary: 'Episodes of one or several GPUs with one likely origin; every change rewrites the row.',
  columns: [
    TS,
    UUID,
    NODE,
    ID,
    column('scope', 'SYMBOL', 'gpu, node, nvlink_domain, rack or job.'),
    column('origin', 'VARCHAR', 'What the scope is called.'),
    column('category', 'SYMBOL', 'As of its episodes.'),
    SEVERITY,
    column('state', 'SYMBOL', 'open or closed.'),
    column('gpus', 'JSON', 'UUIDs, in the order of joining.'),
    column('nodes', 'JSON', 'Hosts.'),
    column('episodes', 'JSON', 'Ids.'),
    column('evidence', 'JSON', 'Why this origin: sentences with numbers.'),
    column('action', 'SYMBOL', 'Recovery action.'),
    column('summary', 'VARCHAR', 'One sentence.'),
    column('opened_at', 'TIMESTAMP', 'First event.'),
    column('closed_at', 'TIMESTAMP', 'When all its episodes had ended; null while open.'),
  ],
  keys: ['ts', 'id'],
  partition: 'MONTH',
  ttl_days: 730,
};

export const GPU_FORECASTS: TableSpec = {
  name: 'gpu_forecasts',
  summary: 'What readings are expected to be, a day and three days ahead, at the present workload.',
  columns: [
    TS,
    UUID,
    NODE,
    INSTANCE,
    column('metric', 'SYMBOL', 'Metric or feature.'),
    column('horizon_ms', 'LONG', 'How far ahead of ts, ms.'),
    column('expected', 'DOUBLE', 'Expected value.'),
    column('low', 'DOUBLE', 'Lower end of the 80 % band.'),
    column('high', 'DOUBLE', 'Upper end of the 80 % band.'),
    column('limit', 'DOUBLE', 'Limit that matters; null where there is none.'),
    column('eta_ts', 'TIMESTAMP', 'When the limit is expected to be reached; null when not within two weeks.'),
    column('explanation', 'VARCHAR', 'One sentence with numbers and units.'),
  ],
  keys: ['ts', 'gpu_uuid', 'instance', 'metric', 'horizon_ms'],
  partition: 'MONTH',
  ttl_days: 365,
};

export const FLEET_QUANTILES: TableSpec = {
  name: 'fleet_quantiles',
  summary: 'How each gauge is spread over the fleet and over each model, hour by hour, within 1 %.',
  columns: [
    TS,
    column('model', 'SYMBOL', 'Model; empty for the whole fleet.'),
    column('metric', 'SYMBOL', 'Metric.'),
    column('hour_ts', 'TIMESTAMP', 'Start of the hour that is counted.'),
    column('count', 'LONG', 'Readings counted.'),
    ...['p01', 'p05', 'p25', 'p50', 'p75', 'p95', 'p99'].map((name) =>
      column(name, 'DOUBLE', `${Number(name.slice(1))}th percentile.`),
    ),
  ],
  keys: ['ts', 'model', 'metric'],
  partition: 'MONTH',
  ttl_days: 365,
};
