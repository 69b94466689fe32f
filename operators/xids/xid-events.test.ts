import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ExpositionParser } from '../../pipeline/collect/exposition-parser.ts';
import type { BatchXid } from '../../pipeline/contract/batch.ts';
import type { XidEvent } from '../../pipeline/contract/events.ts';
import { METRICS } from '../../pipeline/contract/metrics.ts';
import { minutes } from '../../pipeline/contract/time.ts';
import { GroupState } from '../core/group-state.ts';
import { batchOf, describeLaws, random, type SampleRow, START_MS, sampleRows } from '../core/laws.fixture.ts';
import { runOperator } from '../core/lift.ts';
import { type XidEventsOptions, xidEvents } from './xid-events.ts';

const OPTIONS: XidEventsOptions = { rearm_after: minutes(5), remember: minutes(15) };

/** The small fleet of the laws, with a latching gauge, window counts, listed codes, resets and MIG instances on top. */
function xidRows(seed: number): SampleRow[] {
  const next = random(seed);
  const latched = new Map<string, number>();
  return sampleRows(seed).flatMap((row): SampleRow[] => {
    const values: Record<string, number> = { ...row.values };
    delete values.xid_last;
    if (next() < 0.05) latched.set(row.uuid, [13, 31, 79, 0][Math.floor(next() * 4)] as number);
    const code = latched.get(row.uuid);
    if (code !== undefined && next() < 0.9) values.xid_last = code;
    const xids: Omit<BatchXid, 'row'>[] = [];
    if (next() < 0.1) xids.push({ xid: 31, kind: 'window_count', count: Math.ceil(next() * 3) });
    if (next() < 0.02) xids.push({ xid: 94, kind: 'event', count: 1 });
    const sample = { ...row, values, xids };
    return row.uuid === 'GPU-3' ? ['1', '2'].map((instance) => ({ ...sample, instance })) : [sample];
  });
}

describeLaws('xid_events', () => xidEvents(OPTIONS), { bytes_per_gpu_max: 48, rows: xidRows });

/** What one scrape of GPU-a shows: the gauge, and reports such as `79:1` (window count) or `79` (listed). */
interface Shown {
  readonly t?: number;
  readonly gauge?: number;
  readonly also?: readonly string[];
  readonly energy?: number;
  readonly instance?: string;
}
const shows = (gauge?: number, ...also: string[]): Shown => ({ also, ...(gauge === undefined ? {} : { gauge }) });

function told(scrapes: readonly Shown[], step_ms = 10_000): string[] {
  const rows = scrapes.map((shown, i): SampleRow => {
    const values: Record<string, number> = { gpu_temp_celsius: 50, energy_joules_total: shown.energy ?? 1_000 };
    if (shown.gauge !== undefined) values.xid_last = shown.gauge;
    const xids = (shown.also ?? []).map((text): Omit<BatchXid, 'row'> => {
      const [xid, count] = text.split(':').map(Number);
      return count === undefined
        ? { xid: xid as number, kind: 'event', count: 1 }
        : { xid: xid as number, kind: 'window_count', count };
    });
    const t = shown.t ?? i;
    return { ts: START_MS + t * step_ms, node: 'n', uuid: 'GPU-a', instance: shown.instance ?? '', values, xids };
  });
  const state = new GroupState(0);
  const out: XidEvent[] = [];
  runOperator('x', xidEvents(OPTIONS), state, batchOf(state, rows), (_, item) => out.push(item));
  return out.map(({ ts, xid, count }) => `${xid}@${(ts - START_MS) / step_ms}${count === 1 ? '' : `x${count}`}`);
}

const times = (n: number, shown: Shown): Shown[] => Array.from({ length: n }, () => shown);

describe('xid_events', () => {
  it.each<[string, Shown[], string[]]>([
    ['a code at first sight is old news', [shows(79), shows(79), shows(79)], []],
    ['a count at first sight is old news', [shows(undefined, '42:1'), shows(undefined, '42:1')], []],
    ['a listed code at first sight is an event', [shows(undefined, '79')], ['79@0']],
    ['from 0 to a code', [shows(0), shows(79), shows(79)], ['79@1']],
    ['a latched code for a long time', [shows(0), ...times(200, shows(31))], ['31@1']],
    ['absent is no XID, so the first code is one', [shows(), shows(), shows(79)], ['79@2']],
    ['one code after another', [shows(31), shows(79), shows(31)], ['79@1', '31@2']],
    ['missing and back', [shows(0), shows(79), shows(), shows(), shows(79)], ['79@1']],
    ['missing for an hour and back', [shows(0), shows(79), ...times(360, shows()), shows(79)], ['79@1']],
    [
      'left out for five minutes and back, where nobody says 0',
      [shows(), shows(79), ...times(31, shows()), shows(79)],
      ['79@1', '79@33'],
    ],
    ['left out for less', [shows(), shows(79), ...times(29, shows()), shows(79)], ['79@1']],
    ['old news, left out and back', [shows(79), ...times(31, shows()), shows(79)], ['79@32']],
    ['no number for five minutes and back', [shows(), shows(79), ...times(31, shows(-1)), shows(79)], ['79@1']],
    ['0 and back', [shows(0), shows(79), shows(0), shows(79)], ['79@1']],
    ['0 for five minutes and back', [shows(0), shows(79), ...times(31, shows(0)), shows(79)], ['79@1', '79@33']],
    [
      'a reset and back',
      [
        { gauge: 0, energy: 500 },
        { gauge: 79, energy: 510 },
        { gauge: 0, energy: 3 },
        { gauge: 79, energy: 4 },
      ],
      ['79@1', '79@3'],
    ],
    [
      'a reset that leaves the gauge as it was',
      [
        { gauge: 0, energy: 500 },
        { gauge: 79, energy: 510 },
        { gauge: 79, energy: 3 },
        { gauge: 79, energy: 4 },
      ],
      ['79@1'],
    ],
    ['a code that is no whole number', [shows(0), shows(79.5), shows(80.5)], []],
    ['a code that nobody knows', [shows(0), shows(9_999)], ['9999@1']],
    [
      'counts that rise, stay and fall',
      [
        shows(),
        shows(undefined, '31:1'),
        shows(undefined, '31:3'),
        shows(undefined, '31:2'),
        shows(undefined, '31:3'),
        shows(undefined, '31:3'),
      ],
      ['31@1', '31@2x2', '31@4'],
    ],
    ['a count that misses one row', [shows(), shows(undefined, '31:1'), shows(), shows(undefined, '31:1')], ['31@1']],
    [
      'a count whose window has moved on',
      [shows(), shows(undefined, '31:1'), shows(), shows(), shows(undefined, '31:1')],
      ['31@1', '31@4'],
    ],
    ['gauge and count at once', [shows(0), shows(79, '79:1'), shows(79, '79:1')], ['79@1']],
    ['gauge, and the count a scrape later', [shows(0), shows(79), shows(79, '79:1')], ['79@1']],
    ['gauge, and the count two scrapes later', [shows(0), shows(79), shows(79), shows(79, '79:1')], ['79@1']],
    [
      'gauge, and the count of another one later',
      [shows(0), shows(79), shows(79), shows(79), shows(79, '79:1')],
      ['79@1', '79@4'],
    ],
    ['count, and the gauge a scrape later', [shows(0), shows(0, '79:1'), shows(79, '79:1')], ['79@1']],
    ['gauge tells one, the count three', [shows(0), shows(31), shows(31, '31:3')], ['31@1', '31@2x2']],
    [
      'the same code again, which only the count shows',
      [shows(0), ...times(5, shows(31, '31:1')), ...times(5, shows(31, '31:2'))],
      ['31@1', '31@6'],
    ],
    [
      'a gauge that is printed for each code, in changing order',
      [shows(0), shows(31), shows(79, '31:1'), shows(31, '79:1'), shows(79, '31:1'), shows(31, '79:1')],
      ['31@1', '79@2'],
    ],
    [
      'a gauge that falls back to a code that is still counted',
      [shows(0), shows(31, '31:1'), shows(79, '31:1', '79:1'), ...times(4, shows(31, '31:1', '79:1'))],
      ['31@1', '79@2'],
    ],
    ['several listed at once', [shows(undefined, '79', '31', '45')], ['79@0', '31@0', '45@0']],
    [
      'listed in each of three rows',
      [shows(undefined, '31'), shows(undefined, '31'), shows(undefined, '31')],
      ['31@0', '31@1', '31@2'],
    ],
    ['listed, and the gauge with it', [shows(0), shows(79, '79'), shows(79)], ['79@1']],
    ['a row told twice', [shows(0), shows(79, '79', '31'), { t: 1, gauge: 79, also: ['79', '31'] }], ['79@1', '31@1']],
    [
      'a late row, and once more',
      [shows(0), shows(0), shows(0), { t: 1.5, gauge: 13, also: ['31'] }, { t: 1.5, also: ['31'] }, { t: 4, gauge: 0 }],
      ['31@1.5'],
    ],
  ])('%s', (_, scrapes, expected) => {
    expect(told(scrapes).toSorted()).toEqual(expected.toSorted());
  });

  it.each([100, 10_000, 120_000])('knows two scrapes at a cadence of %d ms', (step_ms) => {
    expect(told([shows(0), shows(79), shows(79), shows(79, '79:1')], step_ms)).toEqual(['79@1']);
  });

  it.each<[string, Shown[], string[]]>([
    ['missing for a day', [shows(0), shows(79), ...times(144, shows())], ['79@1']],
    ['left out for longer', [shows(0), shows(79), ...times(146, shows())], ['79@1', '79@148']],
    [
      'missing for an hour after a week of one code',
      [shows(0), ...times(1_008, shows(79)), ...times(6, shows())],
      ['79@1'],
    ],
  ])('takes a gauge that has said 0 for one that does, until it is gone for a day: %s', (_, scrapes, expected) => {
    expect(told([...scrapes, shows(79)], 600_000)).toEqual(expected);
  });

  it('tells a code of a board once, however many instances show it', () => {
    const instances = ['1', '2', '5'];
    const at = (t: number, gauge: number, also: string[] = []): Shown[] =>
      instances.map((instance) => ({ t, gauge, also, instance }));
    expect(told([...at(0, 0), ...at(1, 94), ...at(2, 94, ['94:1']), ...at(3, 94, ['94:2'])])).toEqual(['94@1', '94@3']);
    expect(told([...at(0, 0), ...at(1, 0, ['94']), ...at(2, 0, ['94'])])).toEqual(['94@1', '94@2']);
  });

  it('takes what an instance shows that comes back as old news', () => {
    const scrapes: Shown[] = [
      { t: 0, gauge: 0, instance: '1' },
      { t: 0, gauge: 0, instance: '2' },
      { t: 1, gauge: 79, instance: '1' },
      { t: 400, gauge: 79, instance: '2' },
      { t: 401, gauge: 79, instance: '2' },
    ];
    expect(told(scrapes)).toEqual(['79@1']);
  });

  it('names the job', () => {
    const state = new GroupState(0);
    const row = {
      ts: START_MS,
      node: 'n',
      uuid: 'GPU-a',
      values: {},
      xids: [{ xid: 31, kind: 'event', count: 1 }],
    } as const;
    const batch = batchOf(state, [row]);
    batch.attribution[0] = state.registry.attribution([{ namespace: 'ml', pod: 'train-0', container: 'c', job: '' }]);
    const out: XidEvent[] = [];
    runOperator('x', xidEvents(OPTIONS), state, batch, (_, item) => out.push(item));
    expect(out).toEqual([
      { ts: START_MS, gpu_uuid: 'GPU-a', node: 'n', instance: '', xid: 31, count: 1, job: 'ml/train-0' },
    ]);
  });

  it('forgets in time: a record for who had XIDs lately, none for others', () => {
    const state = new GroupState(0);
    const rows = Array.from(
      { length: 400 },
      (_, i): SampleRow => ({
        ts: START_MS + i * 10_000,
        node: 'n',
        uuid: 'GPU-a',
        values: {},
        xids: i % 2 === 0 ? [{ xid: 31, kind: 'event', count: 1 }] : [],
      }),
    );
    const operator = xidEvents(OPTIONS);
    runOperator('x', operator, state, batchOf(state, rows), () => undefined);
    const [boards] = state.columns('x', operator.state).told as Record<string, unknown[]>[];
    expect(boards?.['GPU-a']?.length).toBeLessThanOrEqual(91);
    expect(state.columns('x', operator.state).counts[0]).toBeNull();
  });

  const captures = join(import.meta.dirname, '..', '..', '..', 'shared', 'data', 'dcgm-exporter');
  it.skipIf(!existsSync(captures))('makes no event of any capture at first sight (needs ../shared/data)', () => {
    let shown = 0;
    for (const file of readdirSync(captures).filter((name) => name.endsWith('.prom'))) {
      const body = readFileSync(join(captures, file));
      const scrapes = new ExpositionParser().parse(body, { fallback_node: file, ts: START_MS });
      const rows = scrapes.flatMap((scrape) =>
        scrape.gpus.map((gpu): SampleRow => {
          const values = Object.fromEntries(METRICS.map(({ name }, m) => [name, gpu.values[m] as number]));
          shown += Number(values.xid_last === 0) + gpu.xids.length;
          return { ts: gpu.ts, node: scrape.node, uuid: gpu.uuid, instance: gpu.instance, values, xids: gpu.xids };
        }),
      );
      const state = new GroupState(0);
      runOperator('x', xidEvents(OPTIONS), state, batchOf(state, rows), (_, item) => expect(item).toBeUndefined());
    }
    expect(shown).toBeGreaterThan(5);
  });
});
