import { describe, expect, it } from 'vitest';
import { random } from '../core/laws.fixture.ts';
import { cusum } from './cusum.ts';

describe('cusum', () => {
  it('is the largest sum of deviations beyond the slack over all pasts, as Page put it', () => {
    const next = random(3);
    const deviations = Array.from({ length: 400 }, (_, i) => next() - 0.5 + (i > 250 ? 0.4 : 0));
    const test = cusum({ slack: 0.1, threshold: 3, step_max: Number.POSITIVE_INFINITY });
    const cells = new Float64Array(3);
    deviations.forEach((deviation, i) => {
      const changed = test.update(cells, 1, deviation, 1);
      let largest = 0;
      for (let from = i, sum = 0; from >= 0; from--) {
        sum += (deviations[from] as number) - 0.1;
        largest = Math.max(largest, sum);
      }
      expect(cells[1]).toBeCloseTo(largest, 9);
      expect(changed).toBe(largest > 3);
    });
    expect([cells[0], cells[2]]).toEqual([0, 0]);
  });

  it.each<[string, number[], number, number]>([
    ['one wild reading is no change', [100, 0, 0, 0], 2, -1],
    ['three wild readings are', [100, 100, 100], 2, 2],
    ['weights are lengths', [1, 1], 5, -1],
    ['a fall is none', [-9, -9, -9], 5, -1],
  ])('%s', (_, deviations, threshold, at) => {
    const test = cusum({ slack: 0.5, threshold, step_max: 0.9 });
    const cells = new Float64Array(1);
    expect(deviations.findIndex((deviation) => test.update(cells, 0, deviation, 2))).toBe(at);
  });
});
