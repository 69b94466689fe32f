import { z } from 'zod';

/** The largest bundle that a registry takes. */
export const BUNDLE_BYTES_MAX = 64 * 1024 * 1024;
const CARD_CHARS_MAX = 131_072;
const NOTE_CHARS_MAX = 4_096;

/** What a model learned from. Figures of a model trained on simulated fleets must say so wherever they stand. */
const TRAINED_ON = ['simulated', 'real', 'mixed', 'unknown'] as const;

/** Why a model was trained: asked for, on schedule, or because of drift of what is predicted, of its errors, or of features. */
export const TRIGGERS = ['asked', 'schedule', 'prediction', 'loss', 'features'] as const;
export type Trigger = (typeof TRIGGERS)[number];
export const WHY_CHARS_MAX = 1_000;

const count = z.int().nonnegative();
const instant = z.int();

type Json = string | number | boolean | null | readonly Json[] | { readonly [name: string]: Json };
/** Parameters are a list in a list at most; what is nested by the thousand would exhaust the stack of whoever writes it. */
const PARAMS_DEPTH_MAX = 16;
const isJson = (value: unknown, depth: number): boolean =>
  typeof value === 'object' && value !== null
    ? depth < PARAMS_DEPTH_MAX && Object.values(value).every((one) => isJson(one, depth + 1))
    : ['string', 'number', 'boolean'].includes(typeof value) || value === null;
const params = z.custom<Json>((value) => isJson(value, 0), { error: `must be JSON, at most ${PARAMS_DEPTH_MAX} deep` });

/** Where a model comes from; null is what nobody knows any more. */
const lineage = z.object({
  /** Event time of the first and the last row that it learned from, epoch ms. */
  data_from: instant.nullable().default(null),
  data_to: instant.nullable().default(null),
  rows: count.nullable().default(null),
  gpus: count.nullable().default(null),
  positives: count.nullable().default(null),
  /** Of the feature definitions. */
  feature_version: z.string().max(200).nullable().default(null),
  seed: z.int().nullable().default(null),
  /** Of this project's sources. */
  commit: z.string().max(200).nullable().default(null),
  params: z.record(z.string(), params).default({}),
  /** What made somebody train it, in words too, and what judged then, by name and version. */
  trigger: z
    .object({
      what: z.enum(TRIGGERS),
      model: z.string().max(200),
      why: z.string().max(WHY_CHARS_MAX),
    })
    .nullable()
    .default(null),
});

const said = {
  name: z
    .string()
    .regex(/^[a-z0-9][a-z0-9._-]{0,99}$/, 'lower-case letters, digits and . _ - only')
    .default('failure-prediction'),
  trained_on: z.enum(TRAINED_ON).default('unknown'),
  lineage: lineage.prefault({}),
  metrics: z.record(z.string(), z.number()).default({}),
  /** Markdown: what the model is for, what it was trained on, how good it is, and what it must not be used for. */
  card: z.string().max(CARD_CHARS_MAX).default(''),
  /** The version that this one was trained to follow. */
  parent_version: z.int().positive().nullable().default(null),
  note: z.string().max(NOTE_CHARS_MAX).default(''),
};

/** What whoever registers a bundle says about it. `created_at` is given by the registry's clock when it is left out. */
export const modelManifestDraft = z.object({ ...said, created_at: instant.optional() });

/** A version of a model as it lies in a registry, next to its bytes. Instants are epoch ms. */
export const modelManifest = z.object({
  ...said,
  /** Given by the registry, from 1 on, never twice. */
  version: z.int().positive(),
  created_at: instant,
  /** Of the bundle's bytes, as hex digits. */
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  size_bytes: z.int().positive().max(BUNDLE_BYTES_MAX),
});

export type ModelManifestDraft = z.input<typeof modelManifestDraft>;
export type ModelManifest = z.output<typeof modelManifest>;
