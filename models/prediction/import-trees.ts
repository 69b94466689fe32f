import { VitalsError } from '../../pipeline/contract/errors.ts';
import { readXgboostModel } from '../xgboost/read-model.ts';
import { createExplainer } from '../xgboost/shap.ts';
import type { TreeModel } from '../xgboost/tree-model.ts';
import { COMPONENTS, loadBundle, type PredictionBundle, treesAlone } from './bundle.ts';

/**
 * A bundle of trees alone, trained elsewhere to foresee a failure within 30 days from features of ours as they are stored: other
 * horizons follow its hazard, and nothing but the trees speaks. Its probabilities are taken as they are.
 * Errors: GV-MDL-302 when its features are not ours, GV-MDL-304 when it is no binary model with names of features.
 */
export function importTrees(
  document: unknown,
  options: { readonly trained_on: PredictionBundle['trained_on']; readonly where: string },
): PredictionBundle {
  const { where } = options;
  const model = readXgboostModel(document, where);
  if (model.groups !== 1 || model.transform !== 'sigmoid') {
    throw new VitalsError('GV-MDL-304', `${model.objective} with ${model.groups} outputs foresees no failure`, where, {
      action: 'Train it with the objective binary:logistic on whether a failure came within 30 days.',
    });
  }
  if (model.feature_names.length === 0) {
    throw new VitalsError('GV-MDL-304', 'the model does not say what its features are', where, {
      action: 'Train it with feature names, as `feature-definitions` has them.',
    });
  }
  const features = [...model.feature_names];
  const bundle: PredictionBundle = {
    format: 'gpu-vitals-failure-prediction',
    version: 1,
    name: 'failure-prediction',
    trained_on: options.trained_on,
    features,
    // Who trains elsewhere knows our features from what is stored.
    sample_counts: 'stored',
    importance: usage(model),
    trees: { d7: null, d30: document, d90: null },
    types: null,
    cox: null,
    lstm: null,
    novelty: null,
    combiners: { d7: null, d30: treesAlone(), d90: null },
    alone: COMPONENTS.map(() => null),
    background: { hazards: [0, 0, 0], ratio: 1 },
    threshold_30d: 0.5,
    reference_bins: features.map(() => []),
    reference_counts: [],
  };
  loadBundle(JSON.parse(JSON.stringify(bundle)), where);
  return bundle;
}

/** How far each feature moves a row in which nothing else is known, for want of rows: its share of the splits, by their cover. */
function usage(model: TreeModel): number[] {
  createExplainer(model);
  const sums = new Array<number>(model.feature_count).fill(0);
  for (let node = 0; node < model.feature.length; node++) {
    const feature = model.feature[node] as number;
    if (feature >= 0) sums[feature] = (sums[feature] as number) + (model.cover[node] as number);
  }
  const all = sums.reduce((sum, one) => sum + one, 0) || 1;
  return sums.map((sum) => sum / all);
}
