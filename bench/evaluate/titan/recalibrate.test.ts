import { expect, it } from 'vitest';
import { recalibrated } from './recalibrate.ts';

/** Landmark at which twice as many failed as was said; every row counts. */
const settled = (rows: number) => {
  const answers = Float32Array.from({ length: rows }, (_, i) => (i % 4 === 0 ? 0.2 : 0.05));
  const labels = Int8Array.from({ length: rows }, (_, i) => ((i >> 2) % 10 < (i % 4 === 0 ? 4 : 1) ? 1 : 0));
  return {
    answers,
    outcomes: { labels, weights: new Float32Array(rows).fill(1) },
    picked: new Uint8Array(rows).fill(1),
  };
};

it('bends answers to what became of earlier ones, and keeps their order', () => {
  const [high = 0, low = 0] = recalibrated(Float32Array.of(0.2, 0.05), [settled(4_000)], 1);
  expect(high).toBeCloseTo(0.4, 2);
  expect(low).toBeCloseTo(0.1, 2);
});

it('lets the picked stand for the others', () => {
  const whole = settled(8_000);
  const picked = whole.picked.map((_, i) => ((i >> 2) % 2 === 0 ? 1 : 0));
  const [half = 0] = recalibrated(Float32Array.of(0.05), [{ ...whole, picked }], 2);
  const [all = 0] = recalibrated(Float32Array.of(0.05), [whole], 1);
  expect(Math.abs(half - all)).toBeLessThan(0.02);
});

it('leaves them as they are while few have failed', () => {
  const answers = Float32Array.of(0.2, 0.05);
  expect(recalibrated(answers, [settled(100)], 1)).toBe(answers);
  expect(recalibrated(answers, [], 1)).toBe(answers);
});
