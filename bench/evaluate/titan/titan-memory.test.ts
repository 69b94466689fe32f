import { describe, expect, it } from 'vitest';
import { madeHistory } from './titan-history.fixture.ts';
import { TITAN_FEATURES, type TitanFeature, type TitanMemory, titanMemory } from './titan-memory.ts';
import {
  dayOf,
  historyOf,
  monthOf,
  monthStarts,
  readPlace,
  type TitanHistory,
  type TitanRecord,
} from './titan-records.ts';

const GPU = '0323712000001';
const place = readPlace('c3-2c1s4n0');
const record = (at: number, kind: TitanRecord['kind'], gpu = GPU): TitanRecord => ({ at, kind, gpu, place });

function remembering(records: readonly TitanRecord[]): TitanMemory {
  const memory = titanMemory();
  for (const one of records) memory.take(one);
  return memory;
}

function feature(memory: TitanMemory, at: number, name: TitanFeature, gpu = GPU): number {
  const { gpus, values } = memory.rowsAt(at);
  return values[gpus.indexOf(gpu) * TITAN_FEATURES.length + TITAN_FEATURES.indexOf(name)] as number;
}

describe('no feature knows the future', () => {
  const history = madeHistory({ gpus: 200, months: 20, seed: 4, turn_day: 1e9 });
  const { records, until } = history;
  const landmark = monthStarts(records[0]?.at ?? 0, until)[9] as number;
  const before = records.filter(({ at }) => at < landmark);

  it('because no record from the landmark on can be taken before its features are asked for', () => {
    const memory = remembering(before);
    expect(memory.rowsAt(landmark).gpus.length).toBeGreaterThan(150);
    memory.take(record(landmark, 'DBE', records[0]?.gpu));
    expect(() => memory.rowsAt(landmark)).toThrow('knows a record');
  });

  it.each([
    [
      'all GPUs fail on the next day',
      before.map(({ gpu, place }): TitanRecord => ({ at: landmark + 1, kind: 'DBE', gpu, place })),
    ],
    [
      'all GPUs are taken out at once',
      before.map(({ gpu, place }): TitanRecord => ({ at: landmark, kind: 'remove', gpu, place })),
    ],
    ['nothing happens any more', []],
  ])('so that they are the same when %s', (_what, future) => {
    const as_was = featuresAt(history, landmark);
    const otherwise = featuresAt({ ...history, records: [...before, ...future] }, landmark);
    expect(otherwise).toEqual(as_was);
    expect(as_was.values.length).toBeGreaterThan(1_000);
  });

  it('and a record that is planted late is refused', () => {
    const memory = remembering(before);
    expect(() => memory.take(record((before.at(-1)?.at ?? 0) - 0.5, 'DBE'))).toThrow('after one of day');
  });

  /** The way that the study goes: records up to the landmark, then its features. */
  function featuresAt({ records }: TitanHistory, at: number): { gpus: readonly string[]; values: number[] } {
    const memory = titanMemory();
    for (const one of records) {
      if (one.at >= at) break;
      memory.take(one);
    }
    const { gpus, values } = memory.rowsAt(at);
    return { gpus, values: [...values] };
  }
});

describe('features', () => {
  const memory = remembering([
    record(100, 'insert'),
    record(110, 'DBE'),
    record(110, 'remove'),
    record(120, 'insert'),
    record(140, 'OTB'),
    record(140.5, 'OTB'),
  ]);
  it.each<[TitanFeature, number]>([
    ['age_days', 50],
    ['installed_days', 30],
    ['insertions', 2],
    ['column', 3],
    ['row', 2],
    ['cage', 1],
    ['slot', 4],
    ['node', 0],
    ['dbe', 1],
    ['otb', 1],
    ['days_since_event', 10],
    ['place_events', 2],
    ['place_days_since_event', 10],
    ['made_year', 12 + 37 / 52],
  ])('%s', (name, value) => {
    expect(feature(memory, 150, name)).toBeCloseTo(value, 4);
  });

  it('rates halve in 120 days', () => {
    const now = feature(memory, 150, 'fleet_rate');
    expect(feature(memory, 270, 'fleet_rate') / now).toBeCloseTo(0.5, 5);
    expect(now).toBeGreaterThan(0.005);
  });

  it('are unknown where nothing was seen', () => {
    const fresh = remembering([record(100, 'insert', 'X1')]);
    expect(feature(fresh, 101, 'days_since_event', 'X1')).toBeNaN();
    expect(feature(fresh, 101, 'made_year', 'X1')).toBeNaN();
    expect(feature(fresh, 101, 'fleet_rate', 'X1')).toBe(0);
  });

  it('are of those only that are in the machine', () => {
    const left = remembering([record(100, 'insert'), record(101, 'insert', 'X1'), record(110, 'remove')]);
    expect(left.rowsAt(120).gpus).toEqual(['X1']);
  });
});

describe('the course from a landmark on', () => {
  const memory = remembering([
    record(100, 'insert', 'fails'),
    record(100, 'insert', 'leaves'),
    record(100, 'insert', 'moves'),
    record(100, 'insert', 'stays'),
    record(130, 'DBE', 'fails'),
    record(130, 'remove', 'fails'),
    record(130, 'remove', 'leaves'),
    record(130, 'remove', 'moves'),
    record(135, 'insert', 'moves'),
    record(190, 'DBE', 'stays'),
  ]);
  it.each([
    ['fails', 110, 140, { days: 20, event: true }],
    ['fails', 110, 125, { days: 15, event: false }],
    ['leaves', 110, 140, { days: 20, event: false }],
    ['moves', 110, 140, { days: 30, event: false }],
    ['stays', 110, 140, { days: 30, event: false }],
    ['stays', 110, 190, { days: 80, event: true }],
    ['nobody', 110, 140, { days: 0, event: false }],
  ])('%s from %d until %d', (gpu, from, until, course) => {
    expect(memory.course(gpu, from, until)).toEqual(course);
  });
});

describe('records', () => {
  it('come from lives and from events alone, in the order of time', () => {
    const line = { gpu: GPU, location: 'c3-2c1s4n0' };
    const { records, until, gpus } = historyOf([
      { ...line, insert: '2015-02-01 00:00:00', remove: '2015-03-01 12:00:00', event: 'DBE' },
      { ...line, insert: '', remove: '2015-03-01 12:00:10', event: 'DBE' },
      { ...line, insert: '2015-03-05 00:00:00', remove: '2015-04-01 00:00:00', event: '' },
    ]);
    expect(records.map(({ at, kind }) => [kind, at - dayOf('2015-02-01 00:00:00')])).toEqual([
      ['insert', 0],
      ['DBE', 28.5],
      ['remove', 28.5],
      ['DBE', expect.closeTo(28.5 + 10 / 86_400, 9)],
      ['insert', 32],
    ]);
    expect(monthOf(until)).toBe('2015-04');
    expect(gpus).toBe(1);
  });

  it('have months and places', () => {
    expect(monthStarts(dayOf('2015-11-15 00:00:00'), dayOf('2016-02-01 00:00:00')).map(monthOf)).toEqual([
      '2015-12',
      '2016-01',
      '2016-02',
    ]);
    expect(readPlace('c24-7c2s0n3')).toEqual({ column: 24, row: 7, cage: 2, slot: 0, node: 3 });
    expect(() => readPlace('c24-7c3s0n3')).toThrow('no place');
  });
});
