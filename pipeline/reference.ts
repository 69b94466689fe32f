import { configReference } from './config-reference.ts';
import { ERRORS } from './contract/errors.ts';
import { METRICS, type Metric } from './contract/metrics.ts';
import { ROLLUPS, TABLES } from './contract/tables.ts';

/** Reference pages by file name, made from the catalogues. `npm run generate` writes them; a test fails when they are stale. */
export const referencePages = (): Readonly<Record<string, string>> => ({
  'configuration.md': configReference(),
  'metrics.md': metricsPage(),
  'tables.md': tablesPage(),
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

function errorsPage(): string {
  const rows = Object.entries(ERRORS).map(([code, { meaning, action }]) => `| \`${code}\` | ${meaning} | ${action} |`);
  return [
    '# Errors',
    '',
    'Generated from `pipeline/contract/errors.ts` by `npm run generate`.',
    '',
    '| code | meaning | what to do |',
    '|---|---|---|',
    ...rows,
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
