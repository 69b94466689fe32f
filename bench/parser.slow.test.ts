import { expect, it } from 'vitest';
import { benchParser } from './parser.ts';

it('measures all variants', async () => {
  const figures = await benchParser({ seconds: 0.02 });
  expect(figures.samples_per_scrape).toBe(400);
  expect(figures.bytes_per_line).toBeGreaterThan(240);
  for (const [name, value] of Object.entries(figures)) expect(value, name).toBeGreaterThan(0);
});
