import type { BoostingData } from '../models/boosting/boosting-data.ts';
import { xgboostParams } from '../models/boosting/boosting-params.ts';
import { trainBoosting } from '../models/boosting/train.ts';
import { draw, draws } from './fleet/random.ts';

/** What training costs on one core, in CPU time. */
export interface BoostingTrainingFigures {
  /** Sorting and binning, once a training. */
  readonly setup_s: number;
  readonly round_ms: number;
  /** Rows x features x rounds a second, setup left out. */
  readonly cells_per_s: number;
  /** 500 rounds, from setup and a round. */
  readonly whole_s: number;
  /** That to what XGBoost needs for it. */
  readonly to_xgboost: number;
}

interface BoostingTrainingOptions {
  readonly rows: number;
  readonly features: number;
  readonly rounds: number;
  readonly missing: number;
}

export const BOOSTING_TRAINING_DEFAULTS: BoostingTrainingOptions = {
  rows: 100_000,
  features: 200,
  rounds: 40,
  missing: 0.05,
};

/**
 * The yardstick: XGBoost 2.1.4 on one thread, CPU time of rows like these, least of three, on two cores of an AMD EPYC
 * (family 26) that others used too. One round, and what it does once (DMatrix, sketch, bins), from trainings of 10 and 40
 * rounds:
 *
 *     import time, numpy as np, xgboost as xgb
 *     r = np.random.default_rng(1); X = r.random((100000, 200), np.float32)
 *     s = X[:, :20] @ (2 * r.random(20) - 1) + r.random(100000) + r.random(100000); y = s > np.quantile(s, 0.7); X[r.random(X.shape) < 0.05] = np.nan
 *     p = dict(objective="binary:logistic", max_depth=6, eta=0.05, tree_method="hist", nthread=1)
 *     def cost(n):
 *         t = time.process_time(); xgb.train(p, xgb.DMatrix(X, y, nthread=1), n); return time.process_time() - t
 *     a, b = min(cost(10) for _ in range(3)), min(cost(40) for _ in range(3)); print((b - a) / 30, a - (b - a) / 3)
 */
const XGBOOST = { round_ms: 108, setup_s: 2.7 };

const ROUNDS = 500;
const TOLD = 20;

/** Uniform rows, some cells missing, labels by a weighted sum of the first twenty features and noise. */
function labelledRows({ rows, features, missing }: BoostingTrainingOptions): BoostingData {
  const from = draws(1);
  const weights = Array.from({ length: Math.min(TOLD, features) }, () => 2 * draw(from) - 1);
  const values = new Float32Array(rows * features);
  const labels = new Float32Array(rows);
  const middle = weights.reduce((sum, weight) => sum + weight / 2, 0);
  for (let row = 0; row < rows; row++) {
    let sum = -middle;
    for (let i = 0; i < features; i++) {
      const value = draw(from);
      sum += value * (weights[i] ?? 0);
      values[row * features + i] = draw(from) < missing ? Number.NaN : value;
    }
    labels[row] = sum + draw(from) + draw(from) - 1 > 0.3 ? 1 : 0;
  }
  return { values, rows, features: Array.from({ length: features }, (_, i) => `f${i}`), labels };
}

export function benchBoostingTraining(options: BoostingTrainingOptions): BoostingTrainingFigures {
  const data = labelledRows(options);
  const { rounds } = options;
  const params = xgboostParams.parse({ max_depth: 6, eta: 0.05, num_boost_round: rounds });
  const start = process.cpuUsage();
  const ends_us: number[] = [];
  trainBoosting({
    data,
    params,
    on_round() {
      const { user, system } = process.cpuUsage(start);
      ends_us.push(user + system);
    },
  });
  const [first = 0, last = 0] = [ends_us[0], ends_us[ends_us.length - 1]];
  const round_us = (last - first) / (rounds - 1);
  const setup_s = Math.max(0, first - round_us) / 1e6;
  const whole_s = setup_s + (ROUNDS * round_us) / 1e6;
  const share = (options.rows * options.features) / (100_000 * 200);
  const xgboost_s = share * (XGBOOST.setup_s + (ROUNDS * XGBOOST.round_ms) / 1_000);
  return {
    setup_s,
    round_ms: round_us / 1_000,
    cells_per_s: (options.rows * options.features * 1e6) / round_us,
    whole_s,
    to_xgboost: whole_s / xgboost_s,
  };
}
