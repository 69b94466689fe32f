import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { evaluateNab } from './nab.ts';
import { openingsOf, type SeriesDetector } from './nab-detectors.ts';
import { readNab } from './nab-series.ts';

const FOLDER = join(import.meta.dirname, '../../../shared/data/nab');
const there = existsSync(FOLDER);

const echo: SeriesDetector = { name: 'echo', how: 'the value', threshold: null, start: () => (_ts, value) => value };

it('scores an anomaly once, where the third deviating reading opens it', () => {
  const next = openingsOf(echo, 3).start();
  const values = [0, 4, 4, 0, 5, 5, 6, 9, 9, 2, 2, 9, 0, 0, 0, 4, 4, 4];
  expect(values.map((value, ts) => next(ts, value))).toEqual([0, 0, 0, 0, 0, 0, 6, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4]);
});

it('tells that the series are not there', () => {
  expect(evaluateNab(join(FOLDER, 'nowhere'))).toBeNull();
});

describe.skipIf(!there)('on the series (skipped without ../shared/data/nab)', () => {
  it('reads readings, windows and profiles', () => {
    const corpus = readNab(FOLDER);
    expect(corpus?.profiles.map(({ name }) => name)).toEqual(['standard', 'reward_low_FP_rate', 'reward_low_FN_rate']);
    expect(corpus?.series).toHaveLength(10);
    for (const { values, windows } of corpus?.series ?? []) {
      expect(values.every(Number.isFinite)).toBe(true);
      expect(windows.length).toBeGreaterThan(0);
      windows.forEach(({ first, last }, i) => {
        expect(first).toBeGreaterThan(windows[i - 1]?.last ?? 750);
        expect(last).toBeGreaterThan(first);
      });
    }
  });

  it('beats silence and chance, and shows the published figures', () => {
    const report = evaluateNab(FOLDER);
    expect(report).toMatchObject({ series: 10, windows: 22 });
    for (const { best, shipped } of report?.detectors ?? []) {
      for (const [profile, { score }] of Object.entries(best)) {
        expect(score).toBeGreaterThan(0);
        expect(score).toBeLessThanOrEqual(100);
        if (shipped) expect(shipped[profile]?.score).toBeLessThanOrEqual(score);
      }
      expect(best.standard?.score).toBeGreaterThan(report?.published.random?.standard ?? Number.NaN);
    }
    const scores = Object.fromEntries(
      report?.detectors.map(({ detector, best }) => [detector, best.standard?.score ?? 0]) ?? [],
    );
    expect(scores['z-score, unbounded']).toBeGreaterThan(scores['windowed Gaussian'] ?? Number.NaN);
    expect(report?.published.windowedGaussian?.standard).toBeCloseTo(39.65, 2);
  });
});
