import { describe, expect, it } from 'vitest';
import { VitalsError } from '../../pipeline/contract/errors.ts';
import { type CoxModel, fitCox } from './cox.ts';
import { type CoxDocument, coxDocument, readCoxDocument, scoreCox } from './cox-document.ts';
import { survivalCurve, survivalTimes } from './predict-survival.ts';
import { madeRows } from './survival-data.fixture.ts';

const made = madeRows({ rows: 3_000, seed: 21, truth: [0.8, -0.5], grain: 1e-3 });
const days = { ...made, start: made.start.map((t) => t * 400), stop: made.stop.map((t) => t * 400) };
const model: CoxModel = fitCox(days);
const document = readCoxDocument(JSON.parse(JSON.stringify(coxDocument(model))));

describe('a Cox model in JSON', () => {
  it('is small, and ends where the baseline ends', () => {
    expect(document.baselines).toHaveLength(3);
    document.baselines.forEach(({ days, cumulative_hazard }, s) => {
      const baseline = model.baselines[s];
      expect(baseline?.times.length).toBeGreaterThan(400);
      expect(days.length).toBeLessThanOrEqual(200);
      expect(days.length).toBeGreaterThan(150);
      expect(days.at(-1)).toBe(baseline?.times.at(-1));
      expect(cumulative_hazard.at(-1)).toBe(baseline?.cumulative_hazard.at(-1));
    });
    expect(JSON.stringify(document).length).toBeLessThan(30_000);
  });

  it('says what the whole model says', () => {
    for (const stratum of [0, 1, 2]) {
      for (const [x, y] of [
        [0, 0],
        [0.9, -0.9],
        [-0.7, 0.2],
      ] as const) {
        for (const age_days of [0, 100, 500]) {
          const row = Float64Array.of(x, y);
          const score = scoreCox(document, row, { age_days, stratum });
          const of = { model, row, stratum, since: age_days };
          const horizons = [7, 30, 90, 300];
          survivalCurve(of, horizons).forEach((survival, k) => {
            expect(Math.abs(score.probability(horizons[k] as number) - (1 - survival))).toBeLessThan(0.02);
          });
          const times = survivalTimes(of);
          expect(score.median_days === null).toBe(times.median === null);
          if (times.median !== null) expect(Math.abs((score.median_days ?? 0) - times.median)).toBeLessThan(15);
        }
      }
    }
  });

  it('is certain about nothing that lies beyond its ages, yet gives a probability', () => {
    const last = document.baselines[0]?.days.at(-1) as number;
    const score = scoreCox(document, Float64Array.of(0, 0), { age_days: last + 100 });
    expect([score.median_days, score.low_days, score.high_days]).toEqual([null, null, null]);
    expect(score.probability(30)).toBeGreaterThan(0.01);
    expect(score.probability(30)).toBeLessThan(0.5);
  });

  it('gives probabilities that rise from 0 and stay within 1', () => {
    for (const age_days of [0, 50, 5_000]) {
      const { probability } = scoreCox(document, Float64Array.of(1, -1), { age_days });
      expect(probability(0)).toBe(0);
      let before = 0;
      for (const horizon of [0.1, 1, 7, 30, 90, 1_000, 1e6]) {
        const p = probability(horizon);
        expect(p).toBeGreaterThan(before);
        expect(p).toBeLessThanOrEqual(1);
        before = p === 1 ? 1 - 1e-12 : p;
      }
    }
  });

  it('has its median where the probability is a half', () => {
    const score = scoreCox(document, Float64Array.of(0.3, 0.3), { age_days: 40 });
    expect(score.probability(score.median_days ?? 0)).toBeCloseTo(0.5, 10);
    expect(score.probability(score.low_days ?? 0)).toBeCloseTo(0.1, 10);
  });

  it('takes a missing value as the mean', () => {
    const [, y = 0] = document.means;
    const whole = scoreCox(document, Float64Array.of(0.5, y), { age_days: 0 });
    const half = scoreCox(document, Float64Array.of(0.5, Number.NaN), { age_days: 0 });
    expect(half.log_hazard).toBe(whole.log_hazard);
    expect(scoreCox(document, Float64Array.of(Number.NaN, Number.NaN), { age_days: 0 }).log_hazard).toBe(0);
  });

  it('keeps all steps where they are few, also an event on the first day', () => {
    const small = coxDocument(
      fitCox({
        stop: Float64Array.of(0, 4, 9, 12),
        events: Uint8Array.of(1, 1, 0, 1),
        names: ['x'],
        covariates: Float64Array.of(1, 2, 3, 1),
      }),
    );
    expect(readCoxDocument(small)).toEqual(small);
    expect(small.baselines[0]?.days).toEqual([0, 4, 12]);
    expect(small.baselines[0]?.since_days).toBe(-1);
  });
});

describe('what is no Cox model', () => {
  const [baseline] = document.baselines;
  const cases: [what: string, value: unknown][] = [
    ['nothing', null],
    ['another format', { ...document, format: 'cox-9' }],
    ['a coefficient too few', { ...document, coefficients: [1] }],
    ['a mean that is none', { ...document, means: [0, null] }],
    ['no baseline', { ...document, baselines: [] }],
    ['days that fall', { ...document, baselines: [{ ...baseline, days: baseline?.days.toReversed() }] }],
    ['fewer days than hazards', { ...document, baselines: [{ ...baseline, days: baseline?.days.slice(1) }] }],
    [
      'hazards that stand',
      { ...document, baselines: [{ ...baseline, cumulative_hazard: baseline?.days.map(() => 1) }] },
    ],
  ];
  it.each(cases)('%s', (_what, value) => {
    expect(() => readCoxDocument(value)).toThrow(VitalsError);
  });

  it('has no stratum beyond its own', () => {
    const given: CoxDocument = document;
    expect(() => scoreCox(given, [0, 0], { age_days: 0, stratum: 9 })).toThrow('no stratum 9');
  });
});
