import { describe, expect, it } from 'vitest';
import { parseInstant } from './time.ts';

const NEW_YEAR = Date.UTC(2026, 0, 1);

describe('an instant', () => {
  it.each<[unknown, number]>([
    [NEW_YEAR, NEW_YEAR],
    [NEW_YEAR + 0.5, NEW_YEAR],
    [String(NEW_YEAR), NEW_YEAR],
    ['1.7672256e+12', NEW_YEAR],
    ['2026-01-01', NEW_YEAR],
    ['2026-01-01T00:00', NEW_YEAR],
    ['2026-01-01T00:00:00', NEW_YEAR],
    [' 2026-01-01t00:00:00z ', NEW_YEAR],
    ['2026-01-01 00:00:00 UTC', NEW_YEAR],
    ['2026-01-01 00:00:00 +0000', NEW_YEAR],
    ['2026-01-01 00:00:00+00', NEW_YEAR],
    ['2026-01-01T01:00:00+01:00', NEW_YEAR],
    ['2025-12-31T18:30:00-0530', NEW_YEAR],
    ['2025-12-31T24:00:00Z', NEW_YEAR],
    ['2026-01-01 5:03:07', NEW_YEAR + ((5 * 60 + 3) * 60 + 7) * 1_000],
    ['2026-01-01T00:00:00.123456789Z', NEW_YEAR + 123],
    ['2026-01-01T00:00:00,5Z', NEW_YEAR + 500],
    ['2028-02-29', Date.UTC(2028, 1, 29)],
  ])('%j', (value, ms) => {
    expect(parseInstant(value)).toBe(ms);
  });

  it.each([
    0,
    0.5,
    -1,
    1e15,
    Number.NaN,
    Number.POSITIVE_INFINITY,
    null,
    true,
    [NEW_YEAR],
    '',
    'now',
    '2026-02-30',
    '2026-02-29T00:00:00Z',
    '2026-13-01',
    '2026-00-10',
    '0071-01-01',
    '2026-01-01T25:00:00Z',
    '2026-01-01T24:00:01Z',
    '2026-01-01T00:60:00Z',
    '2026-01-01T00:00:00+24:00',
    '2026-01-01 00:00:00 EST',
    '2026-01-01 12:00:00 PM',
    '01/02/2026 00:00:00',
    '-5',
  ])('is not %j', (value) => {
    expect(parseInstant(value)).toBeNaN();
  });
});
