import { expect, it } from 'vitest';
import { createAdam } from './adam.ts';

it('takes the first steps that the algorithm takes', () => {
  const weights = Float32Array.of(1, -2);
  const adam = createAdam({ count: 2, rate: 0.1, norm_max: 1e9 });
  adam.step(weights, Float32Array.of(5, -0.01));
  // At first the mean over the root of the square is the sign.
  expect([...weights].map((w) => Number(w.toFixed(4)))).toEqual([0.9, -1.9]);
  adam.step(weights, Float32Array.of(0, -0.01));
  // 0.9 * 0.1 * 5 / (1 - 0.81) over the root of 0.999 * 0.001 * 25 / (1 - 0.998001).
  expect(weights[0]).toBeCloseTo(0.9 - 0.1 * (0.45 / 0.19 / Math.sqrt(0.024975 / 0.001999)), 4);
  expect(weights[1]).toBeCloseTo(-1.8, 4);
});

it('shortens a gradient that is too long, and finds the bottom', () => {
  const long = Float32Array.of(0, 0);
  const short = Float32Array.of(0, 0);
  const [a, b] = [1, 2].map(() => createAdam({ count: 2, rate: 0.1, norm_max: 5 })) as [
    ReturnType<typeof createAdam>,
    ReturnType<typeof createAdam>,
  ];
  a.step(long, Float32Array.of(3e5, 4e5));
  a.step(long, Float32Array.of(0.3, 0));
  b.step(short, Float32Array.of(3, 4));
  b.step(short, Float32Array.of(0.3, 0));
  expect(long).toEqual(short);

  const weights = Float32Array.of(4, -3);
  const adam = createAdam({ count: 2, rate: 0.05, norm_max: 1 });
  for (let i = 0; i < 600; i++) {
    adam.step(weights, Float32Array.of((weights[0] as number) - 1, 10 * ((weights[1] as number) - 2)));
  }
  expect(weights[0]).toBeCloseTo(1, 2);
  expect(weights[1]).toBeCloseTo(2, 2);
});
