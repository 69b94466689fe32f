import { expect, it } from 'vitest';
import { benchLstmStep } from './lstm-step.ts';

it('measures what a step costs', async () => {
  const figures = await benchLstmStep({ seconds: 0.005, units: 8, lanes: 4, windows: 2 });
  expect(Object.keys(figures.step_us)).toEqual(['1', '8', '64', '1000']);
  for (const us of [...Object.values(figures.step_us), figures.fleet_s, figures.plain_step_us]) {
    expect(us).toBeGreaterThan(0);
    expect(us).toBeLessThan(1_000);
  }
  expect(figures.state_bytes_per_gpu).toBe(4 * (2 * 2 * 8 + 2 * 32 + 1));
  expect(figures.training_steps_per_s).toBeGreaterThan(10);
});
