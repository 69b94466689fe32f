import { describe, expect, it } from 'vitest';
import { GroupState } from '../core/group-state.ts';
import { batchOf, type SampleRow, START_MS } from '../core/laws.fixture.ts';
import { runOperator } from '../core/lift.ts';
import { healthy, type Readings } from './conditions.fixture.ts';
import { conditions } from './conditions.ts';

const SECOND = 1_000;
const MINUTE = 60_000;

interface Board {
  readonly uuid: string;
  readonly instance?: string;
  readonly node?: string;
  readonly readings: (ms: number) => Readings;
}

/** `uuid, minute` of each sensor that is said to lie, of boards that are all scraped at once. */
function liars(boards: readonly Board[], cadence_ms = 10 * SECOND): [string, number][] {
  const rows: SampleRow[] = [];
  for (let ms = 0; ms <= 30 * MINUTE; ms += cadence_ms) {
    for (const { uuid, instance = '', node = 'n', readings } of boards) {
      const known = Object.entries(readings(ms)).filter(([, value]) => !Number.isNaN(value));
      rows.push({ ts: START_MS + ms, node, uuid, instance, values: Object.fromEntries(known) });
    }
  }
  const state = new GroupState(0);
  const told: [string, number][] = [];
  runOperator('conditions', conditions({}), state, batchOf(state, rows), (_, { type, gpu_uuid, opened_at }) => {
    if (type === 'sensor_lying') told.push([gpu_uuid, (opened_at - START_MS) / MINUTE]);
  });
  return told;
}

const zero: Readings = { sm_active_ratio: 0, gr_engine_active_ratio: 0 };
const without: Readings = { sm_active_ratio: Number.NaN, gr_engine_active_ratio: Number.NaN };
const light: Readings = { gpu_util_ratio: 0.15, power_watts: 120 };
const board = (uuid: string, change: Readings, more: Partial<Board> = {}): Board => ({
  uuid,
  readings: (ms) => ({ ...healthy(ms), ...change }),
  ...more,
});

describe('profiling counters that were at 0 from the first row on', () => {
  it.each([10 * SECOND, MINUTE, 2 * MINUTE])(
    'lie where the GPU draws what only work draws, every %i ms',
    (cadence_ms) => {
      const [told, ...more] = liars([board('GPU-a', zero)], cadence_ms);
      expect(more).toEqual([]);
      expect(told?.[0]).toBe('GPU-a');
      expect(told?.[1]).toBeLessThanOrEqual(5 + cadence_ms / MINUTE);
    },
  );

  it('lie where those of a neighbour move', () => {
    expect(liars([board('GPU-a', { ...zero, ...light })])).toEqual([]);
    const node = [board('GPU-a', { ...zero, ...light }), board('GPU-b', light)];
    expect(liars(node).map(([uuid]) => uuid)).toEqual(['GPU-a']);
    expect(liars([...node].reverse()).map(([uuid]) => uuid)).toEqual(['GPU-a']);
    expect(liars([board('GPU-a', { ...zero, ...light }), board('GPU-b', light, { node: 'other' })])).toEqual([]);
  });

  it('lie where what proves it rests for a scrape now and then', () => {
    const flickers = (often: Readings, seldom: Readings): Board['readings'] => {
      return (ms) => ({ ...healthy(ms), ...(ms % (2 * MINUTE) === 0 ? seldom : often) });
    };
    const neighbour = { uuid: 'GPU-b', readings: flickers(light, { ...light, ...zero }) };
    expect(liars([board('GPU-a', { ...zero, ...light }), neighbour]).map(([uuid]) => uuid)).toEqual(['GPU-a']);
    const draws = { uuid: 'GPU-a', readings: flickers(zero, { ...zero, power_watts: 120 }) };
    expect(liars([draws]).map(([uuid]) => uuid)).toEqual(['GPU-a']);
  });

  it.each<[string, readonly Board[]]>([
    ['an exporter without profiling', [board('GPU-a', without), board('GPU-b', without)]],
    ['a model without it beside one that has it', [board('GPU-a', without), board('GPU-b', {})]],
    ['an idle GPU beside a busy one', [board('GPU-a', { ...zero, gpu_util_ratio: 0 }), board('GPU-b', {})]],
    [
      'a board that is cut into instances',
      [board('GPU-a', zero), board('GPU-a', zero, { instance: '1' }), board('GPU-b', {})],
    ],
    ['instances', [board('GPU-a', zero, { instance: '1' }), board('GPU-a', {}, { instance: '2' })]],
    [
      'work that is over before it has lasted',
      [
        {
          uuid: 'GPU-a',
          readings: (ms) => ({ ...healthy(ms), ...zero, ...(ms % (6 * MINUTE) < 4 * MINUTE ? {} : light) }),
        },
      ],
    ],
  ])('say nothing: %s', (_, boards) => {
    expect(liars(boards)).toEqual([]);
  });
});
