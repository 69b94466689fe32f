import { VitalsError } from '../../pipeline/contract/errors.ts';
import { fnv1a } from '../../pipeline/contract/ids.ts';
import { HORIZONS_DAYS } from '../../pipeline/contract/predictions.ts';
import type { BoostingData } from '../boosting/boosting-data.ts';
import { type BoostingParams, boostingParams } from '../boosting/boosting-params.ts';
import { trainBoosting } from '../boosting/train.ts';
import { binCounts } from '../drift/psi.ts';
import { forestData } from '../isolation-forest/forest-data.ts';
import { FOREST_DEFAULTS, fitForest } from '../isolation-forest/forest-fit.ts';
import { readXgboostModel } from '../xgboost/read-model.ts';
import { createExplainer } from '../xgboost/shap.ts';
import { COMPONENTS, HORIZON_KEYS, type PredictionBundle, treesAlone } from './bundle.ts';
import { knownRows, type Landmarks, outcome, selectLandmarks } from './landmarks.ts';
import { risingRisks } from './rising-risks.ts';
import { trainCox } from './train-cox.ts';
import { trainTypes } from './train-types.ts';

export interface TrainPartsOptions {
  readonly name: string;
  readonly trained_on: PredictionBundle['trained_on'];
  readonly seed: number;
  /** Over the defaults of the trees, by XGBoost's names. */
  readonly params: Readonly<Record<string, unknown>>;
  /** Failures below which a horizon gets no trees of its own; without as many for 30 days nothing is trained. */
  readonly failures_min: number;
  /** Told step by step. */
  readonly say: (line: string) => void;
}

/** What the trees begin with: shallower than the default of section 8, for what is seldom is soon learned by heart. */
const TREE_DEFAULTS: Readonly<Record<string, unknown>> = {
  max_depth: 4,
  eta: 0.05,
  num_boost_round: 400,
  early_stopping_rounds: 50,
  min_child_weight: 5,
  lambda: 5,
};

/** One GPU in four judges when to stop: fewer hold too few failures to judge by. */
const VALID_SHARE = 1 / 4;
/** Rounds where too few failed to judge when to stop. */
const UNJUDGED_ROUNDS = 100;
const FOREST_ROWS = 8_192;
const EXPLAINED_ROWS = 2_000;
const BINS = 10;

/** Landmarks that judge when the trees are to stop: whole GPUs, by their names. */
const isValid = (gpu_uuid: string, seed: number): boolean =>
  fnv1a(`${seed} valid ${gpu_uuid}`) % 1_000 < VALID_SHARE * 1_000;

/**
 * The models of a bundle but the recurrent one, and the combination, which needs later data: trees by horizon, trees for the
 * type, Cox over the fifteen features of most importance, the isolation forest. Deterministic by seed.
 * Errors   GV-MDL-303 when there are too few failures.
 */
export function trainParts(landmarks: Landmarks, options: TrainPartsOptions): PredictionBundle {
  const { seed, say } = options;
  const trees = HORIZONS_DAYS.map((days, h) => {
    const gpus = knownRows(landmarks, days).failing;
    if (gpus < options.failures_min) {
      if (HORIZON_KEYS[h] === 'd30') {
        throw new VitalsError(
          'GV-MDL-303',
          `${gpus} GPUs failed within ${days} days of a day that is known, ${options.failures_min} are needed`,
          'training set',
        );
      }
      say(`${days} days: only ${gpus} GPUs failed; they follow the hazard of 30 days`);
      return null;
    }
    const params = treeParams(landmarks, options);
    const { train, valid, judged } = treeRows(landmarks, days, seed);
    const trained = trainBoosting(
      judged
        ? { data: train, valid, params }
        : {
            data: labelled(landmarks, days, () => true),
            params: { ...params, early_stopping_rounds: null, num_boost_round: UNJUDGED_ROUNDS },
          },
    );
    const figure = judged
      ? `, AUC ${(trained.history[trained.rounds - 1] ?? Number.NaN).toFixed(3)} on GPUs left out`
      : '';
    say(`${days} days: ${trained.rounds} rounds over ${train.rows} rows, ${gpus} GPUs failed${figure}`);
    return trained.document;
  });
  const importance = importances(landmarks, trees[1], seed);
  const reference_bins = referenceBins(landmarks);
  return {
    format: 'gpu-vitals-failure-prediction',
    version: 1,
    name: options.name,
    trained_on: options.trained_on,
    features: [...landmarks.features],
    importance,
    trees: { d7: trees[0], d30: trees[1], d90: trees[2] },
    types: trainTypes(landmarks, seed, say),
    cox: trainCox(landmarks, importance, say),
    lstm: null,
    novelty: forestData(fitForest(forestRows(landmarks), { ...FOREST_DEFAULTS, seed })),
    // Until a combination is learned the trees speak alone.
    combiners: {
      d7: trees[0] === null ? null : treesAlone(),
      d30: treesAlone(),
      d90: trees[2] === null ? null : treesAlone(),
    },
    alone: COMPONENTS.map(() => null),
    background: { hazards: [0, 0, 0], ratio: 1 },
    threshold_30d: 0.5,
    reference_bins,
    reference_counts: reference_bins.map((limits, k) => referenceCounts(landmarks, k, limits)),
  };
}

/** Defaults of the trees, less what is given. */
export const treeParams = (
  landmarks: Landmarks,
  { seed, params }: Pick<TrainPartsOptions, 'seed' | 'params'>,
): BoostingParams =>
  boostingParams.parse({
    ...TREE_DEFAULTS,
    seed,
    monotone_constraints: risingRisks(landmarks.features),
    ...params,
  });

export interface TreeRows {
  readonly train: BoostingData;
  /** Of other GPUs. */
  readonly valid: BoostingData;
  /** Whether both hold failures and survivors. */
  readonly judged: boolean;
}

/** Landmarks that trees of a horizon learn from, and those that judge them meanwhile. */
export function treeRows(landmarks: Landmarks, days: number, seed: number): TreeRows {
  const valid = labelled(landmarks, days, (gpu) => isValid(gpu, seed));
  const train = labelled(landmarks, days, (gpu) => !isValid(gpu, seed));
  const both = (one: BoostingData): boolean => one.rows > 0 && new Set(one.labels).size === 2;
  return { train, valid, judged: both(valid) && both(train) };
}

/** Landmarks whose outcome is known, of all GPUs or of those that judge, or do not judge, when the trees stop. */
function labelled(landmarks: Landmarks, days: number, among: (gpu_uuid: string) => boolean): BoostingData {
  const known = selectLandmarks(
    landmarks,
    (row) =>
      !Number.isNaN(outcome(landmarks, row, days)) && among(landmarks.gpus[landmarks.gpu[row] as number] as string),
  );
  const labels = Float32Array.from({ length: known.rows }, (_, row) => outcome(known, row, days));
  return { values: known.values, rows: known.rows, features: known.features, labels };
}

/** Mean of |SHAP| over an even sample. */
function importances(landmarks: Landmarks, document: unknown, seed: number): number[] {
  const model = readXgboostModel(document, 'trees');
  const width = landmarks.features.length;
  const stride = Math.max(1, Math.floor(landmarks.rows / EXPLAINED_ROWS));
  const count = Math.ceil(landmarks.rows / stride);
  const rows = new Float32Array(count * width);
  for (let i = 0; i < count; i++) {
    const row = Math.min(landmarks.rows - 1, i * stride + (seed % stride));
    rows.set(landmarks.values.subarray(row * width, (row + 1) * width), i * width);
  }
  const shap = new Float64Array(count * (width + 1));
  createExplainer(model).contributions(rows, count, shap);
  return landmarks.features.map((_, k) => {
    let sum = 0;
    for (let i = 0; i < count; i++) sum += Math.abs(shap[i * (width + 1) + k] as number);
    return sum / count;
  });
}

function forestRows({ rows, values, features }: Landmarks): Float32Array[] {
  const stride = Math.max(1, Math.floor(rows / FOREST_ROWS));
  const out: Float32Array[] = [];
  for (let row = 0; row < rows; row += stride)
    out.push(values.slice(row * features.length, (row + 1) * features.length));
  return out;
}

/** Nine limits per feature that cut what was known into ten equal parts. */
function referenceBins({ rows, values, features }: Landmarks): number[][] {
  const width = features.length;
  return features.map((_, k) => {
    const known: number[] = [];
    for (let row = 0; row < rows; row++) {
      const value = values[row * width + k] as number;
      if (!Number.isNaN(value)) known.push(value);
    }
    known.sort((a, b) => a - b);
    if (known.length === 0) return [];
    return Array.from({ length: BINS - 1 }, (_, b) => known[Math.floor(((b + 1) * known.length) / BINS)] as number);
  });
}

function referenceCounts({ rows, values, features }: Landmarks, feature: number, limits: readonly number[]): number[] {
  const column = Float32Array.from({ length: rows }, (_, row) => values[row * features.length + feature] as number);
  return [...binCounts(column, [...new Set(limits)])];
}
