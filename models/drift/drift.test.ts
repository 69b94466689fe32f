import { describe, expect, it } from 'vitest';
import { kolmogorovSmirnov } from './kolmogorov-smirnov.ts';
import { binCounts, populationStabilityIndex, stabilityBins, stabilityIndex } from './psi.ts';

/** mulberry32: 0 <= x < 1. */
function randomOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

const draw = (seed: number, count: number, bend: (u: number) => number = (u) => u): number[] => {
  const next = randomOf(seed);
  return Array.from({ length: count }, () => bend(next()));
};

describe('population stability index', () => {
  it('is the sum over the shares, by hand', () => {
    const big = 1e9;
    const expected = 0.1 * Math.log(0.6 / 0.5) - 0.1 * Math.log(0.4 / 0.5);
    expect(stabilityIndex([0.5 * big, 0.5 * big], [0.6 * big, 0.4 * big])).toBeCloseTo(expected, 8);
  });

  it('cuts what is expected into even parts, and keeps the missing apart', () => {
    const values = Array.from({ length: 100 }, (_, i) => i + 1);
    expect(stabilityBins(values, 4)).toEqual([25, 50, 75]);
    expect([...binCounts([...values, Number.NaN, -9, 999], stabilityBins(values, 4))]).toEqual([26, 25, 25, 26, 1]);
  });

  it.each([
    ['one value', [3, 3, 3], []],
    ['mostly one value', [0, 0, 0, 0, 0, 0, 0, 0, 0, 7], [0]],
    ['nothing', [], []],
    ['nothing but missing ones', [Number.NaN], []],
  ])('has as few bins as it can tell apart: %s', (_what, values, edges) => {
    expect(stabilityBins(values, 10)).toEqual(edges);
  });

  it('is near 0 for the same source, and grows with the shift', () => {
    const expected = draw(1, 5_000);
    const by = (shift: number): number =>
      populationStabilityIndex(
        expected,
        draw(2, 5_000, (u) => u + shift),
      );
    expect(by(0)).toBeLessThan(0.01);
    expect([0, 0.05, 0.2, 0.5, 2].map(by)).toEqual([0, 0.05, 0.2, 0.5, 2].map(by).toSorted((a, b) => a - b));
    expect(by(0.2)).toBeGreaterThan(0.25);
    expect(Number.isFinite(by(2))).toBe(true);
  });

  it('sees values that have gone missing', () => {
    const expected = draw(3, 1_000);
    const half = draw(4, 1_000).map((x, i) => (i % 2 === 0 ? x : Number.NaN));
    expect(populationStabilityIndex(expected, half)).toBeGreaterThan(1);
  });

  it('does not care how a value is scaled', () => {
    const [a, b] = [draw(5, 800), draw(6, 900, (u) => u * u)];
    const bent = (values: number[]): number[] => values.map((x) => Math.exp(3 * x));
    expect(populationStabilityIndex(bent(a), bent(b))).toBeCloseTo(populationStabilityIndex(a, b), 12);
  });

  it('of nothing is NaN', () => {
    expect(populationStabilityIndex([], [1])).toBeNaN();
    expect(populationStabilityIndex([1], [])).toBeNaN();
  });
});

describe('Kolmogorov-Smirnov', () => {
  const a = Array.from({ length: 101 }, (_, i) => ((i * 37) % 101) / 101);
  const b = Array.from({ length: 97 }, (_, i) => (((i * 53) % 97) / 97) ** 1.4);

  it.each([
    { left: a, right: b, statistic: 0.12973359191589262, p: 0.33533184920140263 },
    { left: a.slice(0, 20), right: b.slice(0, 25).map((x) => x + 0.3), statistic: 0.35, p: 0.10461057787639225 },
  ])('is that of scipy.stats.ks_2samp: $statistic', ({ left, right, statistic, p }) => {
    const result = kolmogorovSmirnov(left, right);
    expect(result.statistic).toBeCloseTo(statistic, 12);
    expect(Math.abs(result.p - p)).toBeLessThan(0.15 * p + 0.002);
  });

  it('is the largest distance of the two distributions', () => {
    const share = (values: number[], x: number): number => values.filter((v) => v <= x).length / values.length;
    const [left, right] = [draw(7, 60, (u) => Math.floor(u * 9)), draw(8, 45, (u) => Math.floor(u * u * 9))];
    const distances = [...left, ...right].map((x) => Math.abs(share(left, x) - share(right, x)));
    expect(kolmogorovSmirnov(left, right).statistic).toBeCloseTo(Math.max(...distances), 12);
    expect(kolmogorovSmirnov(right, left)).toEqual(kolmogorovSmirnov(left, right));
  });

  it('cries wolf as often as its p says', () => {
    let alarms = 0;
    for (let seed = 0; seed < 400; seed++) {
      if (kolmogorovSmirnov(draw(2 * seed + 100, 80), draw(2 * seed + 101, 60)).p < 0.1) alarms++;
    }
    expect(alarms).toBeGreaterThan(20);
    expect(alarms).toBeLessThan(60);
  });

  it('leaves the missing out, and of nothing is NaN', () => {
    expect(kolmogorovSmirnov([1, Number.NaN, 2], [1, 2])).toEqual({ statistic: 0, p: 1 });
    expect(kolmogorovSmirnov([1, 2], [8, 9]).statistic).toBe(1);
    expect(kolmogorovSmirnov([Number.NaN], [1]).statistic).toBeNaN();
  });
});
