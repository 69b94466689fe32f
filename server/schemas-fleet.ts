import { z } from '@hono/zod-openapi';
import type { HealthGrade } from '../pipeline/contract/events.ts';
import { METRICS } from '../pipeline/contract/metrics.ts';
import { rollupAggregates } from '../pipeline/contract/tables.ts';
import { ACCESS_ROLES } from '../pipeline/keys/access-role.ts';
import { GROUPINGS } from './group-members.ts';
import { instantSchema } from './instant-schema.ts';
import { anomalySchema, gpuStateSchema, gpuSummarySchema, listSchema } from './schemas.ts';

const groupCounts = {
  gpus: z.int().openapi({ description: 'GPUs and MIG instances in the list.' }),
  stale: z.int(),
  power_watts: z.number().openapi({ description: 'Sum over boards.' }),
  mean_gpu_temp_celsius: z.number().nullable(),
  open_info: z.int(),
  open_warning: z.int(),
  open_critical: z.int(),
};

/** `GET /fleet/summary`: the fleet in figures; stale GPUs count in `gpus` and `stale` and in nothing else but anomalies. */
const GRADES: readonly HealthGrade[] = ['excellent', 'good', 'fair', 'degraded', 'poor', 'critical', 'unknown'];

const grades = z.object(Object.fromEntries(GRADES.map((grade) => [grade, z.int()])) as Record<HealthGrade, z.ZodInt>);
const outlook = {
  expected_failures_7d: z.number().nullable().openapi({
    description: 'Sum over boards of the probability to fail within 7 days; null while nothing is foreseen.',
  }),
  expected_failures_30d: z.number().nullable(),
  expected_value_usd: z.number().nullable().openapi({
    description: 'Sum over boards of what their best option is worth; null while nothing is decided.',
  }),
  value_at_risk_usd_per_hour: z.number().nullable(),
};

const groupSchema = z
  .object({
    group: z.string().openapi({ description: 'Value of what is grouped by; empty where it is not known.' }),
    gpus: groupCounts.gpus,
    nodes_total: z.int(),
    stale: z.int(),
    power_watts: groupCounts.power_watts,
    mean_gpu_temp_celsius: z.number().nullable(),
    mean_gpu_util_ratio: z.number().nullable(),
    open_info: z.int(),
    open_warning: z.int(),
    open_critical: z.int(),
    worst_severity: z.enum(['info', 'warning', 'critical']).nullable(),
    grades,
    mean_score: z.number().nullable(),
    worst: z
      .object({
        gpu_uuid: z.string(),
        instance: z.string(),
        node: z.string(),
        overall_score: z.number(),
        health_grade: z.string(),
      })
      .nullable()
      .openapi({ description: 'Who has the lowest score.' }),
    ...outlook,
  })
  .openapi('FleetGroup');

export const fleetSummarySchema = z
  .object({
    ts: instantSchema.nullable().openapi({ description: 'Latest event time seen.' }),
    ...groupCounts,
    nodes_total: z.int(),
    mean_gpu_util_ratio: z.number().nullable(),
    gpus_with_critical: z.int().openapi({ description: 'GPUs whose worst open anomaly is critical.' }),
    gpus_with_warning: z.int(),
    gpus_with_info: z.int(),
    gpus_without_anomaly: z.int(),
    health: z
      .object({
        mean_score: z.number().nullable().openapi({ description: '0..100 over all GPUs that have a score.' }),
        grades,
        open_incidents: z.int(),
      })
      .nullable()
      .openapi({ description: 'From the newest scores, at most ten seconds old; null while they are not known.' }),
    ...outlook,
    models: z.array(z.object({ model: z.string(), ...groupCounts })),
    nodes: z.array(z.object({ node: z.string(), ...groupCounts })),
    group_by: z.enum(GROUPINGS).optional(),
    groups: z.array(groupSchema).optional().openapi({
      description:
        'With group_by: by name. What concerns a board counts once a board and group; verdicts are at most ten seconds old.',
    }),
  })
  .openapi('FleetSummary');
export type FleetSummary = z.infer<typeof fleetSummarySchema>;

/** A row of `gpu_metrics` or of a rollup: raw names, or `<metric>_avg|_min|_max`; null = missing. */
const metricRowSchema = z
  .object({
    ts: instantSchema,
    gpu_uuid: z.string(),
    node: z.string(),
    instance: z.string(),
    ...Object.fromEntries(
      METRICS.flatMap((metric) => [metric.name, ...rollupAggregates(metric).map((a) => `${metric.name}_${a}`)]).map(
        (name) => [name, z.number().nullable().optional()],
      ),
    ),
  })
  .openapi('MetricRow');

export const metricListSchema = listSchema(metricRowSchema)
  .extend({ resolution: z.enum(['raw', '1m', '5m', '1h']).openapi({ description: 'What was read.' }) })
  .openapi('MetricList');

/** `GET /topology`: what an engine last told of its steps, as it told it (rows, lag, time per step, the drawing). */
export const topologySchema = z
  .looseObject({
    worker: z.string().nullable().openapi({ description: 'Who told it; null when no engine has told yet.' }),
    received_at: instantSchema.nullable(),
    workers: z.array(z.string()).openapi({ description: 'All engines heard of; choose one with `worker`.' }),
    lag_messages_max: z.number().nullable().openapi({
      description: 'The highest `lag_messages` over all engines, whichever is asked for; null while none tells.',
    }),
    steps: z.array(z.looseObject({ id: z.string() })),
    edges: z.array(z.unknown()),
  })
  .openapi('Topology');

export const errorEntrySchema = z
  .object({ code: z.string(), meaning: z.string(), action: z.string() })
  .openapi('ErrorEntry');

export const readinessSchema = z
  .object({
    ready: z.boolean(),
    checks: z.array(z.object({ name: z.string(), ok: z.boolean(), detail: z.string() })),
  })
  .openapi('Readiness');

/** `GET /console-config`: what the console needs to know of this installation. */
export const consoleConfigSchema = z
  .object({
    live: z.string().nullable().openapi({ description: 'WebSocket URL of the live server; null when there is none.' }),
    protocol: z.literal('gpu-vitals.v1'),
    stale_after_ms: z.number(),
    simulated: z.boolean().openapi({ description: 'The fleet is simulated: no real GPU is behind the readings.' }),
    name: z.string().openapi({ description: 'Whose key it is that asks; empty while there are no keys.' }),
    role: z.enum(ACCESS_ROLES),
    tenant: z.string().openapi({ description: 'Only its GPUs are shown; empty: all.' }),
    refused: z.array(z.string()).openapi({ description: 'Routes that this caller may not call.' }),
  })
  .openapi('ConsoleConfig');
export type ConsoleConfig = z.infer<typeof consoleConfigSchema>;

/** What a client may say on the live socket. */
export const liveRequestSchema = z.discriminatedUnion('op', [
  z.object({ op: z.literal('subscribe'), topic: z.string(), since: z.int().optional() }),
  z.object({ op: z.literal('unsubscribe'), topic: z.string() }),
  z.object({ op: z.literal('auth'), key: z.string() }),
  z.object({ op: z.literal('ping') }),
]);
export type LiveRequest = z.infer<typeof liveRequestSchema>;

/**
 * What the live server says. `data` by topic, in snapshots and in deltas:
 * fleet, node/N: list of summaries (delta: the changed ones); gpu/U: the GPU's whole state or null; anomalies: list of
 * open anomalies (delta: changed ones, closed ones with state closed); alerts: rows of the table `alerts` likewise, with
 * `silenced_by` and `inhibited_by`.
 * gap: `{from, to}`, the first missed seq and the last (null when unknown); pong: null; error: `{code, detail, topic}`.
 */
export const liveMessageSchema = z
  .object({
    topic: z.string().nullable(),
    seq: z.int().nullable(),
    type: z.enum(['snapshot', 'delta', 'gap', 'error', 'pong']),
    ts: instantSchema,
    data: z.union([
      z.array(gpuSummarySchema),
      gpuStateSchema,
      z.array(anomalySchema),
      z.array(z.looseObject({ id: z.string() })),
      z.object({ from: z.int().nullable(), to: z.int().nullable() }),
      z.object({ code: z.string(), detail: z.string(), topic: z.string().nullable() }),
      z.null(),
    ]),
  })
  .openapi('LiveMessage');
export type LiveMessage = z.infer<typeof liveMessageSchema>;
