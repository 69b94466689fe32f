import { describe, expect, it } from 'vitest';
import type { Asset } from '../../pipeline/contract/events.ts';
import type { Absence, BrokenSpell } from '../../sinks/questdb/read-outages.ts';
import { assetOf } from '../api.fixture.ts';
import { type AvailabilityFacts, availabilityOf } from './availability-facts.ts';

const HOUR = 3_600_000;
/** Hours of a month that began at 1,000 h. */
const at = (hour: number): number => (1_000 + hour) * HOUR;
const asset = (gpu_uuid: string, changes: Partial<Asset> = {}): Asset =>
  assetOf(gpu_uuid, { ts: at(-500), ...changes });
const sight = (gpu_uuid: string, first = 0, last = 99) => ({ gpu_uuid, first: at(first), last: at(last) });
const absence = (changes: Partial<Absence>): Absence => ({
  ts: at(10),
  gpu_uuid: 'A',
  node: 'n1',
  type: 'gpu_lost',
  opened_at: at(10),
  closed_at: at(14),
  ...changes,
});
const spell = (changes: Partial<BrokenSpell>): BrokenSpell => ({
  ts: at(20),
  gpu_uuid: 'A',
  node: 'n1',
  started_at: at(20),
  ended_at: at(21),
  reset_at: null,
  cured: null,
  ...changes,
});

const inHours = (facts: Partial<AvailabilityFacts>) =>
  availabilityOf({
    period: { from: at(0), to: at(100) },
    assets: [asset('A')],
    statuses: new Map(),
    absences: [],
    episodes: [],
    sights: [sight('A')],
    ...facts,
  }).map(({ board, in_service_ms, down_ms, failures }) => [
    board.gpu_uuid,
    in_service_ms / HOUR,
    down_ms / HOUR,
    failures,
  ]);

describe('time in service', () => {
  it.each<[name: string, facts: Partial<AvailabilityFacts>, expected: unknown[]]>([
    ['is the whole period', {}, [['A', 100, 0, 0]]],
    ['begins with the first sample', { sights: [sight('A', 40)] }, [['A', 60, 0, 0]]],
    [
      'begins within the hour of the first sample',
      { assets: [asset('A', { ts: at(40.5) })], sights: [sight('A', 40)] },
      [['A', 59.5, 0, 0]],
    ],
    ['ends with retirement', { assets: [asset('A', { status: 'retired', retired_at: at(30) })] }, [['A', 30, 0, 0]]],
    ['has ended before', { assets: [asset('A', { status: 'retired', retired_at: at(-1) })] }, []],
    ['is not that of a spare', { sights: [] }, []],
    ['is of nobody who is not in the inventory', { sights: [sight('B')] }, []],
    [
      'is of one that was lost before, and still is',
      { sights: [], absences: [absence({ opened_at: at(-50), closed_at: null })] },
      [['A', 100, 100, 0]],
    ],
    [
      'leaves maintenance out',
      {
        statuses: new Map([
          [
            'A',
            [
              { at: at(10), status: 'maintenance' },
              { at: at(15), status: 'active' },
            ],
          ],
        ]),
      },
      [['A', 95, 0, 0]],
    ],
    [
      'leaves maintenance out that goes on',
      { statuses: new Map([['A', [{ at: at(90), status: 'maintenance' }]]]) },
      [['A', 90, 0, 0]],
    ],
    ['leaves out what was in maintenance all along', { assets: [asset('A', { status: 'maintenance' })] }, []],
    [
      'leaves retirement out that was taken back',
      {
        statuses: new Map([
          [
            'A',
            [
              { at: at(10), status: 'retired' },
              { at: at(30), status: 'active' },
            ],
          ],
        ]),
      },
      [['A', 80, 0, 0]],
    ],
  ])('%s', (_name, facts, expected) => {
    expect(inHours(facts)).toEqual(expected);
  });
});

describe('time down', () => {
  it.each<[name: string, facts: Partial<AvailabilityFacts>, down: number]>([
    ['while it is lost', { absences: [absence({})] }, 4],
    ['while it is lost, up to now', { absences: [absence({ closed_at: null })] }, 90],
    ['while its node is silent', { absences: [absence({ gpu_uuid: '', type: 'node_silent' })] }, 4],
    ['not while another node is silent', { absences: [absence({ gpu_uuid: '', type: 'node_silent', node: 'n2' })] }, 0],
    ['in an episode until the reset', { episodes: [spell({ reset_at: at(26), cured: null })] }, 6],
    ['in an episode until the reset that cured it', { episodes: [spell({ reset_at: at(26), cured: true })] }, 6],
    [
      'in an episode that a reset did not end',
      { episodes: [spell({ reset_at: at(21), ended_at: at(30), cured: false })] },
      10,
    ],
    [
      'in an episode that goes on in spite of a reset',
      { episodes: [spell({ reset_at: at(21), ended_at: null, cured: false })] },
      80,
    ],
    ['in an episode without a reset, up to its last sign', { episodes: [spell({ ended_at: at(23) })] }, 3],
    ['in an episode that goes on', { episodes: [spell({ ended_at: null })] }, 80],
    [
      'once for what overlaps',
      { absences: [absence({ closed_at: at(22) })], episodes: [spell({ reset_at: at(24) })] },
      14,
    ],
  ])('%s', (_name, facts, down) => {
    expect(inHours(facts)[0]?.[2]).toBe(down);
  });

  it('is of no board whose node nobody knows', () => {
    const assets = [asset('A', { node: '' })];
    expect(inHours({ assets, absences: [absence({ gpu_uuid: '', type: 'node_silent', node: '' })] })).toEqual([
      ['A', 100, 0, 0],
    ]);
  });
});
