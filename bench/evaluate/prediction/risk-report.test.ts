import { describe, expect, it } from 'vitest';
import { auc, averagePrecision } from '../../../models/classification-metrics.ts';
import { treeDraws } from '../../../models/isolation-forest/tree-draws.ts';
import { precisionAtRecall } from './precision-at-recall.ts';
import { riskReports } from './risk-report.ts';

/** Rows of some units, of which those with a higher score fail more often; scores tie. */
function made(rows: number, units: number, seed: number) {
  const draw = treeDraws(seed, 0);
  const unit = Uint32Array.from({ length: rows }, (_, row) => row % units);
  const good = Float64Array.from({ length: rows }, () => Math.round(20 * draw()) / 20);
  const labels = Uint8Array.from(good, (p) => Number(draw() < 0.6 * p));
  const bad = Float64Array.from({ length: rows }, () => Math.round(20 * draw()) / 20);
  return { labels, unit, good, bad };
}

describe('precision at a recall', () => {
  /** Tries every score as a threshold. */
  function slowly(labels: ArrayLike<number>, scores: ArrayLike<number>, recall: number): number {
    const rows = Array.from({ length: labels.length }, (_, row) => row);
    const positives = rows.filter((row) => labels[row] === 1).length;
    for (const threshold of [...new Set(Array.from(scores))].sort((a, b) => b - a)) {
      const alarms = rows.filter((row) => (scores[row] as number) >= threshold);
      const right = alarms.filter((row) => labels[row] === 1).length;
      if (right >= recall * positives) return right / alarms.length;
    }
    return Number.NaN;
  }

  it.each([1, 2, 3, 4])('is what trying every threshold finds, seed %i', (seed) => {
    const { labels, good } = made(300, 30, seed);
    const recalls = [0.1, 0.3, 0.5, 0.7, 1];
    for (const { recall, precision, threshold } of precisionAtRecall(labels, good, recalls)) {
      expect(precision).toBeCloseTo(slowly(labels, good, recall), 12);
      const found = good.filter((p, row) => p >= threshold && labels[row] === 1).length;
      expect(found).toBeGreaterThanOrEqual(recall * labels.filter((label) => label === 1).length);
    }
    expect(precisionAtRecall(labels, good, recalls)).toHaveLength(recalls.length);
  });

  it('is nothing where nothing failed', () => {
    expect(precisionAtRecall([0, 0], [0.1, 0.2], [0.5])).toEqual([]);
  });
});

describe('reports', () => {
  const { labels, unit, good, bad } = made(1_200, 60, 9);
  const judged = {
    labels,
    unit,
    said: new Map([
      ['good', good],
      ['bad', bad],
    ]),
  };
  const options = { seed: 3, draws: 80 };

  it('have the figures of each model, inside their intervals', () => {
    const [one, other] = riskReports(judged, options);
    expect(one).toMatchObject({ model: 'good', rows: 1_200, units: 60, precision_gain: null });
    expect(one?.auc?.value).toBe(auc(labels, good));
    expect(other?.average_precision?.value).toBe(averagePrecision(labels, bad));
    for (const report of [one, other]) {
      for (const figure of [report?.auc, report?.average_precision, report?.brier]) {
        expect(figure?.low).toBeLessThan(figure?.value ?? Number.NaN);
        expect(figure?.high).toBeGreaterThan(figure?.value ?? Number.NaN);
      }
    }
    expect(one?.failing_units).toBe(new Set(unit.filter((_, row) => labels[row] === 1)).size);
    expect(other?.precision_gain?.high).toBeLessThan(0);
    expect(one?.calibration?.bins.reduce((sum, { predictions }) => sum + predictions, 0)).toBe(1_200);
  });

  it('are the same for the same seed, others for another', () => {
    expect(riskReports(judged, options)).toEqual(riskReports(judged, options));
    expect(riskReports(judged, { ...options, seed: 4 })).not.toEqual(riskReports(judged, options));
  });

  it('know no spread where all rows are of one unit, and a wider one where fewer units say the same', () => {
    const alone = riskReports({ ...judged, unit: new Uint32Array(labels.length) }, options)[0]?.auc;
    expect(alone?.low).toBeCloseTo(alone?.value ?? Number.NaN, 12);
    expect(alone?.high).toBeCloseTo(alone?.value ?? Number.NaN, 12);
    // Units of twelve rows that are all alike, against as many rows that are not.
    const alike = Uint32Array.from({ length: 1_200 }, (_, row) => Math.floor(row / 12));
    const copied = {
      labels: labels.map((_, row) => labels[(alike[row] as number) * 12] as number),
      said: new Map([['good', good.map((_, row) => good[(alike[row] as number) * 12] as number)]]),
    };
    const width = (units: Uint32Array): number => {
      const figure = riskReports({ ...copied, unit: units }, options)[0]?.auc;
      return (figure?.high ?? 0) - (figure?.low ?? 0);
    };
    expect(width(alike)).toBeGreaterThan(2 * width(Uint32Array.from(alike.keys())));
  });

  it('tell no ranks where nothing failed, and nothing of no rows', () => {
    const [quiet] = riskReports({ ...judged, labels: new Uint8Array(labels.length) }, options);
    expect(quiet).toMatchObject({ auc: null, average_precision: null, foreseen_per_failure: null, precision_at: [] });
    expect(quiet?.brier).not.toBeNull();
    const none = {
      labels: new Uint8Array(0),
      unit: new Uint32Array(0),
      said: new Map([['good', new Float64Array(0)]]),
    };
    expect(riskReports(none, options)[0]).toMatchObject({ rows: 0, auc: null, brier: null, calibration: null });
  });
});
