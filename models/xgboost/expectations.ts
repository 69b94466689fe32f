import { VitalsError } from '../../pipeline/contract/errors.ts';
import type { TreeModel } from './tree-model.ts';

/**
 * Share of a node's training rows (by Hessian) that went on to each node from its parent; 1 for roots. A parent that no row
 * came by, as in a hand-made model, shares evenly. Throws VitalsError GV-MDL-002 when the covers are not finite.
 */
export function coverShares(model: TreeModel): Float64Array {
  const { feature, left, cover } = model;
  const shares = new Float64Array(feature.length).fill(1);
  for (let node = 0; node < feature.length; node++) {
    if (!Number.isFinite(cover[node])) {
      throw new VitalsError(
        'GV-MDL-002',
        'the model has a sum_hessian that is no number: nothing can be explained',
        '',
      );
    }
    if (feature[node] === -1) continue;
    const all = cover[node] as number;
    const l = left[node] as number;
    shares[l] = all === 0 ? 0.5 : (cover[l] as number) / all;
    shares[l + 1] = all === 0 ? 0.5 : (cover[l + 1] as number) / all;
  }
  return shares;
}

/** What the model says of a row of which nothing is known, as margin, one a group: the bias of its explanations. */
export function expectedMargins(model: TreeModel, shares: Float64Array): Float64Array {
  const { feature, left, value } = model;
  const mean = new Float64Array(feature.length);
  // Children stand behind their parents.
  for (let node = feature.length - 1; node >= 0; node--) {
    const l = left[node] as number;
    mean[node] =
      feature[node] === -1
        ? (value[node] as number)
        : (shares[l] as number) * (mean[l] as number) + (shares[l + 1] as number) * (mean[l + 1] as number);
  }
  const expected = Float64Array.from(model.base_margin);
  for (let t = 0; t < model.tree_count; t++) {
    const group = model.tree_groups[t] as number;
    expected[group] = (expected[group] as number) + (mean[model.roots[t] as number] as number);
  }
  return expected;
}
