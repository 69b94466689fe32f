import { sortedOrder } from './sorted-order.ts';

/**
 * Figures of a binary classifier. Labels are 0 and 1, scores rank rows (higher = more likely 1) or are probabilities where
 * that is said, weights count a row as so many, each 1 without them. All answer NaN where the figure does not exist: no row,
 * or only one class for `auc`, no positive for `averagePrecision`.
 * Source   the definitions of scikit-learn's metrics, ties and all.
 */
type Numbers = ArrayLike<number>;

const weightOf = (weights: Numbers | undefined, row: number): number =>
  weights === undefined ? 1 : (weights[row] as number);

/** Area under the ROC curve: the chance that a positive scores above a negative, ties by half. n log n. */
export function auc(labels: Numbers, scores: Numbers, weights?: Numbers): number {
  const order = sortedOrder(scores);
  let negatives_below = 0;
  let positives = 0;
  let area = 0;
  for (let from = 0; from < order.length; ) {
    const score = scores[order[from] as number] as number;
    let tied_negatives = 0;
    let tied_positives = 0;
    let until = from;
    for (; until < order.length && scores[order[until] as number] === score; until++) {
      const row = order[until] as number;
      const weight = weightOf(weights, row);
      if (labels[row] === 1) tied_positives += weight;
      else tied_negatives += weight;
    }
    area += tied_positives * (negatives_below + tied_negatives / 2);
    negatives_below += tied_negatives;
    positives += tied_positives;
    from = until;
  }
  return area / (negatives_below * positives);
}

/** Precision averaged over recall, in steps at each distinct score from the highest down. n log n. */
export function averagePrecision(labels: Numbers, scores: Numbers, weights?: Numbers): number {
  const order = sortedOrder(scores);
  let all = 0;
  let positives = 0;
  let sum = 0;
  for (let from = order.length - 1; from >= 0; ) {
    const score = scores[order[from] as number] as number;
    let tied_positives = 0;
    let until = from;
    for (; until >= 0 && scores[order[until] as number] === score; until--) {
      const row = order[until] as number;
      const weight = weightOf(weights, row);
      all += weight;
      if (labels[row] === 1) tied_positives += weight;
    }
    positives += tied_positives;
    if (tied_positives > 0) sum += (tied_positives * positives) / all;
    from = until;
  }
  return sum / positives;
}

/** Mean negative log likelihood of the labels, in nats; probabilities of 0 and 1 are moved in by `edge`. */
export function logLoss(labels: Numbers, probabilities: Numbers, weights?: Numbers, edge = 1e-16): number {
  let sum = 0;
  let total = 0;
  for (let row = 0; row < labels.length; row++) {
    const weight = weightOf(weights, row);
    const p = probabilities[row] as number;
    sum -= weight * Math.log(Math.max(edge, labels[row] === 1 ? p : 1 - p));
    total += weight;
  }
  return sum / total;
}

/** Mean squared distance of the probabilities from the labels. */
export function brierScore(labels: Numbers, probabilities: Numbers, weights?: Numbers): number {
  let sum = 0;
  let total = 0;
  for (let row = 0; row < labels.length; row++) {
    const weight = weightOf(weights, row);
    sum += weight * ((probabilities[row] as number) - (labels[row] as number)) ** 2;
    total += weight;
  }
  return sum / total;
}

/** Share of rows on the wrong side of a probability of one half. */
export function errorRate(labels: Numbers, probabilities: Numbers, weights?: Numbers): number {
  let sum = 0;
  let total = 0;
  for (let row = 0; row < labels.length; row++) {
    const weight = weightOf(weights, row);
    if ((probabilities[row] as number) > 0.5 !== (labels[row] === 1)) sum += weight;
    total += weight;
  }
  return sum / total;
}
