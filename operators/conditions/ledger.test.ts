import { describe, expect, it } from 'vitest';
import type { Anomaly } from '../../pipeline/contract/events.ts';
import { minutes, seconds } from '../../pipeline/contract/time.ts';
import { bytesPerGpu, GroupState } from '../core/group-state.ts';
import { batchOf, type SampleRow, START_MS } from '../core/laws.fixture.ts';
import { runOperator } from '../core/lift.ts';
import type { ConditionsOptions } from './condition-limits.ts';
import { CONDITION_COUNT, CONDITIONS } from './condition-table.ts';
import { follow, healthy, type Readings, told } from './conditions.fixture.ts';
import { conditions } from './conditions.ts';

const SECOND = 1_000;
const MINUTE = 60_000;
const HOUR = 3_600_000;
const every10s = { cadence_ms: 10 * SECOND, span_ms: 30 * MINUTE };

function judge(rows: readonly SampleRow[]): Anomaly[] {
  const state = new GroupState(0);
  const out: Anomaly[] = [];
  runOperator('conditions', conditions({}), state, batchOf(state, rows), (_, item) => out.push(item));
  return out;
}

describe('ledger', () => {
  it('keeps one anomaly, its worst reading and its severity until it has closed', () => {
    const [opened, worse, over, ...more] = follow({
      ...every10s,
      at: (ms) => ({
        ...healthy(ms),
        recovery_action: ms < MINUTE ? 0 : ms < 3 * MINUTE ? 2 : ms < 5 * MINUTE ? 3 : ms < 9 * MINUTE ? 1 : 0,
      }),
    });
    expect(more).toEqual([]);
    expect(opened).toMatchObject({
      severity: 'warning',
      observed: 2,
      expected: 1,
      closed_at: null,
      ts: START_MS + MINUTE,
    });
    expect(worse).toMatchObject({
      id: opened?.id,
      severity: 'critical',
      observed: 3,
      expected: 3,
      ts: opened?.ts,
      state: 'open',
    });
    expect(over).toMatchObject({
      id: opened?.id,
      severity: 'critical',
      observed: 3,
      state: 'closed',
      opened_at: opened?.ts,
    });
    // Critical until the fifth minute, and then no more for the five that close it.
    expect(over?.closed_at).toBe(START_MS + 10 * MINUTE);
    expect(over?.explanation).toMatch(/from 2026-01-01T00:01:00Z until 2026-01-01T00:10:00Z \(9 min\)\. It is over\.$/);
  });

  it('stays open over a flicker, over missing readings and over a silence', () => {
    const flicker = follow({
      ...every10s,
      at: (ms) => (ms % (4 * MINUTE) > MINUTE ? healthy(ms) : { ...healthy(ms), row_remap_pending: 1 }),
    });
    expect(told(flicker)).toEqual(['row_remap_pending warning open']);
    const missing = follow({
      ...every10s,
      at: (ms) => ({ ...healthy(ms), row_remap_pending: ms < MINUTE ? 1 : Number.NaN }),
    });
    expect(told(missing)).toEqual(['row_remap_pending warning open']);
    const silent = follow({
      ...every10s,
      at: (ms) => (ms > MINUTE && ms < 28 * MINUTE ? null : { ...healthy(ms), row_remap_pending: ms < MINUTE ? 1 : 0 }),
    });
    expect(told(silent)).toEqual(['row_remap_pending warning open']);
  });

  it.each([9, 12, 60])('takes a burst of errors over a silence of %i min for no storm', (silence_min) => {
    const burst = (silent: number) => (ms: number) =>
      ms > MINUTE && ms < MINUTE + silent
        ? null
        : {
            ...healthy(ms),
            ecc_sbe_volatile_total: ms <= MINUTE ? 3 : 100_000,
            nvlink_crc_flit_errors_total: ms <= MINUTE ? 7 : 1_000_000,
          };
    const span_ms = (silence_min + 10) * MINUTE;
    const items = follow({ cadence_ms: 10 * SECOND, span_ms, at: burst(silence_min * MINUTE) });
    expect(items.filter(({ severity }) => severity === 'critical')).toEqual([]);
  });

  it('keeps at most one open anomaly of a GPU, type and metric, with an id of its own', () => {
    const sick = (ms: number): Readings => ({
      ...healthy(ms),
      ecc_sbe_volatile_total: 1e6 * ms,
      ecc_sbe_aggregate_total: 5e6 + 1e6 * ms,
      remapped_rows_uncorrectable_total: 200 + ms / MINUTE,
      retired_pages_dbe_total: ms / MINUTE,
      retired_pages_pending: 3,
      pcie_link_width: 8,
      pcie_link_gen: 3,
      nvlink_crc_flit_errors_total: 7 + ms,
      nvlink_crc_data_errors_total: 2 * ms,
      nvlink_replay_errors_total: 1 + ms / SECOND,
      nvlink_recovery_errors_total: ms / SECOND,
      temp_margin_celsius: Number.NaN,
      gpu_temp_celsius: 95,
      memory_temp_celsius: 110,
    });
    const items = follow({
      cadence_ms: 10 * SECOND,
      span_ms: 10 * HOUR,
      at: (ms) => (ms < 8 * HOUR ? sick(ms) : healthy(ms)),
    });
    const open = new Map<string, string>();
    for (const { id, type, metric, state } of items) {
      const held = open.get(`${type} ${metric}`);
      expect(held === undefined || held === id, `${type} ${metric}`).toBe(true);
      if (state === 'open') open.set(`${type} ${metric}`, id);
      else open.delete(`${type} ${metric}`);
    }
    const types = new Set(items.map(({ type }) => type));
    for (const type of ['ecc_sbe_rate', 'ecc_sbe_total', 'row_remap_pressure', 'row_remap_rate', 'retired_pages'])
      expect(types).toContain(type);
    const said = new Map(items.map(({ id, type, metric }) => [id, `${type} ${metric}`]));
    expect(items.every(({ id, type, metric }) => said.get(id) === `${type} ${metric}`)).toBe(true);
  });

  it('ignores rows that are late or of the same instant again', () => {
    const row = (s: number, pending: number): SampleRow => ({
      ts: START_MS + s * SECOND,
      node: 'n',
      uuid: 'GPU-a',
      values: { row_remap_pending: pending, power_watts: 500 },
    });
    expect(judge([row(10, 0), row(10, 1), row(5, 1), row(20, 0)])).toEqual([]);
    expect(judge([row(10, 0), row(20, 1), row(20, 0), row(15, 0)])).toHaveLength(1);
  });

  it('tells a board once, whoever repeats its readings', () => {
    const at = (ms: number) => ({ ...healthy(ms), row_remap_failed: ms < MINUTE ? 0 : 1 });
    const whole = follow({ ...every10s, at, instances: ['2', '', '1'] });
    expect(whole.map(({ type, instance }) => [type, instance])).toEqual([['row_remap_failed', '']]);
    const slices = follow({ ...every10s, at, instances: ['7', '1', '2'] });
    expect(slices.map(({ type, instance }) => [type, instance])).toEqual([['row_remap_failed', '1']]);
  });

  it('goes on watching a board that is cut anew, and takes what an instance has missed for no storm', () => {
    // Instance 1, then the board itself with it, which has a storm, then instance 1 again, which meets a failed remap.
    const rows: SampleRow[] = [];
    for (let ms = 0; ms < 10 * HOUR; ms += 2 * MINUTE) {
      const errors = 3 + 100 * Math.max(0, Math.min(ms, 4 * HOUR) - 3 * HOUR);
      for (const instance of ms < 2 * HOUR || ms >= 6 * HOUR ? ['1', '2'] : ['', '1', '2']) {
        const values = { ecc_sbe_volatile_total: errors / 1_000, row_remap_failed: ms > 9 * HOUR ? 1 : 0 };
        rows.push({ ts: START_MS + ms, node: 'n', uuid: 'GPU-a', instance, values });
      }
    }
    const found = judge(rows).filter(({ state }) => state === 'open');
    expect(found.map(({ type, severity, instance }) => `${type} ${severity} ${instance}`)).toEqual([
      'ecc_sbe_rate critical ',
      'row_remap_failed critical 1',
    ]);
  });

  it.each<[string, ConditionsOptions, string[]]>([
    [
      'a limit of its own',
      { gpu_temperature: { warning: 55, critical: 58, critical_after: seconds(0) } },
      ['thermal_margin critical open'],
    ],
    [
      'no critical at all',
      { gpu_temperature: { warning: 55, critical: null, open_after: minutes(1) } },
      ['thermal_margin warning open'],
    ],
    ['switched off', { gpu_temperature: { enabled: false, warning: 10 } }, []],
    ['as the table has it', {}, []],
  ])('%s', (_, options, lines) => {
    const at = (ms: number) => ({ ...healthy(ms), temp_margin_celsius: Number.NaN, gpu_temp_celsius: 62 });
    expect(told(follow({ ...every10s, at, options }))).toEqual(lines);
  });

  it.each<[ConditionsOptions, string]>([
    [
      { no_such_thing: {} } as ConditionsOptions,
      'error GV-CFG-001: there is no such condition, conditions.no_such_thing.',
    ],
    [{ ecc_dbe: { critical: Number.NaN } }, 'error GV-CFG-001: NaN is no usable limit, conditions.ecc_dbe.critical.'],
    [
      { ecc_dbe: { close_after: -1 as never } },
      'error GV-CFG-001: -1 is no usable limit, conditions.ecc_dbe.close_after.',
    ],
  ])('refuses %j', (options, line) => {
    let thrown: unknown = null;
    try {
      conditions(options);
    } catch (error) {
      thrown = error;
    }
    expect((thrown as { line(): string }).line()).toContain(line);
  });

  it('has a table that fits its masks, and costs what it declares', () => {
    expect(CONDITION_COUNT).toBeLessThanOrEqual(32);
    expect(new Set(CONDITIONS.map(({ key }) => key)).size).toBe(CONDITION_COUNT);
    for (const entry of CONDITIONS) {
      expect(
        [entry.info, entry.warning, entry.critical].some((limit) => limit !== null),
        entry.key,
      ).toBe(true);
      expect(entry.meaning.endsWith('.') && entry.action.endsWith('.'), entry.key).toBe(true);
    }
    expect(bytesPerGpu(conditions({}).state)).toBeLessThanOrEqual(2_740);
  });
});
