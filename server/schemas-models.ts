import { z } from '@hono/zod-openapi';
import { TRIGGERS } from '../models/registry/manifest.ts';
import { DECISIONS } from '../pipeline/contract/predictions.ts';
import { instantSchema } from './instant-schema.ts';

/** Answers about failure models, what they say of the whole fleet, and how far their features have moved. */
const count = z.int().nullable();
const nullableInstant = instantSchema.nullable();
const told = (description: string) => z.number().nullable().openapi({ description });

/** What a model learned from; figures of one that was trained on simulated fleets must say so. */
const trainedOn = z.enum(['simulated', 'real', 'mixed', 'unknown', 'nothing']);

export const modelSchema = z
  .object({
    version: z.string().openapi({ description: 'A number of the registry, shipped-N, or heuristic.' }),
    name: z.string(),
    trained_on: trainedOn,
    created_at: nullableInstant,
    aliases: z.array(z.string()).openapi({ description: 'champion judges; challenger judges a share of the GPUs.' }),
    judges_ratio: z.number().openapi({ description: 'Share 0..1 of the GPUs that it judges now.' }),
    metrics: z.record(z.string(), z.number()).openapi({ description: 'Of its training, on later data of other GPUs.' }),
    lineage: z.object({
      data_from: nullableInstant,
      data_to: nullableInstant,
      rows: count,
      gpus: count,
      positives: count,
      feature_version: z.string().nullable(),
      seed: z.int().nullable(),
      commit: z.string().nullable(),
      params: z.record(z.string(), z.unknown()).openapi({ type: 'object', additionalProperties: true }),
      trigger: z
        .object({
          what: z
            .enum(TRIGGERS)
            .openapi({ description: 'asked, schedule, or drift of the prediction, of its loss, or of the features.' }),
          model: z.string().openapi({ description: 'Name and version of what judged then.' }),
          why: z.string(),
        })
        .nullable()
        .openapi({ description: 'Why it was trained; null: nobody noted it.' }),
    }),
    parent_version: count,
    note: z.string(),
    sha256: z.string().nullable(),
    size_bytes: count,
  })
  .openapi('Model');
export type ModelAnswer = z.infer<typeof modelSchema>;

export const modelDetailSchema = modelSchema
  .extend({
    card: z.string().openapi({ description: 'Markdown: what it is for, what it learned from, how good it is.' }),
    history: z
      .array(
        z.object({
          at: instantSchema,
          alias: z.string(),
          from: z.string().nullable(),
          to: z.string().nullable(),
          by: z.string(),
          why: z.string(),
        }),
      )
      .openapi({ description: 'Changes of aliases from or to it, newest first; null: no version.' }),
  })
  .openapi('ModelDetail');

export const aliasMoveSchema = z
  .object({
    alias: z.string(),
    version: z.string().nullable().openapi({ description: 'Null: no version, so what is configured judges.' }),
    before: z.string().nullable(),
  })
  .openapi('AliasMove');

export const featureDriftSchema = z
  .object({
    feature: z.string(),
    unit: z.string(),
    index: told('Population stability index, 0 = spread as in training; null when it cannot be told.'),
    limit: z.number().openapi({ description: '0.25, or what chance alone does with so few boards, or so alike.' }),
    alarm: z.boolean(),
    ks: told(
      'Kolmogorov-Smirnov statistic of known values over the limits of the training: the largest distance of the cumulated shares, 0..1.',
    ),
    ks_p: told(
      'Chance of such a distance or more if nothing has moved; boards are the cases, fewer where those of a node are alike.',
    ),
    importance: z.number().openapi({ description: 'Share 0..1 of what the model goes by.' }),
    moved: z.boolean().openapi({
      description: 'Beyond doubt: an alarm, and a KS that chance makes in one look of a thousand, over all features.',
    }),
    missing_ratio: z.number().openapi({ description: "Share 0..1 of today's vectors without a value." }),
    reference_missing_ratio: told('The same in training.'),
  })
  .openapi('FeatureDrift');

/** What is told of a drift list as a whole. */
export const driftFacts = {
  model_name: z.string().openapi({ description: 'The model that judges.' }),
  model_version: z.string(),
  trained_on: trainedOn,
  at: nullableInstant.openapi({
    description: 'Event time of the newest vector; null: there is none, or no reference.',
  }),
  gpus: z.int().openapi({ description: 'Boards compared.' }),
  alarms: z.int(),
  moved_ratio: told(
    'Share 0..1 of what the model goes by (importance, the age left out) that has moved beyond doubt; null: nothing to compare.',
  ),
};

export const riskSchema = z
  .object({
    ts: instantSchema,
    gpu_uuid: z.string(),
    node: z.string(),
    instance: z.string(),
    failure_prob_7d: told('0..1.'),
    failure_prob_30d: told('0..1.'),
    failure_prob_90d: told('0..1.'),
    predicted_failure_type: z.string().openapi({ description: 'memory, thermal, power or other.' }),
    estimated_ttf_days: told('Median time to failure.'),
    confidence: told('0..1.'),
    model_name: z.string(),
    model_version: z.string(),
    explanation: z.string(),
    decision: z.enum(DECISIONS).nullable().openapi({ description: 'Of the board; null: none yet.' }),
    advice: z.string().openapi({ description: 'Of the board; empty: none yet.' }),
    value_at_risk_usd_per_hour: told('Of the board.'),
    priority: told('failure_prob_30d x value_at_risk_usd_per_hour: what the list is ranked by.'),
  })
  .openapi('FleetRisk');
export type FleetRisk = z.infer<typeof riskSchema>;
