import { describe, expect, it } from 'vitest';
import { boostingParams, xgboostParams } from './boosting-params.ts';

const problems = (given: unknown): string =>
  boostingParams
    .safeParse(given)
    .error?.issues.map(({ path, message }) => `${path.join('.')}: ${message}`)
    .join('; ') ?? '';

describe('parameters', () => {
  it('are those of the domain when nothing is said', () => {
    expect(boostingParams.parse({})).toMatchObject({
      objective: 'binary:logistic',
      tree_method: 'hist',
      max_depth: 6,
      eta: 0.05,
      num_boost_round: 500,
      early_stopping_rounds: 50,
      eval_metric: 'auc',
      subsample: 0.8,
      colsample_bytree: 0.8,
      scale_pos_weight: 'auto',
    });
  });

  it("are XGBoost's where a file leaves them out", () => {
    expect(xgboostParams.parse({ max_depth: 3 })).toMatchObject({
      max_depth: 3,
      eta: 0.3,
      early_stopping_rounds: null,
      subsample: 1,
      colsample_bytree: 1,
      scale_pos_weight: 1,
      eval_metric: 'logloss',
      base_score: 0.5,
    });
  });

  it('go by all their names', () => {
    const given = {
      learning_rate: 0.1,
      n_estimators: 7,
      min_split_loss: 1,
      reg_lambda: 2,
      reg_alpha: 3,
      random_state: 4,
      nthread: 8,
      verbosity: 0,
      device: 'cpu',
      num_parallel_tree: 1,
      tree_method: 'approx',
    };
    expect(boostingParams.parse(given)).toMatchObject({
      eta: 0.1,
      num_boost_round: 7,
      gamma: 1,
      lambda: 2,
      alpha: 3,
      seed: 4,
      tree_method: 'hist',
    });
    expect(boostingParams.parse(given)).not.toHaveProperty('nthread');
  });

  it.each([
    ['(1,0,-1)', [1, 0, -1]],
    ['( 1, -1 )', [1, -1]],
    [
      [1, 0],
      [1, 0],
    ],
    [{ temp: 1 }, { temp: 1 }],
  ])('take monotone_constraints as %j', (given, wanted) => {
    expect(boostingParams.parse({ monotone_constraints: given }).monotone_constraints).toEqual(wanted);
  });

  it('judge by what fits the objective', () => {
    expect(boostingParams.parse({ objective: 'reg:squarederror' }).eval_metric).toBe('rmse');
    expect(boostingParams.parse({ objective: 'reg:squarederror' }).base_score).toBe('auto');
    expect(boostingParams.parse({ objective: 'multi:softprob', num_class: 4 }).eval_metric).toBe('mlogloss');
    expect(xgboostParams.parse({ objective: 'reg:logistic' })).toMatchObject({ eval_metric: 'rmse', base_score: 0.5 });
  });

  it('judge by the last of several', () => {
    expect(boostingParams.parse({ eval_metric: ['map', 'auc', 'logloss'] }).eval_metric).toBe('logloss');
    expect(boostingParams.parse({ eval_metric: null }).eval_metric).toBe('logloss');
  });

  it.each([{}, { grow_policy: 'lossguide' }, { max_leaves: 7 }, { tree_method: 'approx' }])(
    'take trees without a limit of depth with %j',
    (given) => {
      expect(boostingParams.parse({ max_depth: 0, ...given }).max_depth).toBe(0);
    },
  );

  it.each([
    [{ max_dept: 3 }, /max_dept/],
    [{ eta: 0.1, learning_rate: 0.2 }, /eta: is given twice/],
    [{ eta: 'fast' }, /eta/],
    [{ subsample: 0 }, /subsample/],
    [{ max_depth: -1 }, /max_depth/],
    [{ max_depth: 0, tree_method: 'exact' }, /max_depth: without a limit/],
    [{ device: 'cuda' }, /device/],
    [{ num_parallel_tree: 4 }, /num_parallel_tree/],
    [{ eval_metric: ['auc', 'map'] }, /eval_metric/],
    [{ eval_metric: [] }, /eval_metric/],
    [{ eval_metric: ['auc', 'merror'] }, /eval_metric.*auc/],
    [{ objective: 'reg:logistic', base_score: 0 }, /base_score/],
    [{ objective: 'multi:softprob' }, /num_class/],
    [{ num_class: 3 }, /num_class/],
    [{ base_score: 1 }, /base_score/],
    [{ scale_pos_weight: 'balanced' }, /scale_pos_weight/],
    [{ eval_metric: 'mlogloss' }, /eval_metric.*auc/],
    [{ monotone_constraints: '(1;2)' }, /monotone_constraints/],
    [{ tree_method: 'exact', grow_policy: 'lossguide' }, /grow_policy/],
    [{ tree_method: 'exact', max_leaves: 8 }, /max_leaves/],
    [[], /expected object/],
  ])('refuse %j', (given, what) => {
    expect(problems(given)).toMatch(what);
  });
});
