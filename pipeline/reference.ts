import { CONDITIONS, type ConditionKey, type Limit } from '../operators/conditions/condition-table.ts';
import { alertChannelsPage } from './alert-channels-page.ts';
import { alertRulesPage } from './alert-rules-page.ts';
import { configReference } from './config-reference.ts';
import { FEATURES } from './contract/features.ts';
import { METRICS, type Metric } from './contract/metrics.ts';
import { ROLLUPS, TABLES } from './contract/tables.ts';
import { type DurationMs, formatDuration } from './contract/time.ts';
import { XID_CODES, xidEntry } from './contract/xids.ts';
import { DETECTOR_NAMES, type DetectorStep, isOn } from './detectors.ts';
import { ownMetricsPage } from './own-metrics-page.ts';
import { errorsPage } from './runbooks/errors-page.ts';
import { defaultTopology } from './topology.ts';

/** Reference pages by file name, made from the catalogues. `npm run generate` writes them; a test fails when they are stale. */
export const referencePages = (): Readonly<Record<string, string>> => ({
  'configuration.md': configReference(),
  'metrics.md': metricsPage(),
  'tables.md': tablesPage(),
  'features.md': featuresPage(),
  'detectors.md': detectorsPage(),
  'xids.md': xidsPage(),
  'alert-channels.md': alertChannelsPage(),
  'alert-rules.md': alertRulesPage(),
  'own-metrics.md': ownMetricsPage(),
  'errors.md': errorsPage(),
  'row.schema.json': `${JSON.stringify(rowSchema(), null, 2)}\n`,
});

function metricsPage(): string {
  const rows = METRICS.map((metric: Metric) => {
    const fallback = metric.fallback ? ` (else ${metric.fallback.field})` : '';
    return `| \`${metric.name}\` | ${metric.field}${fallback} | ${metric.kind} | ${metric.unit} | ${metric.scale} | ${metric.min}..${metric.max} | ${metric.exporter_names.join(', ')} | ${metric.help} |`;
  });
  return [
    '# Metrics',
    '',
    'Generated from `pipeline/contract/metrics.ts` by `npm run generate`. A reading of an exporter times the scale is the canonical value.',
    '',
    '| name | DCGM field | kind | unit | scale | range | exporter names | meaning |',
    '|---|---|---|---|---|---|---|---|',
    ...rows,
    '',
  ].join('\n');
}

function tablesPage(): string {
  const sections = [...TABLES, ...ROLLUPS].flatMap((table) => [
    '',
    `## ${table.name}`,
    '',
    `${table.summary} Partitioned by ${table.partition.toLowerCase()}, kept ${table.ttl_days === null ? 'for ever' : `${table.ttl_days} days`}${table.keys.length > 0 ? `, one row per (${table.keys.join(', ')})` : ''}.`,
    '',
    '| column | type | meaning |',
    '|---|---|---|',
    ...table.columns.map(({ name, type, help }) => `| \`${name}\` | ${type} | ${help} |`),
  ]);
  return ['# Tables', '', 'Generated from `pipeline/contract/tables.ts` by `npm run generate`.', ...sections, ''].join(
    '\n',
  );
}

function featuresPage(): string {
  return [
    '# Features',
    '',
    'Generated from `pipeline/contract/features.ts` by `npm run generate`. Columns of `gpu_features`, every 5 minutes for each GPU; the same rows are in the table `feature_definitions`. A window L at time t is made of all panes that overlap (t - L, t].',
    '',
    '| name | unit | window | formula | version |',
    '|---|---|---|---|---|',
    ...FEATURES.map(
      ({ name, unit, window, formula, version }) => `| \`${name}\` | ${unit} | ${window} | ${formula} | ${version} |`,
    ),
    '',
  ].join('\n');
}

const limitText = (limit: Limit): string =>
  limit === null ? '' : typeof limit === 'number' ? String(limit) : `by ${limit}`;
const after = (duration: DurationMs): string => (duration === 0 ? 'at once' : formatDuration(duration));

function detectorsPage(): string {
  const names = new Set(CONDITIONS.map(({ key }) => key));
  const steps = DETECTOR_NAMES.filter((name) => !names.has(name as ConditionKey));
  const drawn = new Map(defaultTopology().nodes.map(({ id, summary }) => [id, summary]));
  return [
    '# Detectors',
    '',
    'Generated from `pipeline/detectors.ts` and `operators/conditions/condition-table.ts` by `npm run generate`. The option `detectors` changes them by name: `{"pcie_replay_rate": {"warning": 2}, "novelty": {"enabled": false}}`.',
    '',
    '## Steps that are on or off',
    '',
    '| name | by default | what |',
    '|---|---|---|',
    ...steps.map(
      (name) => `| \`${name}\` | ${isOn(name as DetectorStep, {}) ? 'on' : 'off'} | ${drawn.get(name) ?? ''} |`,
    ),
    '',
    '## Conditions with limits',
    '',
    'Limits count when they have lasted as long as the column says, and are gone after the calm time. `null` takes a severity away.',
    '',
    '| name | anomaly | metric | unit | info | warning | critical | lasts (critical) | calm | meaning, and what to do |',
    '|---|---|---|---|---|---|---|---|---|---|',
    ...CONDITIONS.map(
      (c) =>
        `| \`${c.key}\` | ${c.type} | ${c.metric} | ${c.worse === 'low' ? 'below, ' : ''}${c.unit} | ${limitText(c.info)} | ${limitText(c.warning)} | ${limitText(c.critical)} | ${after(c.open_after)} (${after(c.critical_after)}) | ${after(c.close_after)} | ${c.meaning} ${c.action} |`,
    ),
    '',
  ].join('\n');
}

function xidsPage(): string {
  return [
    '# XIDs',
    '',
    'Generated from `pipeline/contract/xids.ts` by `npm run generate`. First: what to do at the first sight of it; next: when it comes back.',
    '',
    '| XID | name | severity | category | first | next | meaning |',
    '|---|---|---|---|---|---|---|',
    ...XID_CODES.map((xid) => {
      const { name, severity, category, first, next, meaning } = xidEntry(xid);
      return `| ${xid} | ${name} | ${severity} | ${category} | ${first} | ${next} | ${meaning} |`;
    }),
    '',
  ].join('\n');
}

/** JSON schema of a sample row, as `replay` and the bus read it. */
function rowSchema(): object {
  const instant = {
    oneOf: [
      { type: 'number', description: 'epoch ms' },
      { type: 'string', format: 'date-time' },
    ],
  };
  const metrics = METRICS.map((metric: Metric) => [
    metric.name,
    {
      type: ['number', 'null'],
      minimum: metric.min,
      maximum: metric.max,
      description: `${metric.help} (${metric.unit})`,
    },
  ]);
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'gpu-vitals sample row',
    type: 'object',
    required: ['ts', 'node', 'gpu_uuid'],
    properties: {
      ts: instant,
      node: { type: 'string' },
      gpu_uuid: { type: 'string', minLength: 1 },
      instance: { type: 'string', description: "MIG's GPU_I_ID" },
      model: { type: 'string' },
      job: { type: 'string' },
      xids: { type: 'array', items: { type: 'integer' }, description: 'XIDs that happened at this instant' },
      ...Object.fromEntries(metrics),
    },
  };
}
