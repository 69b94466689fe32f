import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { assignVariant } from './assign-variant.ts';

const uuids = Array.from({ length: 5_000 }, (_, i) => `GPU-00000000-0000-0000-0000-${String(i).padStart(12, '0')}`);
const challengers = (share: number, salt: string): Set<string> =>
  new Set(uuids.filter((uuid) => assignVariant(uuid, share, salt) === 'challenger'));

describe('assignVariant', () => {
  it('gives nobody to a share of 0 and everybody to a share of 1', () => {
    expect(challengers(0, 'a').size).toBe(0);
    expect(challengers(1, 'a').size).toBe(uuids.length);
  });

  it('only adds GPUs when the share rises', () => {
    fc.assert(
      fc.property(
        fc.string(),
        fc.string(),
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (uuid, salt, a, b) => {
          const [low, high] = a < b ? [a, b] : [b, a];
          if (assignVariant(uuid, low, salt) === 'challenger') {
            expect(assignVariant(uuid, high, salt)).toBe('challenger');
          }
        },
      ),
      { seed: 5, numRuns: 500 },
    );
  });

  // Four standard deviations of a binomial count.
  it.each([0.01, 0.1, 0.25, 0.5, 0.9])(
    'gives a share of %f that share, also of names that differ only in their end',
    (share) => {
      const slack = 4 * Math.sqrt(uuids.length * share * (1 - share));
      for (const salt of ['', 'v12', 'v13']) {
        expect(Math.abs(challengers(share, salt).size - uuids.length * share)).toBeLessThan(slack);
      }
    },
  );

  it('draws afresh for another salt', () => {
    const first = challengers(0.2, 'v12');
    const both = [...challengers(0.2, 'v13')].filter((uuid) => first.has(uuid)).length;
    const expected = uuids.length * 0.2 * 0.2;
    expect(Math.abs(both - expected)).toBeLessThan(4 * Math.sqrt(expected));
  });

  it('says the same on every machine', () => {
    const places = ['GPU-a', 'GPU-b', 'GPU-ü', ''].map((uuid) => {
      let low = 0;
      let high = 1;
      for (let i = 0; i < 40; i++) {
        const middle = (low + high) / 2;
        if (assignVariant(uuid, middle, 'salt') === 'challenger') high = middle;
        else low = middle;
      }
      return high.toFixed(6);
    });
    expect(places).toMatchInlineSnapshot(`
      [
        "0.658430",
        "0.423250",
        "0.352196",
        "0.813988",
      ]
    `);
  });

  it.each([-0.1, 1.1, Number.NaN])('refuses a share of %f', (share) => {
    expect(() => assignVariant('GPU-a', share, '')).toThrow(RangeError);
  });
});
