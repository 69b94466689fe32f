import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { scoreRow } from './forest.ts';
import { readSklearnForest, type SklearnTree } from './forest-data.ts';
import { fitForest } from './forest-fit.ts';

const FOLDER = join(import.meta.dirname, '../../../shared/data/tabular-if');
const AUC_FILE = 'sklearn_1.2.1_iforest_auc_20seeds.csv';
const missing = existsSync(join(FOLDER, AUC_FILE)) ? '' : ' (skipped: ../shared/data/tabular-if is not there)';

/** Forests a set: their mean is what is compared with the 20 seeds of the reference. */
const SEEDS = [1, 2, 3];

interface LabelledRows {
  readonly rows: Float64Array[];
  readonly labels: number[];
}

function readSet(name: string): LabelledRows {
  const text = gunzipSync(readFileSync(join(FOLDER, `adbench_${name}.csv.gz`))).toString();
  const labels: number[] = [];
  const rows = text
    .trim()
    .split('\n')
    .map((line) => {
      const cells = Float64Array.from(line.split(','), Number);
      labels.push(cells[cells.length - 1] as number);
      return cells.slice(0, -1);
    });
  return { rows, labels };
}

/** Share of pairs of an anomaly and an ordinary row in which the anomaly scores higher, ties by half. */
function rocAuc(scores: readonly number[], labels: readonly number[]): number {
  const order = scores.map((_, i) => i).sort((a, b) => (scores[a] as number) - (scores[b] as number));
  let rank_sum = 0;
  for (let from = 0; from < order.length; ) {
    let until = from;
    while (until < order.length && scores[order[until] as number] === scores[order[from] as number]) until++;
    for (let i = from; i < until; i++) {
      if (labels[order[i] as number] === 1) rank_sum += (from + until + 1) / 2;
    }
    from = until;
  }
  const anomalies = labels.filter((label) => label === 1).length;
  return (rank_sum - (anomalies * (anomalies + 1)) / 2) / (anomalies * (labels.length - anomalies));
}

describe(`isolation forest on public data${missing}`, () => {
  it.skipIf(missing !== '')('scores as the dumped scikit-learn forest does', () => {
    const path = join(FOLDER, 'sklearn_iforest_breastw_structure_and_scores.json.gz');
    const dump: { trees: SklearnTree[]; max_samples: number; expected_score_samples: number[] } = JSON.parse(
      gunzipSync(readFileSync(path)).toString(),
    );
    const { rows } = readSet('breastw');
    const forest = readSklearnForest({ trees: dump.trees, sample_size: dump.max_samples, features: 9 });
    const worst = rows.reduce(
      (max, row, i) =>
        Math.max(max, Math.abs(-scoreRow(forest, row.map(Math.fround)) - (dump.expected_score_samples[i] as number))),
      0,
    );
    expect(rows).toHaveLength(683);
    expect(dump.expected_score_samples).toHaveLength(683);
    expect(worst).toBeLessThan(1e-12);
  });

  it.skipIf(missing !== '')('separates ten sets as the reference does', () => {
    const [, ...lines] = readFileSync(join(FOLDER, AUC_FILE), 'utf8').trim().split('\n');
    expect(lines).toHaveLength(10);
    for (const line of lines) {
      const [name = '', rows_text, , , , , auc_min, auc_max] = line.split(',');
      const { rows, labels } = readSet(name);
      expect(rows, name).toHaveLength(Number(rows_text));
      const aucs = SEEDS.map((seed) => {
        const forest = fitForest(rows, { trees: 100, sample_size: 256, seed });
        return rocAuc(
          rows.map((row) => scoreRow(forest, row)),
          labels,
        );
      });
      const mean = aucs.reduce((sum, auc) => sum + auc, 0) / aucs.length;
      expect(mean, `${name}: ${aucs.join(' ')}`).toBeGreaterThanOrEqual(Number(auc_min));
      expect(mean, `${name}: ${aucs.join(' ')}`).toBeLessThanOrEqual(Number(auc_max));
    }
  });
});
