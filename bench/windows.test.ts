import { expect, it } from 'vitest';
import { benchWindows } from './windows.ts';

it('measures what windows and features cost', () => {
  const figures = benchWindows({ gpus: 64, seconds: 0.1 });
  expect(figures.vectors).toBeGreaterThan(0);
  expect(figures.operator_bytes_per_gpu).toBeGreaterThan(20_000);
  expect(figures.operator_bytes_per_gpu).toBeLessThan(32_000);
  for (const cost of [figures.operator_ns_per_row, figures.panes_ns_per_row, figures.panes_bytes_per_gpu]) {
    expect(cost).toBeGreaterThan(0);
  }
});
