import { expect, it } from 'vitest';
import { benchIsolationForest } from './isolation-forest.ts';

it('measures what novelty costs', () => {
  const figures = benchIsolationForest({ seconds: 0.02, gpus: 24, days: 1.6 });
  for (const [name, value] of Object.entries(figures)) expect(value, name).toBeGreaterThanOrEqual(0);
  expect(figures.score_ns).toBeGreaterThan(100);
  expect(figures.state_bytes_per_model).toBeGreaterThan(10_000);
  expect(figures.state_bytes_per_model).toBeLessThan(600_000);
});
