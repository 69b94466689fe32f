import { describe, expect, it } from 'vitest';
import { reliability, riskFigures } from './calibration.ts';

const judged = (rows: readonly (readonly [probability: number, label: number, weight?: number])[]) => ({
  probabilities: rows.map(([probability]) => probability),
  labels: rows.map(([, label]) => label),
  weights: rows.map(([, , weight]) => weight ?? 1),
});

describe('reliability', () => {
  it('sets what was foreseen beside what happened, in parts of the same size', () => {
    const rows = judged([
      [0.1, 0],
      [0.3, 1],
      [0.2, 0],
      [0.8, 1],
    ]);
    expect(reliability(rows, 2)).toEqual([
      { rows: 2, foreseen: expect.closeTo(0.15, 12), failed: 0 },
      { rows: 2, foreseen: expect.closeTo(0.55, 12), failed: 1 },
    ]);
  });

  it('does not part rows that were foreseen alike', () => {
    const bins = reliability(
      judged([...Array<[number, number]>(15).fill([0, 0]), ...Array<[number, number]>(5).fill([0.5, 1])]),
    );
    expect(bins.map(({ rows }) => rows)).toEqual([15, 5]);
  });

  it('counts weights', () => {
    const [bin] = reliability(
      judged([
        [0.5, 1, 3],
        [0.5, 0, 1],
      ]),
    );
    expect(bin).toEqual({ rows: 2, foreseen: 0.5, failed: 0.75 });
  });

  it('of nothing is nothing', () => {
    expect(reliability(judged([]))).toEqual([]);
  });
});

describe('figures', () => {
  it('of a seer are perfect', () => {
    expect(
      riskFigures(
        judged([
          [1, 1],
          [0, 0],
          [0, 0],
          [1, 1],
        ]),
      ),
    ).toEqual({
      rows: 4,
      failures: 2,
      failed_ratio: 0.5,
      auc: 1,
      average_precision: 1,
      brier: 0,
      brier_skill: 1,
      calibration_error: 0,
      foreseen_per_failure: 1,
    });
  });

  it('of one who says the share of failures to all are calibrated and no more', () => {
    const figures = riskFigures(
      judged([
        [0.25, 1],
        [0.25, 0],
        [0.25, 0],
        [0.25, 0],
      ]),
    );
    expect(figures).toMatchObject({ auc: 0.5, brier_skill: 0, calibration_error: 0, foreseen_per_failure: 1 });
  });

  it('tell nothing of ranks where nothing failed', () => {
    const figures = riskFigures(
      judged([
        [0.2, 0],
        [0.4, 0],
      ]),
    );
    expect(figures).toMatchObject({
      auc: null,
      average_precision: null,
      brier_skill: null,
      foreseen_per_failure: null,
    });
    expect(figures.calibration_error).toBeCloseTo(0.3, 12);
  });
});
