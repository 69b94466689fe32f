import { VitalsError } from '../../pipeline/contract/errors.ts';
import { auc } from '../classification-metrics.ts';
import { type Landmarks, outcome } from './landmarks.ts';

/** A single feature that tells failures apart so well has seen them. */
const SUSPICIOUS_AUC = 0.995;
/** With fewer failures chance can do it. */
const FAILURES_MIN = 20;

/**
 * Refuses a training set in which one feature alone, or that it is there at all, foresees failures too well to be true: what
 * was written after the failure, or because of it. Values that are missing stand in the middle.
 * Errors   GV-MDL-301 with the name of the feature and its figure.
 */
export function refuseLeaks(landmarks: Landmarks, horizon_days: number): void {
  const rows: number[] = [];
  const labels: number[] = [];
  for (let row = 0; row < landmarks.rows; row++) {
    const label = outcome(landmarks, row, horizon_days);
    if (Number.isNaN(label)) continue;
    rows.push(row);
    labels.push(label);
  }
  const failures = labels.reduce((sum, label) => sum + label, 0);
  if (failures < FAILURES_MIN || failures === labels.length) return;
  const width = landmarks.features.length;
  for (const [k, name] of landmarks.features.entries()) {
    const values = rows.map((row) => landmarks.values[row * width + k] as number);
    const known = values.filter((value) => !Number.isNaN(value)).toSorted((a, b) => a - b);
    const middle = known[known.length >> 1] ?? 0;
    const figures = [
      [
        'its value',
        auc(
          labels,
          values.map((value) => (Number.isNaN(value) ? middle : value)),
        ),
      ],
      [
        'whether it is there',
        auc(
          labels,
          values.map((value) => (Number.isNaN(value) ? 1 : 0)),
        ),
      ],
    ] as const;
    for (const [what, figure] of figures) {
      if (Math.max(figure, 1 - figure) < SUSPICIOUS_AUC) continue;
      throw new VitalsError(
        'GV-MDL-301',
        `${what} foresees failures within ${horizon_days} days with an AUC of ${Math.max(figure, 1 - figure).toFixed(4)}, too well to be true`,
        `feature ${name}`,
      );
    }
  }
}
