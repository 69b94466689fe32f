import fc from 'fast-check';
import { expect, it } from 'vitest';
import { inOrdinaryFleets } from './ensemble.ts';

const hazardOf = (p: number): number => -Math.log1p(-p);

it('makes the background that of ordinary fleets, and leaves what readings say', () => {
  const usual = 0.03;
  const told = inOrdinaryFleets(usual, hazardOf(usual), 1 / 6);
  expect(hazardOf(told)).toBeCloseTo(hazardOf(usual) / 6, 12);
  expect(inOrdinaryFleets(0.01, hazardOf(usual), 1 / 6)).toBeCloseTo(0.01 / 6, 3);
  expect(inOrdinaryFleets(0.6, hazardOf(usual), 1 / 6)).toBeCloseTo(0.59, 2);
  expect(inOrdinaryFleets(0.6, hazardOf(usual), 1)).toBeCloseTo(0.6, 12);
});

it('keeps the order, and stays a probability', () => {
  const probability = fc.double({ min: 0, max: 1, noNaN: true });
  fc.assert(
    fc.property(probability, probability, probability, probability, (p, q, usual, ratio) => {
      const told = [p, q].map((one) => inOrdinaryFleets(one, hazardOf(Math.min(usual, 0.999)), ratio)) as [
        number,
        number,
      ];
      for (const [one, before] of [
        [told[0], p],
        [told[1], q],
      ] as const) {
        expect(one).toBeGreaterThanOrEqual(-1e-12);
        expect(one).toBeLessThanOrEqual(before + 1e-9);
      }
      if (p > q) expect(told[0]).toBeGreaterThanOrEqual(told[1] - 1e-12);
    }),
    { seed: 4, numRuns: 500 },
  );
});
