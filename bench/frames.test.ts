import { expect, it } from 'vitest';
import { benchFrames } from './frames.ts';

it('measures what a row costs on its way to the read side', () => {
  const figures = benchFrames({ nodes: 8, seconds: 0.02 });
  expect(figures.rows).toBe(64);
  expect(figures.bytes_per_row).toBeGreaterThan(25 * 8);
  for (const us of [figures.write_us, figures.read_us, figures.summary_text_us]) expect(us).toBeGreaterThan(0);
});
