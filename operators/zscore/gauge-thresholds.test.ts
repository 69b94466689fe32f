import { describe, expect, it } from 'vitest';
import type { Anomaly } from '../../pipeline/contract/events.ts';
import type { MetricName } from '../../pipeline/contract/metrics.ts';
import type { StateSpec } from '../../pipeline/contract/operator.ts';
import { GroupState } from '../core/group-state.ts';
import { batchOf, type SampleRow } from '../core/laws.fixture.ts';
import { runOperator } from '../core/lift.ts';
import { type BoardMoment, boardRows } from './board.fixture.ts';
import { seenMinutes } from './conditional-baseline.ts';
import { addedGauges, BOARD_GAUGES, type GaugeThresholds, WATCHABLE_GAUGES } from './watched-gauges.ts';
import { ZSCORE_DEFAULTS, type ZscoreOptions, zscore } from './zscore.ts';
import { BUSY, modelAt } from './zscore-state.ts';

const HOT_FROM_HOUR = 2;
/** A die, a memory and a margin that the power does not explain, from the second hour on. */
const hot = (h: number): BoardMoment => ({ work: 0.7, resistance: h < HOT_FROM_HOUR ? 0.06 : 0.11 });
const RUN = { step_ms: 30_000, hours: 3 };

interface Watch {
  readonly options?: Partial<ZscoreOptions>;
  readonly state?: GroupState;
  readonly step?: string;
}

function watch(rows: readonly SampleRow[], { options, state = new GroupState(0), step = 'zscore' }: Watch): Anomaly[] {
  const out: Anomaly[] = [];
  runOperator(step, zscore({ ...ZSCORE_DEFAULTS, ...options }), state, batchOf(state, rows), (_, item) =>
    out.push(item),
  );
  return out;
}
const short = (told: readonly Anomaly[]): string[] => told.map((a) => `${a.metric} ${a.severity} ${a.state}`);

describe('thresholds by gauge', () => {
  const rows = boardRows({ ...RUN, moment: hot });
  const DIE = ['gpu_temp_celsius info open', 'gpu_temp_celsius warning open'];
  const MEMORY = ['memory_temp_celsius info open', 'memory_temp_celsius warning open'];
  const MARGIN = ['temp_margin_celsius info open', 'temp_margin_celsius warning open'];

  it.each<[string, GaugeThresholds, readonly string[]]>([
    ['none of their own', {}, [...DIE, ...MEMORY]],
    ['the one for all, written again', { gpu_temp_celsius: ZSCORE_DEFAULTS.threshold }, [...DIE, ...MEMORY]],
    ['one that is never reached', { memory_temp_celsius: 100 }, DIE],
    // The deviation is some 7 sigma: beyond this one, not beyond twice of it.
    ['one that is reached and not warned of', { memory_temp_celsius: 5 }, [...DIE, 'memory_temp_celsius info open']],
    ['one that is off', { memory_temp_celsius: 0 }, DIE],
    ['one that is off, said by its mirror then', { gpu_temp_celsius: 0, memory_temp_celsius: 0 }, MARGIN],
    ['all off', Object.fromEntries(BOARD_GAUGES.map((name) => [name, 0])), []],
  ])('tells with %s', (_, thresholds, told) => {
    expect(short(watch(rows, { options: { thresholds } })).toSorted()).toEqual([...told].toSorted());
  });

  it('hold over the one for all, and only for their gauge', () => {
    const options = { threshold: 100, thresholds: { gpu_temp_celsius: 3 } };
    expect(short(watch(rows, { options }))).toEqual(DIE);
  });

  it('close what is open on a gauge that is switched off, and still learn it', () => {
    const state = new GroupState(0);
    const cut = rows.findIndex(({ ts }) => ts >= (rows[0] as SampleRow).ts + 2.5 * 3_600_000);
    const opened = watch(rows.slice(0, cut), { state }).find(({ metric }) => metric === 'memory_temp_celsius');
    const model = modelAt(BOARD_GAUGES.length, 0, BUSY, BOARD_GAUGES.indexOf('memory_temp_celsius'));
    const learned = (): number => seenMinutes(state.columns('zscore', zscore(ZSCORE_DEFAULTS).state).models, model);
    const before = learned();
    const off = watch(rows.slice(cut), { state, options: { thresholds: { memory_temp_celsius: 0 } } });
    expect(short(off.filter(({ metric }) => metric === 'memory_temp_celsius'))).toEqual([
      'memory_temp_celsius warning closed',
    ]);
    expect(off.find(({ state: as }) => as === 'closed')?.id).toBe(opened?.id);
    expect(learned() - before).toBeGreaterThanOrEqual(25);
  });
});

describe('an added gauge', () => {
  const added: MetricName = 'pcie_rx_bytes_per_second';
  const steady = boardRows({ ...RUN, hours: 4, moment: () => ({ work: 0.7 }) });
  const rows = steady.map((row, i) => ({ ...row, values: { ...row.values, [added]: i > 240 ? 4e10 : 1e9 } }));
  const half = rows.length >> 1;

  it('is what thresholds name beyond the gauges of the board, in the order of the catalogue', () => {
    const named = { pcie_rx_bytes_per_second: 4, power_watts: 3, fb_used_bytes: 0, sm_active_ratio: undefined };
    expect(addedGauges(named)).toEqual(['fb_used_bytes', added]);
    expect(addedGauges({})).toEqual([]);
    expect(addedGauges(Object.fromEntries(WATCHABLE_GAUGES.map((name) => [name, 4])))).toHaveLength(
      WATCHABLE_GAUGES.length - BOARD_GAUGES.length,
    );
  });

  it('is judged alone as beside those of the board, by its own threshold', () => {
    const told = watch(rows, { options: { gauges: [...BOARD_GAUGES, added] } });
    expect(short(told)).toEqual([`${added} info open`]);
    expect(watch(rows, { options: { gauges: [added] } })).toEqual(told);
    expect(watch(rows, { options: { gauges: [added], thresholds: { [added]: 90 } } })).toEqual([]);
  });

  it('comes into a snapshot of before, which goes on as it was, and out again', () => {
    const board = zscore(ZSCORE_DEFAULTS);
    const options = { gauges: [added] };
    const one = zscore({ ...ZSCORE_DEFAULTS, ...options });
    const step = `zscore_${added}`;
    const before = new GroupState(0);
    watch(rows.slice(0, half), { state: before });
    const saved = before.save();
    const both = GroupState.restore(
      saved,
      new Map<string, StateSpec>([
        ['zscore', board.state],
        [step, one.state],
      ]),
    );
    expect(both.save().columns.filter((column) => column.step === 'zscore')).toEqual(saved.columns);
    const fresh = both.save().columns.filter((column) => column.step === step);
    expect(fresh.map(({ name }) => name)).toEqual(Object.keys(one.state));
    for (const { name, data } of fresh)
      expect(new Set(data), name).toEqual(new Set([one.state[name as 'kind'].initial]));
    expect(watch(rows.slice(half), { state: both, step, options })).toEqual([]);
    const without = GroupState.restore(both.save(), new Map([['zscore', board.state]]));
    expect(without.save().columns).toEqual(saved.columns);
  });
});
