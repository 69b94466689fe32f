import { describe, expect, it } from 'vitest';
import { days, hours } from '../contract/time.ts';
import { type ShiftLook, standingShift } from './standing-shift.ts';

const START = Date.UTC(2026, 0, 1);
const DAY = days(1);

/** Looks at a fleet whose share that has moved is known by day. */
function world(
  moved: (day: number) => number | null,
  options: { moved_min?: number; model?: (day: number) => string } = {},
) {
  const looks: number[] = [];
  let away = false;
  let now = START;
  const seen = standingShift({
    moved_min: options.moved_min ?? 0.25,
    async look(): Promise<ShiftLook | null> {
      if (away) return null;
      const day = (now - START) / DAY;
      looks.push(day);
      return {
        model: options.model?.(day) ?? 'm 1',
        at: now,
        moved_ratio: moved(day),
        moved: ['gpu_temp_max', 'gpu_temp_mean'],
      };
    },
  });
  const at = (day: number) => {
    now = START + day * DAY;
    return seen(now);
  };
  return {
    looks,
    at,
    setAway(is: boolean): void {
      away = is;
    },
    /** On which of these days it stands. */
    async told(list: readonly number[]): Promise<readonly number[]> {
      const found: number[] = [];
      for (const day of list) if ((await at(day)) !== null) found.push(day);
      return found;
    },
  };
}

describe('a shift that stands', () => {
  it('is told at the second look of two, with what has moved', async () => {
    const { at } = world(() => 0.4);
    expect(await at(0)).toBeNull();
    expect(await at(0.9)).toBeNull();
    expect(await at(1)).toEqual({
      what: 'features',
      at: START + DAY,
      model: 'm 1',
      why: '40 % of what m 1 goes by has moved from its training, as a day before: gpu_temp_max, gpu_temp_mean',
    });
  });

  it('looks once a day of event time, however often one asks', async () => {
    const { told, looks } = world(() => 0.4);
    const often = Array.from({ length: 97 }, (_, i) => i / 24);
    expect(await told(often)).toEqual(often.slice(24));
    expect(looks).toEqual([0, 1, 2, 3, 4]);
  });

  it.each([
    ['a quiet fleet', () => 0.1, []],
    ['one day', (day: number) => (day === 1 ? 0.9 : 0.1), []],
    ['every other day', (day: number) => (day % 2 === 0 ? 0.9 : 0.1), []],
    ['exactly the limit', () => 0.25, [1, 2, 3, 4, 5]],
    ['three days', (day: number) => (day >= 1 && day <= 3 ? 0.5 : 0), [2, 3]],
    ['nothing to compare', () => null, []],
  ] as const)('%s', async (_, moved, told) => {
    expect(await world(moved).told([0, 1, 2, 3, 4, 5])).toEqual(told);
  });

  it('begins anew with another model, and is off at 0', async () => {
    const other = world(() => 0.5, { model: (day) => (day < 2 ? 'm 1' : 'm 2') });
    expect(await other.told([0, 1, 2, 3])).toEqual([1, 3]);
    const off = world(() => 1, { moved_min: 0 });
    expect(await off.told([0, 1, 2])).toEqual([]);
    expect(off.looks).toEqual([]);
  });

  it('asks again at once when nobody could tell, and needs vectors that are newer', async () => {
    const { at, setAway, looks } = world(() => 0.5);
    await at(0);
    setAway(true);
    expect(await at(1)).toBeNull();
    setAway(false);
    expect(await at(1 + hours(1) / DAY)).not.toBeNull();
    expect(looks).toHaveLength(2);
    const stopped = standingShift({
      moved_min: 0.25,
      look: async () => ({ model: 'm 1', at: START, moved_ratio: 1, moved: [] }),
    });
    for (const day of [0, 1, 2]) expect(await stopped(START + day * DAY)).toBeNull();
  });
});
