import { expect, it } from 'vitest';
import { benchBoostingTraining } from './boosting-training.ts';

it('measures what training costs', () => {
  const figures = benchBoostingTraining({ rows: 2_000, features: 12, rounds: 8, missing: 0.05 });
  for (const [name, value] of Object.entries(figures)) expect(value, name).toBeGreaterThanOrEqual(0);
  expect(figures.cells_per_s).toBeGreaterThan(100_000);
  expect(figures.whole_s).toBeGreaterThan(0.1 * figures.round_ms);
});
