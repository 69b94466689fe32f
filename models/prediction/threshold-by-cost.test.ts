import fc from 'fast-check';
import { expect, it } from 'vitest';
import { thresholdByCost } from './threshold-by-cost.ts';

const COSTS = { false_alarm_usd: 1, missed_failure_usd: 10 };

it.each<[string, readonly number[], readonly number[], number]>([
  ['what tells apart, just above the rest', [0, 0, 1, 1], [0.1, 0.2, 0.7, 0.9], 0.7],
  ['a failure among the harmless that is worth the alarms', [0, 1, 0, 0], [0.9, 0.2, 0.3, 0.1], 0.2],
  ['nothing to win', [0, 0, 0], [0.5, 0.6, 0.7], 1],
  ['one probability for all', [0, 1], [0.4, 0.4], 0.4],
])('takes %s', (_, labels, probabilities, threshold) => {
  expect(thresholdByCost(labels, probabilities, COSTS)).toBe(threshold);
});

it('costs no more than any other', () => {
  const row = fc.tuple(fc.integer({ min: 0, max: 1 }), fc.integer({ min: 0, max: 20 }));
  fc.assert(
    fc.property(fc.array(row, { minLength: 1, maxLength: 40 }), fc.integer({ min: 1, max: 30 }), (rows, dear) => {
      const costs = { false_alarm_usd: 1, missed_failure_usd: dear };
      const labels = rows.map(([label]) => label);
      const probabilities = rows.map(([, p]) => p / 21);
      const costOf = (threshold: number): number =>
        rows.reduce((sum, [label, p]) => {
          const alarm = p / 21 >= threshold;
          return sum + (alarm && label === 0 ? 1 : 0) + (!alarm && label === 1 ? dear : 0);
        }, 0);
      const found = costOf(thresholdByCost(labels, probabilities, costs));
      for (const other of [...probabilities, 1]) expect(found).toBeLessThanOrEqual(costOf(other));
    }),
    { seed: 3, numRuns: 300 },
  );
});
