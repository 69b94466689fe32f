import { z } from '@hono/zod-openapi';
import { DECISIONS, FAILURE_TYPES } from '../pipeline/contract/predictions.ts';
import type { ColumnSpec, TableSpec } from '../pipeline/contract/table-spec.ts';
import type { TableRow } from '../sinks/questdb/list-rows.ts';
import { instantText, nullableInstantText } from './instant.ts';
import { instantSchema } from './instant-schema.ts';

/** What the JSON columns hold. */
const CONTRIBUTIONS = z.array(
  z.object({
    dimension: z.string(),
    points: z.number(),
    metric: z.string(),
    value: z.number().nullable(),
    limit: z.number().nullable(),
    unit: z.string(),
    window: z.string(),
    action: z.string(),
  }),
);
const REASONS = z.array(z.object({ feature: z.string(), value: z.number().nullable(), contribution: z.number() }));
const FLIPS = z.array(
  z.object({
    input: z.string(),
    value: z.number(),
    flips_at: z.number().nullable(),
    to: z.string().nullable(),
  }),
);
/** By table and column, or by column. */
const JSON_SHAPES: Readonly<Record<string, z.ZodType>> = {
  'gpu_failure_predictions.contributions': REASONS,
  contributions: CONTRIBUTIONS,
  sensitivity: FLIPS,
  xids: z.array(z.int()),
};
const TEXTS = z.array(z.string());

/** The words that a column may hold, where there are few for good; by table and column, or by column. */
const WORDS: Readonly<Record<string, readonly string[]>> = {
  severity: ['info', 'warning', 'critical'],
  state: ['open', 'closed'],
  health_grade: ['excellent', 'good', 'fair', 'degraded', 'poor', 'critical', 'unknown'],
  decision: DECISIONS,
  predicted_failure_type: FAILURE_TYPES,
  profile: ['default', 'reference'],
  scope: ['gpu', 'node', 'nvlink_domain', 'rack', 'job'],
  'gpu_failure_labels.type': FAILURE_TYPES,
  'gpu_failure_labels.status': ['confirmed', 'suggested', 'rejected'],
};

/** The words that a column may hold; null: any. */
export const columnWords = (table: string, column: string): readonly string[] | null =>
  WORDS[`${table}.${column}`] ?? WORDS[column] ?? null;

function columnSchema(table: string, { name, type, help }: ColumnSpec): z.ZodType {
  switch (type) {
    case 'TIMESTAMP':
      return name === 'ts' ? instantSchema : instantSchema.nullable().openapi({ description: help });
    case 'SYMBOL':
    case 'VARCHAR': {
      const words = columnWords(table, name);
      return (words === null ? z.string() : z.enum(words as [string, ...string[]])).openapi({ description: help });
    }
    case 'DOUBLE':
    case 'FLOAT':
      return z.number().nullable().openapi({ description: help });
    case 'LONG':
      return z.int().nullable().openapi({ description: help });
    case 'BOOLEAN':
    case 'TRISTATE':
      return z.boolean().nullable().openapi({ description: help });
    case 'JSON':
      return (JSON_SHAPES[`${table}.${name}`] ?? JSON_SHAPES[name] ?? TEXTS).nullable().openapi({ description: help });
  }
}

const NAMES: Readonly<Record<string, string>> = {
  gpu_health_scores: 'HealthScore',
  gpu_features: 'Features',
  xid_episodes: 'Episode',
  incidents: 'Incident',
  gpu_forecasts: 'Forecast',
  fleet_quantiles: 'FleetQuantiles',
  feature_definitions: 'FeatureDefinition',
  gpu_failure_predictions: 'Prediction',
  gpu_economic_decisions: 'Decision',
  gpu_failure_labels: 'FailureLabel',
  alerts: 'AlertRow',
  gpu_health_scores_now: 'HealthNow',
  gpu_failure_predictions_now: 'PredictionNow',
  gpu_economic_decisions_now: 'DecisionNow',
};

const makeSchema = (spec: TableSpec) =>
  z
    .object(Object.fromEntries(spec.columns.map((column) => [column.name, columnSchema(spec.name, column)])))
    .openapi(NAMES[spec.name] ?? spec.name);
const made = new Map<string, ReturnType<typeof makeSchema>>();

/** A row of a table as REST answers it: the table's own fields, instants as texts. The same schema each time. */
export function tableRowSchema(spec: TableSpec): ReturnType<typeof makeSchema> {
  const schema = made.get(spec.name) ?? makeSchema(spec);
  made.set(spec.name, schema);
  return schema;
}

const instantsOf = ({ columns }: TableSpec): string[] =>
  columns.filter(({ type }) => type === 'TIMESTAMP').map(({ name }) => name);

/** The way back from `tableRowAnswer`: texts to instants. */
export function tableRowOf(spec: TableSpec): (answer: Readonly<Record<string, unknown>>) => TableRow {
  const instants = instantsOf(spec);
  return (answer) => {
    const row: Record<string, unknown> = { ...answer };
    for (const name of instants) row[name] = typeof row[name] === 'string' ? Date.parse(row[name]) : null;
    return row as TableRow;
  };
}

/** Instants to texts, everything else as it is. */
export function tableRowAnswer(spec: TableSpec): (row: Readonly<Record<string, unknown>>) => Record<string, unknown> {
  const instants = instantsOf(spec);
  return (row) => {
    const answer = { ...row };
    for (const name of instants) answer[name] = nullableInstantText(row[name] as number | null);
    answer.ts = instantText(row.ts as number);
    return answer;
  };
}
