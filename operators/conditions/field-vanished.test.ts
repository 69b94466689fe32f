import { describe, expect, it } from 'vitest';
import { START_MS } from '../core/laws.fixture.ts';
import { follow, healthy, type Readings } from './conditions.fixture.ts';

const SECOND = 1_000;
const MINUTE = 60_000;
const HOUR = 3_600_000;
const ONSET = 2 * HOUR;
const BACK = ONSET + 40 * MINUTE;

const NAMES = Object.keys(healthy(0)).filter((name) => name !== 'xid_last');
const without = (...names: readonly string[]): Readings => Object.fromEntries(names.map((name) => [name, Number.NaN]));
const only = (readings: Readings, ...names: readonly string[]): Readings => ({
  ...readings,
  ...without(...Object.keys(readings).filter((name) => !names.includes(name))),
});
/** What a GSP that hangs leaves: memory, and what the driver remembers. */
const LEFT = ['fb_used_bytes', 'fb_free_bytes', 'pcie_max_link_gen', 'recovery_action', 'xid_last'];
const BOARD = ['gpu_temp_celsius', 'power_watts', 'throttle_reasons'];
const SLICED = ['fb_used_bytes', 'fb_free_bytes', 'sm_active_ratio', 'gr_engine_active_ratio', 'gpu_util_ratio'];

const found = (at: (ms: number) => Readings | null, cadence_ms = 10 * SECOND, span_ms = 4 * HOUR) =>
  follow({ cadence_ms, span_ms, at }).filter(({ type }) => type === 'field_vanished');
const brief = (at: (ms: number) => Readings | null, cadence_ms?: number, span_ms?: number): string[] =>
  found(at, cadence_ms, span_ms).map(({ severity, state }) => `${severity} ${state}`);
const between = (ms: number, from: number, to: number): boolean => ms >= from && ms < to;

describe('most fields of a GPU gone', () => {
  it.each([SECOND, 10 * SECOND, MINUTE, 2 * MINUTE])(
    'are a warning after ten minutes, until they are back, every %i ms',
    (cadence_ms) => {
      const items = found(
        (ms) => (between(ms, ONSET, BACK) ? only(healthy(ms), ...LEFT) : healthy(ms)),
        cadence_ms,
        3 * HOUR,
      );
      expect(items.map(({ severity, state }) => `${severity} ${state}`)).toEqual(['warning open', 'warning closed']);
      const [opened, closed] = items;
      expect((opened?.opened_at ?? 0) - START_MS - ONSET).toBeGreaterThanOrEqual(9 * MINUTE);
      expect((opened?.opened_at ?? 0) - START_MS - ONSET).toBeLessThanOrEqual(12 * MINUTE);
      expect((closed?.closed_at ?? 0) - START_MS - BACK).toBeLessThanOrEqual(MINUTE + cadence_ms);
      expect(closed?.explanation).toMatch(/^26 fields are no longer reported, from .* until .*\. It is over\.$/);
    },
  );

  it('are told with numbers and some of their names', () => {
    const [told] = found((ms) => (ms < ONSET ? healthy(ms) : only(healthy(ms), ...LEFT)));
    expect(told).toMatchObject({ observed: NAMES.length - 4, metric: 'fields', window: '1h' });
    expect(told?.explanation).toMatch(
      /^26 fields are no longer reported, of 30 that usually are: gpu_temp_celsius, memory_temp_celsius, .*, sm_active_ratio and 18 more, since 2026-01-01T02:\d\d:\d\dZ\. What they told is unknown now: .* kernel log\.$/,
    );
  });

  it('are told of what is left of two sources when one ends', () => {
    const prof = ['sm_active_ratio', 'gr_engine_active_ratio'];
    const rows = (ms: number): Readings | null => {
      if (ms % (10 * SECOND) === 0) return ms < ONSET ? { ...healthy(ms), ...without(...prof) } : null;
      return only(healthy(ms), ...prof);
    };
    expect(brief(rows, 5 * SECOND)).toEqual(['warning open']);
  });

  it('that come back but for some leave an info', () => {
    const at = (ms: number): Readings =>
      ms < ONSET
        ? healthy(ms)
        : ms < BACK
          ? only(healthy(ms), ...LEFT)
          : { ...healthy(ms), ...without('memory_temp_celsius') };
    expect(brief(at)).toEqual(['warning open', 'warning closed', 'info open']);
  });
});

describe('says nothing of', () => {
  it.each<[string, (ms: number) => Readings | null, number?]>([
    [
      'a driver that is loaded again',
      (ms) => (between(ms, ONSET, ONSET + 8 * MINUTE) ? only(healthy(ms), ...LEFT) : healthy(ms)),
    ],
    [
      'one row in ten minutes that has them',
      (ms) => (ms < ONSET || ms % (9 * MINUTE) === 0 ? healthy(ms) : only(healthy(ms), ...LEFT)),
    ],
    ['a GPU that is not known yet', (ms) => (ms < HOUR / 2 ? healthy(ms) : only(healthy(ms), ...LEFT))],
    [
      'an old exporter with few fields',
      () => ({ gpu_temp_celsius: 60, power_watts: 300, gpu_util_ratio: 0.5, xid_last: 0 }),
    ],
    [
      'rows without any reading, which mean that the GPU is lost',
      (ms) => (ms < ONSET ? healthy(ms) : { xid_last: 79, recovery_action: 2 }),
    ],
    [
      'two sources whose rows take turns, whichever the looks fall on',
      (ms) => {
        const late = ms > ONSET && ms % (20 * MINUTE) === 0;
        if (late) return null;
        return ms % (10 * SECOND) === 0
          ? only(healthy(ms), 'sm_active_ratio', 'gr_engine_active_ratio')
          : { ...healthy(ms), ...without('sm_active_ratio', 'gr_engine_active_ratio') };
      },
      5 * SECOND,
    ],
    [
      'a source of few fields that comes to one of many',
      (ms) =>
        ms > ONSET && ms % (10 * SECOND) === 0 ? { sm_occupancy_ratio: 0.3, tensor_active_ratio: 0.5 } : healthy(ms),
      5 * SECOND,
    ],
  ])('%s', (_, at, cadence_ms) => {
    expect(brief(at, cadence_ms)).toEqual([]);
  });

  it.each<[string, readonly string[], readonly string[]]>([
    ['an upgrade that renames some fields', NAMES, NAMES.slice(12)],
    ['a board that is cut: its instances have them', [...BOARD, ...SLICED], BOARD],
  ])('more than an info: %s', (_, before, after) => {
    expect(brief((ms) => only(healthy(ms), ...(ms < ONSET ? before : after)))).toEqual(['info open']);
  });
});
