import { expect, it } from 'vitest';
import { newest } from './view-watch.ts';

it.each([
  [
    'rows, not when they were sent',
    '"data":[{"ts":"2026-01-01T00:00:01.000Z"},{"ts":"2026-01-01T00:00:03.000Z"}]',
    3_000,
  ],
  ['nothing where there is no row', '"data":[]', 0],
])('the newest instant of a message is that of %s', (_, data, after_ms) => {
  const text = `{"topic":"node/a","seq":1,"type":"delta","ts":"2026-06-01T00:00:00.000Z",${data}}`;
  expect(newest(text)).toBe(after_ms === 0 ? 0 : Date.UTC(2026, 0, 1) + after_ms);
});
