import { expect, it } from 'vitest';
import { benchXgboostScoring } from './xgboost-scoring.ts';

it('measures what a boosted model costs', () => {
  const figures = benchXgboostScoring({ seconds: 0.02, trees: 20, depth: 4, features: 10, rows: 64 });
  for (const [name, value] of Object.entries(figures)) expect(value, name).toBeGreaterThan(0);
  expect(figures.scored_per_s).toBeGreaterThan(figures.explained_per_s);
  expect(figures.single_ms).toBeLessThan(50);
});
