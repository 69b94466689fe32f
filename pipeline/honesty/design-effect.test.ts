import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { designEffect } from './design-effect.ts';
import { randomOf } from './honesty.fixture.ts';

/** So many groups of so many, each with a value of its own that its members share by so much. */
function sample(groups: number, size: number, shared: number, seed = 1): { values: number[]; group: number[] } {
  const random = randomOf(seed);
  const own = Array.from({ length: groups }, () => random());
  const group = Array.from({ length: groups * size }, (_, i) => Math.floor(i / size));
  return { group, values: group.map((g) => shared * (own[g] as number) + (1 - shared) * random()) };
}

describe('design effect', () => {
  it.each([
    ['nothing is shared', 0, 0.8, 1.3],
    ['half is', 0.5, 4, 6],
    ['all is', 1, 8, 8],
  ])('where %s', (_, shared, low, high) => {
    const { values, group } = sample(200, 8, shared);
    const effect = designEffect(values, group, 200);
    expect(effect).toBeGreaterThanOrEqual(low);
    expect(effect).toBeLessThanOrEqual(high + 1e-9);
  });

  it('is how many times wider the mean is spread than that of as many free cases', () => {
    const means: number[] = [];
    let told = 0;
    let variance = 0;
    const rounds = 400;
    for (let seed = 0; seed < rounds; seed++) {
      const { values, group } = sample(40, 8, 0.6, seed + 7);
      const mean = values.reduce((sum, x) => sum + x, 0) / values.length;
      means.push(mean);
      variance += values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / (values.length - 1) / rounds;
      told += designEffect(values, group, 40) / rounds;
    }
    const centre = means.reduce((sum, x) => sum + x, 0) / rounds;
    const spread = means.reduce((sum, x) => sum + (x - centre) ** 2, 0) / (rounds - 1);
    const really = spread / (variance / 320);
    expect(told / really).toBeGreaterThan(0.8);
    expect(told / really).toBeLessThan(1.25);
  });

  it.each([
    ['nothing', [], [], 0],
    ['one group', [1, 2, 3], [0, 0, 0], 1],
    ['a case a group', [1, 2, 3], [0, 1, 2], 3],
    ['nothing that varies', [5, 5, 5, 5], [0, 0, 1, 1], 2],
    ['groups without a case', [1, 2], [3, 3], 9],
  ])('is 1 for %s', (_, values, group, groups) => {
    expect(designEffect(values, group, groups)).toBe(1);
  });

  it('is from 1 to the largest group, whatever the scale', () => {
    const cases = fc.array(fc.tuple(fc.double({ min: -1e6, max: 1e6, noNaN: true }), fc.nat(6)), { maxLength: 60 });
    fc.assert(
      fc.property(cases, (list) => {
        // The square of a smaller one is no number any more, but that of eight times it may be.
        const [values, group] = [list.map(([x]) => (Math.abs(x) < 1e-100 ? 0 : x)), list.map(([, g]) => g)];
        const effect = designEffect(values, group, 7);
        const largest = Math.max(1, ...[0, 1, 2, 3, 4, 5, 6].map((g) => group.filter((one) => one === g).length));
        expect(effect).toBeGreaterThanOrEqual(1);
        expect(effect).toBeLessThanOrEqual(largest + 1e-6);
        const scaled = designEffect(
          values.map((x) => 8 * x),
          group,
          7,
        );
        expect(scaled).toBeCloseTo(effect, 6);
      }),
    );
  });
});
