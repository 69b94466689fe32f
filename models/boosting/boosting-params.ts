import { z } from 'zod';

/** Other names that XGBoost and its scikit-learn interface give to the same parameter. */
const ALIASES: Readonly<Record<string, string>> = {
  learning_rate: 'eta',
  n_estimators: 'num_boost_round',
  min_split_loss: 'gamma',
  reg_lambda: 'lambda',
  reg_alpha: 'alpha',
  random_state: 'seed',
};

/** Parameters about how XGBoost runs and not what it learns; taken and without effect here. */
const WITHOUT_EFFECT = ['nthread', 'n_jobs', 'verbosity', 'validate_parameters'];

const share = z.number().gt(0).max(1);
const monotone = z.literal([-1, 0, 1]);

/** "(1,0,-1)" as XGBoost writes it. */
const monotoneTuple = z
  .string()
  .regex(/^\s*[([]\s*(?:-?[01]\s*(?:,\s*-?[01]\s*)*,?\s*)?[)\]]\s*$/, 'must look like (1,0,-1)')
  .transform((text) => text.match(/-?[01]/g)?.map((sign) => Number(sign)) ?? [])
  .pipe(z.array(monotone));

interface Defaults {
  readonly early_stopping_rounds: number | null;
  readonly eta: number;
  readonly subsample: number;
  readonly colsample_bytree: number;
  readonly scale_pos_weight: number | 'auto';
  readonly eval_metric: EvalMetricName | null;
}

const EVAL_METRICS = ['auc', 'aucpr', 'logloss', 'error', 'rmse', 'mlogloss', 'merror'] as const;

export type EvalMetricName = (typeof EVAL_METRICS)[number];

/** Objectives of one loss and several names: labels 0 and 1, probabilities out. */
export const isLogistic = (objective: string): boolean =>
  objective === 'binary:logistic' || objective === 'reg:logistic';

const METRICS_OF = {
  'binary:logistic': ['auc', 'aucpr', 'logloss', 'error', 'rmse'],
  'reg:logistic': ['rmse', 'auc', 'aucpr', 'logloss', 'error'],
  'reg:squarederror': ['rmse'],
  'multi:softprob': ['mlogloss', 'merror'],
} as const satisfies Record<string, readonly EvalMetricName[]>;

function schema(defaults: Defaults) {
  const params = z
    .strictObject({
      objective: z
        .enum(['binary:logistic', 'reg:logistic', 'reg:squarederror', 'multi:softprob'])
        .default('binary:logistic'),
      booster: z.literal('gbtree').default('gbtree'),
      device: z.literal('cpu').default('cpu'),
      num_parallel_tree: z.literal(1).default(1),
      num_class: z.int().min(0).max(1_000).default(0),
      /** `approx` is grown as `hist`, whose cuts are made once. */
      tree_method: z
        .enum(['exact', 'hist', 'approx', 'auto'])
        .default('hist')
        .transform((method) => (method === 'exact' ? ('exact' as const) : ('hist' as const))),
      num_boost_round: z.int().min(1).max(100_000).default(500),
      /** Rounds without a better figure of the valid rows after which it ends; null = never. */
      early_stopping_rounds: z.int().min(1).nullable().default(defaults.early_stopping_rounds),
      /** 0 = no limit. */
      max_depth: z.int().min(0).max(64).default(6),
      max_leaves: z.int().min(0).default(0),
      grow_policy: z.enum(['depthwise', 'lossguide']).default('depthwise'),
      max_bin: z.int().min(2).max(65_000).default(256),
      eta: z.number().gt(0).max(1).default(defaults.eta),
      gamma: z.number().min(0).default(0),
      min_child_weight: z.number().min(0).default(1),
      lambda: z.number().min(0).default(1),
      alpha: z.number().min(0).default(0),
      max_delta_step: z.number().min(0).default(0),
      subsample: share.default(defaults.subsample),
      sampling_method: z.literal('uniform').default('uniform'),
      colsample_bytree: share.default(defaults.colsample_bytree),
      colsample_bylevel: share.default(1),
      colsample_bynode: share.default(1),
      /** `auto` = weight of the negatives / weight of the positives. */
      scale_pos_weight: z
        .union([z.number().gt(0), z.literal('auto')], { error: 'must be a positive number or "auto"' })
        .default(defaults.scale_pos_weight),
      /** In the space of predictions; `auto` = one Newton step from nothing, as XGBoost does from 2.0 on. */
      base_score: z.union([z.number(), z.literal('auto')], { error: 'must be a number or "auto"' }).optional(),
      /** By position, or by the names of the features. */
      monotone_constraints: z.union([z.array(monotone), monotoneTuple, z.record(z.string(), monotone)]).default([]),
      /** Of a list the last one decides, as for XGBoost. */
      eval_metric: z
        .union([z.array(z.string()).min(1), z.string()], { error: 'must be a name or a list of names' })
        .transform((names) => (typeof names === 'string' ? names : names.at(-1)))
        .pipe(z.enum(EVAL_METRICS))
        .nullable()
        .default(defaults.eval_metric),
      seed: z.int().min(0).max(0xffff_ffff).default(0),
    })
    .superRefine((params, context) => {
      const refuse = (name: string, message: string) =>
        context.addIssue({ code: 'custom', path: [name], message, input: undefined });
      const many = params.objective === 'multi:softprob';
      if (many && params.num_class < 2) refuse('num_class', 'must be 2 or more for multi:softprob');
      if (!many && params.num_class > 1) refuse('num_class', 'is for multi:softprob');
      const metrics: readonly string[] = METRICS_OF[params.objective];
      if (
        params.eval_metric !== null &&
        params.eval_metric !== defaults.eval_metric &&
        !metrics.includes(params.eval_metric)
      ) {
        refuse('eval_metric', `must be one of ${metrics.join(', ')} for ${params.objective}`);
      }
      const { base_score } = params;
      if (isLogistic(params.objective) && typeof base_score === 'number' && !(base_score > 0 && base_score < 1)) {
        refuse('base_score', 'must lie between 0 and 1 for a logistic objective');
      }
      if (params.tree_method === 'exact') {
        if (params.max_depth === 0) refuse('max_depth', 'without a limit needs tree_method hist');
        if (params.grow_policy === 'lossguide') refuse('grow_policy', 'lossguide needs tree_method hist');
        if (params.max_leaves > 0) refuse('max_leaves', 'needs tree_method hist');
      }
    })
    .transform((params) => {
      const metrics: readonly EvalMetricName[] = METRICS_OF[params.objective];
      const { eval_metric, base_score } = params;
      const fitting = eval_metric !== null && metrics.includes(eval_metric);
      const usual = params.objective === 'binary:logistic' ? 'logloss' : (metrics[0] as EvalMetricName);
      return {
        ...params,
        eval_metric: fitting ? eval_metric : usual,
        base_score: base_score ?? (params.objective === 'reg:squarederror' ? ('auto' as const) : 0.5),
      };
    });
  return z.preprocess(withoutAliases, params);
}

/**
 * What to learn, by XGBoost's own names and aliases; unknown names are refused. Defaults: DOMAIN.md section 8 (binary
 * logistic, depth 6, eta 0.05, 500 rounds, early stopping after 50 on AUC, 0.8 of the rows and columns a tree, positives
 * weighed up to the negatives), else XGBoost's. `base_score` 0.5 where it is a probability, else the mean.
 */
export const boostingParams = schema({
  early_stopping_rounds: 50,
  eta: 0.05,
  subsample: 0.8,
  colsample_bytree: 0.8,
  scale_pos_weight: 'auto',
  eval_metric: 'auc',
});

/** The same with XGBoost's defaults, for a file of parameters that XGBoost could be given too; 500 rounds. */
export const xgboostParams = schema({
  early_stopping_rounds: null,
  eta: 0.3,
  subsample: 1,
  colsample_bytree: 1,
  scale_pos_weight: 1,
  eval_metric: null,
});

export type BoostingParams = z.output<typeof boostingParams>;

function withoutAliases(given: unknown, context: z.RefinementCtx): unknown {
  if (typeof given !== 'object' || given === null || Array.isArray(given)) return given;
  const params: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(given)) {
    if (WITHOUT_EFFECT.includes(name)) continue;
    const own = ALIASES[name] ?? name;
    if (own in params) {
      context.addIssue({
        code: 'custom',
        path: [own],
        message: `is given twice, once as ${name === own ? 'another name' : name}`,
        input: value,
      });
      return z.NEVER;
    }
    params[own] = value;
  }
  return params;
}
