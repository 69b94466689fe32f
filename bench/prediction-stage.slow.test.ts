import { expect, it } from 'vitest';
import { benchPredictionStage } from './prediction-stage.ts';

it('measures what foreseeing and deciding cost', async () => {
  const figures = await benchPredictionStage({ gpus: 8, days: 0.5 });
  expect(figures.prediction_us).toBeGreaterThan(1);
  expect(figures.slot_ratio).toBeCloseTo(figures.fleet_s / 300, 9);
  expect(figures.longest_ms).toBeGreaterThan(0);
  expect(figures.decision_us).toBeGreaterThan(1);
  expect(figures.carried_bytes_per_gpu).toBeGreaterThan(0);
});
