import { describe, expect, it } from 'vitest';
import { START_MS } from '../core/laws.fixture.ts';
import { follow, healthy, type Readings, told } from './conditions.fixture.ts';

const SECOND = 1_000;
const MINUTE = 60_000;
const HOUR = 3_600_000;
const ONSET = HOUR;
const RESET = 2 * HOUR;

const every = (cadence_ms: number, hours: number, at: (ms: number) => Readings | null) =>
  follow({ cadence_ms, span_ms: hours * HOUR, at });
const endOf = (anomalies: ReturnType<typeof follow>, at: number): number =>
  (anomalies[at]?.closed_at ?? Number.NaN) - START_MS;

describe('a critical condition that is no longer critical', () => {
  it('ends, and what is left of it opens anew: corrected errors since a driver was loaded, and over the life of the board', () => {
    const items = every(10 * SECOND, 6, (ms) => ({
      ...healthy(ms),
      ecc_sbe_volatile_total: ms < ONSET || ms >= RESET ? 0 : 21e6,
      ecc_sbe_aggregate_total: ms < ONSET ? 0 : 22e6,
    })).filter(({ type }) => type === 'ecc_sbe_total');
    expect(told(items)).toEqual([
      'ecc_sbe_total critical open',
      'ecc_sbe_total critical closed',
      'ecc_sbe_total warning open',
    ]);
    expect(endOf(items, 1)).toBe(RESET + HOUR);
    expect(items[2]?.id).not.toBe(items[0]?.id);
  });

  it('ends although a background stays that would not have opened it', () => {
    let total = 0;
    const items = every(10 * SECOND, 4, (ms) => {
      // A storm for ten minutes, then an error every 100 s: between what opens and what closes.
      total += ms >= ONSET && ms < ONSET + 10 * MINUTE ? 1_000 : ms >= ONSET && ms % (100 * SECOND) === 0 ? 1 : 0;
      return { ...healthy(ms), ecc_sbe_volatile_total: total, ecc_sbe_aggregate_total: 5 + total };
    }).filter(({ type }) => type === 'ecc_sbe_rate');
    expect(told(items)).toEqual(
      ['ecc_sbe_rate warning open', 'ecc_sbe_rate critical open', 'ecc_sbe_rate critical closed'].slice(-items.length),
    );
    expect(items.at(-1)?.state).toBe('closed');
  });

  it('stays while it is critical again within the time that closes it', () => {
    const items = every(10 * SECOND, 3, (ms) => ({
      ...healthy(ms),
      recovery_action: ms < ONSET ? 0 : ms % (4 * MINUTE) < MINUTE ? 3 : 1,
    }));
    expect(told(items)).toEqual(['recovery_action critical open']);
  });
});

describe('an uncorrectable error', () => {
  const course = (reset: boolean, again: number) => (ms: number) => ({
    ...healthy(ms),
    ecc_dbe_volatile_total: ms < ONSET ? 0 : reset && ms >= RESET ? Number(ms >= again) : 1,
    ecc_dbe_aggregate_total: 1 + Number(ms >= ONSET) + Number(ms >= again),
  });

  it('is over ten minutes behind the reset that it asks for, else after a day', () => {
    const cured = every(10 * SECOND, 4, course(true, Number.POSITIVE_INFINITY));
    expect(told(cured)).toEqual(['ecc_dbe critical open', 'ecc_dbe critical closed']);
    expect(endOf(cured, 1)).toBe(RESET + 10 * MINUTE);
    expect(told(every(MINUTE, 20, course(false, Number.POSITIVE_INFINITY)))).toEqual(['ecc_dbe critical open']);
  });

  it('goes on when it comes again behind the reset', () => {
    const items = every(10 * SECOND, 4, course(true, RESET + 5 * MINUTE));
    expect(told(items)).toEqual(['ecc_dbe critical open']);
  });

  it('is not over because a second exporter is behind by one collection', () => {
    const items = every(SECOND, 3, (ms) => {
      if (ms % (10 * SECOND) > SECOND) return null;
      const behind = ms % (10 * SECOND) === SECOND && ms < ONSET + 30 * SECOND;
      return { ...healthy(ms), ecc_dbe_volatile_total: ms >= ONSET && !behind ? 1 : 0 };
    });
    expect(items.filter(({ type, state }) => type === 'ecc_dbe' && state === 'closed')).toEqual([]);
  });
});

it('what is open of fields that are given up ends with them', () => {
  const items = every(MINUTE, 40, (ms) => {
    const { recovery_action: _, row_remap_pending: __, ...others } = healthy(ms);
    if (ms >= 2 * HOUR) return others;
    return { ...others, recovery_action: ms < ONSET ? 0 : 3, row_remap_pending: ms < ONSET ? 0 : 1 };
  });
  const closed = items.filter(({ state }) => state === 'closed').map(({ type }) => type);
  expect(closed.sort()).toEqual(['field_vanished', 'recovery_action', 'row_remap_pending']);
  const [asked] = items.filter(({ type, state }) => type === 'recovery_action' && state === 'closed');
  expect(asked?.explanation).toMatch(/Its metric is no longer reported\.$/);
});

it('a link that sleeps between short jobs is not told, although averages outlast the work', () => {
  const items = every(30 * SECOND, 6, (ms) => {
    const behind_burst = ms % (5 * MINUTE) === 30 * SECOND;
    return {
      ...healthy(ms),
      gpu_util_ratio: ms % (5 * MINUTE) === 0 ? 0.9 : 0,
      gr_engine_active_ratio: behind_burst ? 0.33 : 0,
      pcie_link_gen: ms % (5 * MINUTE) === 0 ? 5 : 1,
    };
  });
  expect(items.filter(({ type }) => type === 'pcie_downtrained')).toEqual([]);
});
