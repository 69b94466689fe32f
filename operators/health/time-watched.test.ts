import { describe, expect, it } from 'vitest';
import { expectSound, judge } from './judge.fixture.ts';

/** A week every two minutes, of which the last rows came every ten seconds. */
const QUICKER = { samples_7d: 5_100, cadence_seconds: 10, samples_hours_7d: 168 };
/** An hour every second, and then every minute. */
const SLOWER = { samples_7d: 3_605, cadence_seconds: 60, samples_hours_7d: 1.1 };

describe('the time that a GPU was watched, over a change of cadence', () => {
  it.each<[string, Readonly<Record<string, number>>, number, number]>([
    // 20 + 10 for one uncorrectable error.
    ['an uncorrectable error of this week', { ...QUICKER, ecc_dbe_volatile_per_day_7d: 1 / 7 }, 70, 1],
    [
      'two in a week of which half was seen',
      { samples_hours_7d: 84, coverage_ratio_7d: 0.5, ecc_dbe_volatile_per_day_7d: 2 / 7 },
      60,
      2,
    ],
    [
      'one in a week of which an hour was seen',
      { samples_hours_7d: 1, coverage_ratio_7d: 1 / 168, ecc_dbe_volatile_per_day_7d: 1 / 8 },
      70,
      1,
    ],
    // 5 points a row.
    [
      'a row that was remapped in the first hour',
      { ...SLOWER, remapped_rows_uncorrectable_per_day_7d: 24 / 1.1 },
      95,
      1,
    ],
    // 20 points a decade above 100 in a day.
    [
      'a thousand corrected errors in the first hour',
      { ...SLOWER, ecc_sbe_volatile_per_day_24h: 24_000 / 1.1 },
      80,
      1_000,
    ],
  ])('%s', (_, seen, memory, value) => {
    const verdict = judge(seen);
    expectSound(verdict);
    expect(verdict.dimensions.memory).toBeCloseTo(memory, 6);
    const [told, ...more] = verdict.contributions.filter(({ dimension }) => dimension === 'memory');
    expect(more).toEqual([]);
    expect(told?.value).toBeCloseTo(value, 6);
  });

  it('makes as sure as a week, or an hour, at one cadence', () => {
    expect(judge(QUICKER).confidence).toBe(judge({}).confidence);
    const { samples_hours_7d } = SLOWER;
    expect(judge(SLOWER).confidence).toBe(judge({ samples_hours_7d }).confidence);
    expect(judge(SLOWER).confidence).toBeLessThan(0.6);
  });

  it('of a vector that was stored before it was counted is its samples at its cadence', () => {
    const stored = { samples_7d: 360, ecc_sbe_volatile_per_day_24h: 240_000 };
    expect(judge(stored)).toEqual(judge({ ...stored, samples_hours_7d: 1 }));
  });
});
