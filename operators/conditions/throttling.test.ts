import { describe, expect, it } from 'vitest';
import { START_MS } from '../core/laws.fixture.ts';
import { follow, healthy } from './conditions.fixture.ts';

const MINUTE = 60_000;
const ONSET = 30 * MINUTE;

const minuteOf = (instant: string | undefined): number => (Date.parse(instant ?? '') - START_MS) / MINUTE;

describe.each([
  ['1 s', 1_000],
  ['10 s', 10_000],
  ['2 min', 2 * MINUTE],
])('throttle bits at %s', (_, cadence_ms) => {
  it.each([
    ['hardware slowdown', 8 | 64],
    ['the power brake', 128],
  ])('%s is told with shares of at most all, since it began', (_name, bits) => {
    const items = follow({
      cadence_ms,
      span_ms: 60 * MINUTE,
      at: (ms) => ({ ...healthy(ms), throttle_reasons: ms >= ONSET ? bits : 0 }),
    });
    expect(items.map(({ severity }) => severity)).toEqual(['warning', 'critical']);
    for (const { explanation, observed } of items) {
      expect(observed).toBeLessThanOrEqual(1);
      const shares = [...explanation.matchAll(/(\d+) %/g)].map(([, percent]) => Number(percent));
      expect(shares).toHaveLength(2);
      expect(Math.max(...shares)).toBeLessThanOrEqual(100);
      const since = minuteOf(/, since (\S+Z)/.exec(explanation)?.[1]);
      expect(since).toBeGreaterThanOrEqual((ONSET - cadence_ms) / MINUTE);
      expect(since).toBeLessThanOrEqual(ONSET / MINUTE);
    }
  });

  it('leaves no words or times behind when it is switched off', () => {
    const [item] = follow({
      cadence_ms,
      span_ms: 60 * MINUTE,
      options: { hw_slowdown: { enabled: false } },
      at: (ms) => ({
        ...healthy(ms),
        throttle_reasons: ms >= ONSET ? 8 | 64 : 0,
        power_limit_watts: ms >= ONSET + 10 * MINUTE ? 385 : 700,
        power_watts: 380,
      }),
    });
    expect(item?.type).toBe('power_limit_lowered');
    expect(item?.explanation).not.toContain('of the last minutes');
    expect(minuteOf(/, since (\S+Z)/.exec(item?.explanation ?? '')?.[1])).toBeGreaterThanOrEqual(40);
  });
});
