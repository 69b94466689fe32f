import { describe, expect, it } from 'vitest';
import { random } from '../core/laws.fixture.ts';
import { type QuantileSketch, RELATIVE_ERROR, sketchAdd, sketchQuantile, sketchStart } from './quantile-sketch.ts';

const SHARES = [0, 0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99, 1];

describe('quantile sketch', () => {
  it.each<[string, (next: () => number) => number]>([
    ['temperatures', (next) => Math.round(30 + 60 * next())],
    ['shares with many 0 and 1', (next) => Math.min(1, Math.max(0, 1.6 * next() - 0.3))],
    ['bytes over many orders', (next) => 2 ** (20 + 18 * next())],
    ['heavy tails', (next) => 1 / (1 - next()) ** 2],
    ['both signs', (next) => 200 * next() - 100],
    ['one value', () => 7],
  ])('is within 1 %% of the exact quantiles: %s', (_, draw) => {
    for (const count of [1, 2, 37, 20_000]) {
      const next = random(count);
      const values = Array.from({ length: count }, () => draw(next));
      const sketch = sketchStart();
      for (const value of values) sketchAdd(sketch, value);
      values.sort((a, b) => a - b);
      for (const share of SHARES) {
        const rank = share * (count - 1);
        const told = sketchQuantile(sketch, share);
        const exact = [values[Math.floor(rank)], values[Math.ceil(rank)]] as [number, number];
        const off = Math.min(...exact.map((value) => Math.abs(told - value) - RELATIVE_ERROR * Math.abs(value)));
        expect([share, off <= 1e-9]).toEqual([share, true]);
      }
    }
  });

  it('goes on from its JSON, and knows nothing of nothing', () => {
    const next = random(3);
    const whole = sketchStart();
    let parted = sketchStart();
    for (let i = 0; i < 500; i++) {
      const value = 100 * next() - 20;
      sketchAdd(whole, value);
      sketchAdd(parted, value);
      if (i % 50 === 0) parted = JSON.parse(JSON.stringify(parted)) as QuantileSketch;
    }
    expect(parted).toEqual(whole);
    expect(sketchQuantile(sketchStart(), 0.5)).toBeNaN();
  });
});
