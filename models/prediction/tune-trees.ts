import { trainBoosting } from '../boosting/train.ts';
import type { Landmarks } from './landmarks.ts';
import { type TrainPartsOptions, treeParams, treeRows } from './train-parts.ts';

/** Shapes beside the default: what is rare asks for plainer trees, what acts together for deeper ones. */
const SHAPES: readonly Readonly<Record<string, number>>[] = [
  { max_depth: 2, min_child_weight: 5, lambda: 5 },
  { max_depth: 3, min_child_weight: 20, lambda: 20 },
  { max_depth: 6, min_child_weight: 5, lambda: 5 },
];
/** What another shape must gain: with few failures less is luck. */
const GAIN_MIN = 0.01;
const HORIZON_DAYS = 30;

/**
 * A little tuning: the shape of the trees that ranks the GPUs best that judge when trees are to stop (AUC, 30 days), the default
 * unless another one gains 0.01. What is given in `params` is not tuned; nothing is where nobody can judge. Whoever takes the
 * result must be judged on yet other GPUs. Deterministic; takes a training for each of four shapes.
 */
export function tuneTrees(
  landmarks: Landmarks,
  options: Pick<TrainPartsOptions, 'seed' | 'params' | 'say'>,
): Readonly<Record<string, number>> {
  const { seed, params, say } = options;
  const { train, valid, judged } = treeRows(landmarks, HORIZON_DAYS, seed);
  if (!judged) return {};
  const shapes = SHAPES.map((shape) => Object.fromEntries(Object.entries(shape).filter(([name]) => !(name in params))));
  const tried = [{}, ...shapes.filter((shape) => Object.keys(shape).length > 0)].map((shape) => {
    const given = { ...params, ...shape };
    const { history, rounds } = trainBoosting({
      data: train,
      valid,
      params: { ...treeParams(landmarks, { seed, params: given }), eval_metric: 'auc' },
    });
    return { shape, auc: history[rounds - 1] ?? Number.NaN };
  });
  const [usual, ...others] = tried as [(typeof tried)[number], ...typeof tried];
  const best = others.reduce((a, b) => (b.auc > a.auc ? b : a), usual);
  const chosen = best.auc >= usual.auc + GAIN_MIN ? best : usual;
  const text = ({ shape, auc }: (typeof tried)[number]): string =>
    `${shape === usual.shape ? 'as usual' : JSON.stringify(shape)} AUC ${auc.toFixed(3)}`;
  say(
    `tuned: ${text(chosen)} (${tried
      .filter((one) => one !== chosen)
      .map(text)
      .join('; ')})`,
  );
  return chosen.shape;
}
