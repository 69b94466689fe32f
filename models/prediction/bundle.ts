import { gunzipSync, gzipSync } from 'node:zlib';
import { z } from 'zod';
import { VitalsError } from '../../pipeline/contract/errors.ts';
import { findFeature } from '../../pipeline/contract/features.ts';
import type { Forest } from '../isolation-forest/forest.ts';
import { readForest } from '../isolation-forest/forest-data.ts';
import { readLstm } from '../lstm/lstm-document.ts';
import type { LstmModel } from '../lstm/lstm-model.ts';
import { type CoxDocument, readCoxDocument } from '../survival/cox-document.ts';
import { readXgboostModel } from '../xgboost/read-model.ts';
import type { TreeModel } from '../xgboost/tree-model.ts';
import type { Combiner } from './combiner.ts';

/** Unpacked, a bundle holds some ten megabytes; more is none of ours. */
const BYTES_MAX = 256 * 2 ** 20;

const number = z.number();
const combiner = z.strictObject({ bias: number, weights: z.array(number), means: z.array(number) });
/** How the network came to be, where a fleet's own history went into it. Instants are epoch ms. */
const networkOrigin = z.strictObject({
  /** Everything that its weights have seen: one that went on from the shipped network has seen both. */
  trained_on: z.enum(['simulated', 'real', 'mixed']),
  /** Whose weights it began with; nothing: drawn ones. */
  began_with: z.enum(['nothing', 'simulated', 'real', 'mixed']),
  /** The span of its steps, and what is known of boards to this instant. */
  from: z.int(),
  to: z.int(),
  gpus: z.int().min(0),
  failing_gpus: z.int().min(0),
  /** Steps of GPUs that were learned from, repeated ones counted. */
  gpu_steps: z.int().min(0),
  backend: z.enum(['tensorflow', 'wasm', 'cpu']),
  ended: z.enum(['epochs', 'patience', 'time']),
  /** Per step of GPUs that it did not learn from, each at its best calibration: its own, and that of what it took the place of. */
  loss: number,
  loss_before: number,
});

const names = z.array(z.string().min(1).max(200)).min(1).max(2_000);

const bundleSchema = z.strictObject({
  format: z.literal('gpu-vitals-failure-prediction'),
  version: z.literal(1),
  name: z.string().regex(/^[a-z0-9][a-z0-9._-]{0,99}$/),
  trained_on: z.enum(['simulated', 'real', 'mixed']),
  /** What the trees, Cox and the forest look at, by name. */
  features: names,
  /** Where they were trained on counts of samples as gpu_features has them; else on those of `inputReader`, told alike. */
  sample_counts: z.literal('stored').optional(),
  /** How much each feature moves predictions (mean |SHAP|): what is missing costs confidence by it. */
  importance: z.array(number.min(0)),
  /** XGBoost documents by horizon; null where there was too little to learn from. */
  trees: z.strictObject({ d7: z.unknown(), d30: z.unknown(), d90: z.unknown() }),
  /** Which kind of failure it will be; null without one. */
  types: z.unknown(),
  /** Over log1p of its features' magnitudes, signs kept. */
  cox: z.strictObject({ features: names, document: z.unknown() }).nullable(),
  /** Without an origin it is the network that was shipped, trained on simulated fleets. */
  lstm: z.strictObject({ document: z.unknown(), origin: networkOrigin.nullable().default(null) }).nullable(),
  novelty: z.unknown(),
  /** Over COMPONENTS, by horizon. */
  combiners: z.strictObject({ d7: combiner.nullable(), d30: combiner, d90: combiner.nullable() }),
  /** Each component alone, for 30 days: what they say when asked one by one. */
  alone: z.array(combiner.nullable()),
  /**
   * Failures without forerunners: the usual cumulative hazard by horizon where it was trained, and how many of them there are
   * in ordinary fleets for each one there. Training fleets that fail more often than real ones must not make everybody look ill.
   */
  background: z.strictObject({
    hazards: z.tuple([number.min(0), number.min(0), number.min(0)]),
    ratio: number.min(0).max(1),
  }),
  /** 30-day probability from which on an alarm costs less than it saves. */
  threshold_30d: number.min(0).max(1),
  /** Limits of ten equally filled bins per feature where it was trained: what drift is measured against. */
  reference_bins: z.array(z.array(number)),
  /** How many of its rows lay between them, repeated limits once, and how many were missing (last); none where nobody counted. */
  reference_counts: z.array(z.array(number.min(0))).default([]),
});

/** A failure model as JSON carries it. */
export type PredictionBundle = z.infer<typeof bundleSchema>;
export type NetworkOrigin = z.infer<typeof networkOrigin>;

/**
 * What is combined, in this order: log-odds of the trees of the horizon, of the trees of a week where the horizon is longer
 * (who fails this week fails this month), of Cox and of the recurrent network, and novelty.
 */
export const COMPONENTS = ['trees', 'imminent', 'cox', 'lstm', 'novelty'] as const;
export const HORIZON_KEYS = ['d7', 'd30', 'd90'] as const;

/** A combination in which the trees speak alone, their log-odds moved by so much. */
export const treesAlone = (bias = 0): z.infer<typeof combiner> => ({
  bias,
  weights: COMPONENTS.map((name) => Number(name === 'trees')),
  means: COMPONENTS.map(() => 0),
});

/** A bundle whose parts are checked and ready to judge. */
export interface LoadedBundle {
  readonly bundle: PredictionBundle;
  readonly trees: readonly (TreeModel | null)[];
  readonly types: TreeModel | null;
  readonly cox: CoxDocument | null;
  readonly lstm: LstmModel | null;
  readonly novelty: Forest | null;
  readonly combiners: readonly (Combiner | null)[];
}

export const packBundle = (bundle: PredictionBundle): Uint8Array => gzipSync(JSON.stringify(bundle), { level: 9 });

/**
 * Reads a bundle that anybody may have written: JSON, gzipped or not. What is taken can be asked without further checks.
 * Errors: GV-MDL-304 when it is none, GV-MDL-302 when it needs features that this release does not have; and those of the
 * readers of its parts.
 */
export function readBundle(bytes: Uint8Array, where: string): LoadedBundle {
  let document: unknown;
  try {
    const zipped = bytes[0] === 0x1f && bytes[1] === 0x8b;
    const text = zipped ? gunzipSync(bytes, { maxOutputLength: BYTES_MAX }) : bytes;
    document = JSON.parse(Buffer.from(text.buffer, text.byteOffset, text.byteLength).toString('utf8'));
  } catch (cause) {
    throw new VitalsError('GV-MDL-304', 'it is neither JSON nor gzipped JSON', where, { cause });
  }
  return loadBundle(document, where);
}

export function loadBundle(document: unknown, where: string): LoadedBundle {
  const parsed = bundleSchema.safeParse(document);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw new VitalsError('GV-MDL-304', `${issue?.path.join('.') || 'the document'}: ${issue?.message}`, where);
  }
  const bundle = parsed.data;
  const width = bundle.features.length;
  const inputs = COMPONENTS.length;
  const combiners = [bundle.combiners.d7, bundle.combiners.d30, bundle.combiners.d90];
  const fits = [...combiners, ...bundle.alone].every(
    (one) => one === null || (one.weights.length === inputs && one.means.length === inputs),
  );
  if (!fits || bundle.alone.length !== inputs || bundle.importance.length !== width) {
    throw new VitalsError('GV-MDL-304', 'its lists do not fit each other', where);
  }
  for (const name of bundle.features) checkFeature(name, where);
  const trees = HORIZON_KEYS.map((key) => treesOf(bundle.trees[key], bundle.features, where));
  if (trees[1] === null) throw new VitalsError('GV-MDL-304', 'it has no trees for 30 days', where);
  return {
    bundle,
    trees,
    types: treesOf(bundle.types, bundle.features, where),
    cox: bundle.cox === null ? null : coxOf(bundle.cox, where),
    lstm: bundle.lstm === null ? null : lstmOf(bundle.lstm.document, where),
    novelty: bundle.novelty === null ? null : forestOf(bundle.novelty, width, where),
    combiners,
  };
}

function checkFeature(name: string, where: string): void {
  if (findFeature(name) >= 0) return;
  throw new VitalsError('GV-MDL-302', `it needs the feature ${name}, which this release does not compute`, where);
}

function coxOf({ features, document }: NonNullable<PredictionBundle['cox']>, where: string): CoxDocument {
  const read = readCoxDocument(document);
  for (const name of features) checkFeature(name, where);
  if (read.names.join('\n') === features.join('\n')) return read;
  throw new VitalsError('GV-MDL-304', 'the features of Cox are not its own', where);
}

function treesOf(document: unknown, features: readonly string[], where: string): TreeModel | null {
  if (document === null || document === undefined) return null;
  const model = readXgboostModel(document, where);
  if (model.feature_names.join('\n') === features.join('\n')) return model;
  throw new VitalsError('GV-MDL-304', 'the features of its trees are not its own', where);
}

function lstmOf(document: unknown, where: string): LstmModel {
  const model = readLstm(document, where);
  for (const { name } of model.inputs) checkFeature(name, where);
  return model;
}

function forestOf(document: unknown, width: number, where: string): Forest {
  const forest = readForest(document as Parameters<typeof readForest>[0]);
  if (forest.features === width) return forest;
  throw new VitalsError('GV-MDL-304', 'its forest looks at other features', where);
}
