import { z } from '@hono/zod-openapi';
import { METRICS, type MetricName } from '../pipeline/contract/metrics.ts';
import { GPU_ECONOMIC_DECISIONS, GPU_FAILURE_PREDICTIONS } from '../pipeline/contract/prediction-tables.ts';
import { DECISIONS } from '../pipeline/contract/predictions.ts';
import type { TableSpec } from '../pipeline/contract/table-spec.ts';
import { GPU_HEALTH_SCORES, XID_EPISODES } from '../pipeline/contract/verdict-tables.ts';
import { instantSchema } from './instant-schema.ts';
import { tableRowSchema } from './table-schema.ts';
import { DECISION_NOW, HEALTH_NOW, PREDICTION_NOW } from './verdict-now.ts';

/**
 * The JSON shapes of REST and live answers: one definition for validation, OpenAPI, serialisers and the console's types.
 * Field names are those of the tables; instants are ISO 8601 texts in UTC with milliseconds, ratios 0..1.
 */
const nullableInstant = instantSchema.nullable();
const nullableNumber = z.number().nullable();

/** `nullable()` would make the shared component itself nullable, in lists of it too. */
const orNull = <S extends z.ZodType>(schema: S) => z.union([schema, z.null()]);

export const severitySchema = z.enum(['info', 'warning', 'critical']);

export const gradeSchema = z.enum(['excellent', 'good', 'fair', 'degraded', 'poor', 'critical', 'unknown']);
export const decisionSchema = z.enum(DECISIONS);

/** The readings that a fleet list or heatmap shows; all others are in the sample. */
export const SUMMARY_METRICS = [
  'gpu_temp_celsius',
  'memory_temp_celsius',
  'power_watts',
  'power_limit_watts',
  'gpu_util_ratio',
  'gr_engine_active_ratio',
  'memory_util_ratio',
  'fb_used_bytes',
  'fb_free_bytes',
  'sm_clock_mhz',
  'throttle_reasons',
  'xid_last',
] as const satisfies readonly MetricName[];

const fieldsOf = <N extends string, S>(names: readonly N[], schema: (name: N) => S): Record<N, S> =>
  Object.fromEntries(names.map((name) => [name, schema(name)])) as Record<N, S>;

const helpOf = (name: string): string => {
  const metric = METRICS.find((one) => one.name === name);
  return metric === undefined ? name : `${metric.help} (${metric.unit})`;
};

const attributionSchema = z
  .object({ namespace: z.string(), pod: z.string(), container: z.string(), job: z.string() })
  .openapi('Attribution');

/** One GPU (or MIG instance) in lists and on the topics `fleet` and `node/N`. */
export const gpuSummarySchema = z
  .object({
    ts: nullableInstant.openapi({ description: 'Event time of the latest sample; null when there was none yet.' }),
    gpu_uuid: z.string(),
    node: z.string(),
    instance: z.string().openapi({ description: "MIG's GPU_I_ID; empty for the whole board." }),
    model: z.string(),
    slot: z.string(),
    ...fieldsOf(SUMMARY_METRICS, (name) => nullableNumber.openapi({ description: helpOf(name) })),
    open_info: z.int().openapi({ description: 'Open anomalies of severity info.' }),
    open_warning: z.int(),
    open_critical: z.int(),
    worst_severity: severitySchema
      .nullable()
      .openapi({ description: 'Of the open anomalies; null when there are none.' }),
    stale_since: nullableInstant.openapi({
      description: 'Event time of the last sample when it is too old; else null.',
    }),
    overall_score: nullableNumber.openapi({
      description: '0..100; null when unknown, or when the last score is an hour older than the sample.',
    }),
    health_grade: gradeSchema.nullable(),
    failure_prob_7d: nullableNumber.openapi({ description: '0..1; null when nothing was foreseen within a day.' }),
    failure_prob_30d: nullableNumber,
    decision: decisionSchema.nullable().openapi({ description: 'About the whole board.' }),
  })
  .openapi('GpuSummary');
export type GpuSummary = z.infer<typeof gpuSummarySchema>;

const METRIC_NAMES = METRICS.map((metric) => metric.name);

/** The latest sample of a GPU or MIG instance: only metrics that were present are there. */
const sampleSchema = z
  .object({
    ts: instantSchema,
    gpu_uuid: z.string(),
    node: z.string(),
    instance: z.string(),
    ...fieldsOf(METRIC_NAMES, (name) =>
      z
        .number()
        .optional()
        .openapi({ description: helpOf(name) }),
    ),
    attribution: z.array(attributionSchema).openapi({ description: 'Who uses it: one entry per pod or job.' }),
  })
  .openapi('Sample');
export type Sample = z.infer<typeof sampleSchema>;

export const anomalySchema = z
  .object({
    ts: instantSchema,
    gpu_uuid: z.string(),
    node: z.string(),
    instance: z.string(),
    id: z.string(),
    type: z.string(),
    metric: z.string(),
    severity: severitySchema,
    score: nullableNumber,
    observed: nullableNumber,
    expected: nullableNumber,
    window: z.string(),
    detector: z.string(),
    explanation: z.string(),
    state: z.enum(['open', 'closed']),
    opened_at: instantSchema,
    closed_at: nullableInstant,
  })
  .openapi('Anomaly');
export type AnomalyAnswer = z.infer<typeof anomalySchema>;

export const assetSchema = z
  .object({
    ts: instantSchema,
    gpu_uuid: z.string(),
    node: z.string(),
    model: z.string(),
    serial: z.string(),
    pci_bus_id: z.string(),
    cluster: z.string(),
    rack: z.string(),
    slot: z.string(),
    owner: z.string(),
    tenant: z.string(),
    deployed_at: nullableInstant,
    warranty_until: nullableInstant,
    purchase_price: nullableNumber,
    operating_hours: nullableNumber,
    registered_at: instantSchema,
    status: z.string(),
    note: z.string(),
    retired_at: nullableInstant,
  })
  .openapi('Asset');
export type AssetAnswer = z.infer<typeof assetSchema>;

/** `GET /gpus/{uuid}`: the whole verdict in one answer. */
export const verdictSchema = z
  .object({
    gpu_uuid: z.string(),
    node: z.string(),
    model: z.string(),
    slot: z.string(),
    stale_since: nullableInstant,
    asset: orNull(assetSchema),
    sample: orNull(sampleSchema).openapi({ description: "The board's, else its first instance's." }),
    instances: z.array(sampleSchema).openapi({ description: 'Latest sample of every MIG instance.' }),
    health: orNull(tableRowSchema(GPU_HEALTH_SCORES)).openapi({
      description: 'The newest score, of a board with MIG instances the worst of theirs; null when there is none yet.',
    }),
    anomalies: z.array(anomalySchema).openapi({ description: 'Open ones, worst first.' }),
    episodes: z.array(tableRowSchema(XID_EPISODES)).openapi({ description: 'The newest ones, at most 20.' }),
    prediction: orNull(tableRowSchema(GPU_FAILURE_PREDICTIONS)).openapi({
      description:
        'The newest prediction, of a board with MIG instances the likeliest failure of theirs; null when there is none yet.',
    }),
    decision: orNull(tableRowSchema(GPU_ECONOMIC_DECISIONS)).openapi({
      description: "The newest decision: the board's, else its first instance's; null when there is none yet.",
    }),
    unavailable: z.array(z.string()).openapi({ description: 'Fields that could not be looked up just now.' }),
  })
  .openapi('Verdict');
export type Verdict = z.infer<typeof verdictSchema>;

/** Some fields of a table's row. */
const partOf = (table: TableSpec, names: readonly string[]) =>
  tableRowSchema({
    ...table,
    name: `${table.name}_now`,
    columns: table.columns.filter(({ name }) => names.includes(name)),
  });

/** Topic `gpu/U`: every snapshot and delta carries the GPU's whole state; null when the GPU was never seen. */
export const gpuStateSchema = z
  .object({
    gpu_uuid: z.string(),
    node: z.string(),
    model: z.string(),
    slot: z.string(),
    stale_since: nullableInstant,
    sample: orNull(sampleSchema),
    instances: z.array(sampleSchema),
    anomalies: z.array(anomalySchema),
    health: z.array(partOf(GPU_HEALTH_SCORES, HEALTH_NOW)).openapi({
      description: "The board's score, or that of each of its MIG instances; without contributions.",
    }),
    predictions: z.array(partOf(GPU_FAILURE_PREDICTIONS, PREDICTION_NOW)),
    decision: orNull(partOf(GPU_ECONOMIC_DECISIONS, DECISION_NOW)),
  })
  .openapi('GpuState');
export type GpuState = z.infer<typeof gpuStateSchema>;

/** The envelope of every list. */
export const listSchema = <T extends z.ZodType>(item: T) =>
  z.object({
    items: z.array(item),
    next: z.string().nullable().openapi({ description: 'Cursor of the next page; null on the last one.' }),
    total: z.int().openapi({ description: 'Items that match, over all pages.' }),
  });

export const problemSchema = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    instance: z.string(),
    code: z.string().openapi({ description: 'Code of the error catalogue, GV-XXX-NNN.' }),
    action: z.string(),
    errors: z.array(z.object({ field: z.string(), detail: z.string() })).optional(),
  })
  .openapi('Problem');
