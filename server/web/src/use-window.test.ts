import { expect, it } from 'vitest';
import { rowsInSight } from './use-window.ts';

it.each([
  ['at the top', 0, 0, 56],
  ['scrolled half way', -1_500_000, 49_976, 50_056],
  ['at the end', -3_000_000 + 900, 99_944, 100_000],
  ['below the screen', 5_000, 0, 0],
  ['far above', -9_000_000, 100_000, 100_000],
])('draws what is in sight and a little more: %s', (_, top, first, end) => {
  const shown = rowsInSight({ count: 100_000, row_height: 30, top, screen: 900 });
  expect(shown).toEqual({ first, end });
});

it('draws all of a short list', () => {
  expect(rowsInSight({ count: 5, row_height: 30, top: 200, screen: 900 })).toEqual({ first: 0, end: 5 });
});
