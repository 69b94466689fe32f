import { describe, expect, it } from 'vitest';
import { random } from '../core/laws.fixture.ts';
import { PAGE_HINKLEY_CELLS, type PageHinkleyOptions, pageHinkley } from './page-hinkley.ts';

const OPTIONS: PageHinkleyOptions = { readings_min: 30, delta: 0.005, threshold: 20, alpha: 1 };

/** Without decay: the sum now less the smallest it ever was, over means as they stood at each reading. */
function twin(readings: readonly number[], { readings_min, delta, threshold }: PageHinkleyOptions): number[] {
  const found: number[] = [];
  let start = 0;
  for (let i = 0; i < readings.length; i++) {
    const sums = [0];
    for (let j = start; j <= i; j++) {
      const past = readings.slice(start, j + 1);
      const mean = past.reduce((sum, value) => sum + value, 0) / past.length;
      sums.push((sums.at(-1) as number) + (readings[j] as number) - mean - delta);
    }
    if (i - start + 1 < readings_min || (sums.at(-1) as number) - Math.min(...sums) <= threshold) continue;
    found.push(i);
    start = i + 1;
  }
  return found;
}

describe('page-hinkley', () => {
  it('does what its twin does, and starts anew after a change', () => {
    const next = random(11);
    const readings = Array.from({ length: 300 }, (_, i) => next() + Math.floor(i / 100) * 3);
    const test = pageHinkley(OPTIONS);
    const cells = new Float64Array(PAGE_HINKLEY_CELLS + 1);
    const found = readings.flatMap((reading, i) => (test.update(cells, 1, reading) ? [i] : []));
    expect(found).toEqual(twin(readings, OPTIONS));
    expect(found.length).toBe(2);
    expect(cells[0]).toBe(0);
  });

  it('waits for enough readings, and does not mind a fall', () => {
    const cells = new Float64Array(PAGE_HINKLEY_CELLS);
    const test = pageHinkley({ ...OPTIONS, alpha: 0.9999 });
    const until = (count: number, reading: number): number =>
      Array.from({ length: count }).findIndex(() => test.update(cells, 0, reading));
    expect(until(20, 0)).toBe(-1);
    expect(until(9, 1e6)).toBe(-1);
    expect(until(1, 1e6)).toBe(0);
    expect(until(200, 50)).toBe(-1);
    expect(until(200, 0)).toBe(-1);
  });
});
