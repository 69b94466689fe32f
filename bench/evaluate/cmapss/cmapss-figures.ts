import type { BoostingData } from '../../../models/boosting/boosting-data.ts';
import { boostingParams } from '../../../models/boosting/boosting-params.ts';
import { trainBoosting } from '../../../models/boosting/train.ts';
import { treeDraws } from '../../../models/isolation-forest/tree-draws.ts';
import { readXgboostModel } from '../../../models/xgboost/read-model.ts';
import { createScorer } from '../../../models/xgboost/score.ts';
import { engineFeatures, movingSensors, writeEngineFeatures } from './engine-features.ts';
import { type Cmapss, type Engine, readCmapss } from './read-cmapss.ts';

/** An engine that has more left is as good as new: nothing to be seen yet. */
export const CAP_CYCLES = 125;
/** RMSE of a deep LSTM with this cap, as published. */
export const PUBLISHED_RMSE = 16.14;

export interface CmapssTrial {
  readonly depth: number;
  readonly min_child_weight: number;
  /** Over engines that were left out of training, all their cycles. */
  readonly rmse: number;
  readonly rounds: number;
}

export interface CmapssFigures {
  readonly train_engines: number;
  readonly test_engines: number;
  readonly features: number;
  /** Remaining cycles of the test engines, the truth capped as the training was. */
  readonly rmse: number;
  /** The same against the truth as it is. */
  readonly rmse_uncapped: number;
  /** Score of the PHM08 challenge, capped truth: the sum over engines; late answers cost more than early ones. */
  readonly phm08_score: number;
  /** Mean of answer less truth: above 0 is late. */
  readonly bias: number;
  /** RMSE of who answers the mean of the training rows for every engine. */
  readonly rmse_of_mean: number;
  readonly published_rmse: number;
  /** What was tried on engines of the training set alone; the best one was taken. */
  readonly trials: readonly CmapssTrial[];
  readonly chosen: CmapssTrial;
}

export interface CmapssOptions {
  readonly seed: number;
  /** One trial of few rounds: shows that it works. */
  readonly quick: boolean;
  readonly say?: (line: string) => void;
}

const FOLDS = 5;
const ROUNDS_MAX = 500;
const PATIENCE = 30;
/** Shallow to deep, from leaves of few cycles to leaves of many. */
const GRID = [
  { depth: 3, min_child_weight: 80 },
  { depth: 4, min_child_weight: 20 },
  { depth: 4, min_child_weight: 80 },
  { depth: 6, min_child_weight: 80 },
];

/** Remaining useful life on FD001 of a folder; null where it is not there. */
export function cmapssFigures(folder: string, options: CmapssOptions): CmapssFigures | null {
  const data = readCmapss(folder);
  return data === null ? null : engineFigures(data, options);
}

/**
 * Boosted trees on rolling means and trends, tuned by cross-validation over whole engines of the training set; then trained on
 * all of it, and asked once about every test engine at its last cycle. The figures of the trials are those of the best round,
 * and so a little too good; test engines have no part in them.
 */
export function engineFigures({ train, test, left }: Cmapss, options: CmapssOptions): CmapssFigures {
  const { seed, quick, say } = options;
  const sensors = movingSensors(train);
  const known = rowsOf(train, sensors);
  const fold = foldsOf(train.length, seed);
  const folds = quick ? 1 : FOLDS;
  const grid = quick ? GRID.slice(0, 1) : GRID;
  const rounds_max = quick ? ROUNDS_MAX / 5 : ROUNDS_MAX;
  const trials = grid.map((one): CmapssTrial => {
    let squares = 0;
    let asked = 0;
    let rounds = 0;
    for (let f = 0; f < folds; f++) {
      const valid = ofEngines(known, (engine) => fold[engine] === f);
      const { best_iteration, history } = trainBoosting({
        data: ofEngines(known, (engine) => fold[engine] !== f),
        valid,
        params: paramsOf({ ...one, rounds: rounds_max, seed, patience: PATIENCE }),
      });
      squares += (history[best_iteration] as number) ** 2 * valid.rows;
      asked += valid.rows;
      rounds += (best_iteration + 1) / folds;
    }
    const trial = { ...one, rmse: Math.sqrt(squares / asked), rounds: Math.round(rounds) };
    say?.(`cmapss: depth ${one.depth}, leaves of ${one.min_child_weight}: RMSE ${trial.rmse.toFixed(2)}`);
    return trial;
  });
  const chosen = trials.reduce((best, one) => (one.rmse < best.rmse ? one : best));
  const { document } = trainBoosting({ data: known, params: paramsOf({ ...chosen, seed, patience: null }) });
  const width = known.features.length;
  const asked = new Float32Array(test.length * width);
  test.forEach((engine, i) => {
    writeEngineFeatures(engine, engine.cycles, sensors, asked, i * width);
  });
  const said = new Float64Array(test.length);
  createScorer(readXgboostModel(document, 'cmapss')).predictions(asked, test.length, said);
  const capped = left.map((cycles) => Math.min(CAP_CYCLES, cycles));
  const off = capped.map((truth, i) => (said[i] as number) - truth);
  const usual = known.labels.reduce((sum, label) => sum + label, 0) / known.rows;
  return {
    train_engines: train.length,
    test_engines: test.length,
    features: width,
    rmse: rootMeanSquare(off),
    rmse_uncapped: rootMeanSquare(left.map((truth, i) => (said[i] as number) - truth)),
    phm08_score: phm08Score(off),
    bias: off.reduce((sum, d) => sum + d, 0) / off.length,
    rmse_of_mean: rootMeanSquare(capped.map((truth) => usual - truth)),
    published_rmse: PUBLISHED_RMSE,
    trials,
    chosen,
  };
}

/** Sum over engines of exp(-d / 13) - 1 for answers too early by d, exp(d / 10) - 1 for too late ones (Saxena et al. 2008). */
export const phm08Score = (off: readonly number[]): number =>
  off.reduce((sum, d) => sum + Math.expm1(d < 0 ? -d / 13 : d / 10), 0);

const rootMeanSquare = (off: readonly number[]): number =>
  Math.sqrt(off.reduce((sum, d) => sum + d * d, 0) / off.length);

const paramsOf = (one: {
  readonly depth: number;
  readonly min_child_weight: number;
  readonly rounds: number;
  readonly seed: number;
  readonly patience: number | null;
}) =>
  boostingParams.parse({
    objective: 'reg:squarederror',
    max_depth: one.depth,
    min_child_weight: one.min_child_weight,
    num_boost_round: one.rounds,
    early_stopping_rounds: one.patience,
    eta: 0.05,
    subsample: 0.7,
    colsample_bytree: 0.4,
    max_bin: 64,
    lambda: 5,
    scale_pos_weight: 1,
    seed: one.seed,
  });

/** Whole engines, dealt out evenly. */
function foldsOf(engines: number, seed: number): number[] {
  const draw = treeDraws(seed, 0);
  const order = Array.from({ length: engines }, (_, i) => ({ i, at: draw() })).sort((a, b) => a.at - b.at);
  const folds = new Array<number>(engines).fill(0);
  for (const [place, { i }] of order.entries()) folds[i] = place % FOLDS;
  return folds;
}

/** Rows, and the place of the engine that each of them is of. */
type EngineRows = BoostingData & { readonly engine: Uint16Array };

/** Every cycle of engines that ran until they failed, with what they had left. */
function rowsOf(engines: readonly Engine[], sensors: readonly number[]): EngineRows {
  const features = engineFeatures(sensors);
  const rows = engines.reduce((sum, { cycles }) => sum + cycles, 0);
  const values = new Float32Array(rows * features.length);
  const labels = new Float32Array(rows);
  const of = new Uint16Array(rows);
  let row = 0;
  for (const [place, engine] of engines.entries()) {
    for (let cycle = 1; cycle <= engine.cycles; cycle++) {
      writeEngineFeatures(engine, cycle, sensors, values, row * features.length);
      of[row] = place;
      labels[row++] = Math.min(CAP_CYCLES, engine.cycles - cycle);
    }
  }
  return { values, rows, features, labels, engine: of };
}

function ofEngines({ values, features, labels, engine }: EngineRows, among: (engine: number) => boolean): BoostingData {
  const width = features.length;
  const rows = Array.from(engine.keys()).filter((row) => among(engine[row] as number));
  const some = new Float32Array(rows.length * width);
  for (const [to, row] of rows.entries()) some.set(values.subarray(row * width, (row + 1) * width), to * width);
  return { values: some, rows: rows.length, features, labels: Float32Array.from(rows, (row) => labels[row] as number) };
}
