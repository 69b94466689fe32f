import { describe, expect, it } from 'vitest';
import type { DeadLetter } from '../pipeline/contract/events.ts';
import { METRIC_COUNT, type MetricName, metricIndex } from '../pipeline/contract/metrics.ts';
import { minutes } from '../pipeline/contract/time.ts';
import { GroupState } from './core/group-state.ts';
import { batchOf, describeLaws, type SampleRow, START_MS } from './core/laws.fixture.ts';
import { runOperator } from './core/lift.ts';
import { type ValidateOptions, validate } from './validate.ts';

const OPTIONS: ValidateOptions = { lateness_max: minutes(5), future_max: minutes(5) };

describeLaws('validate', () => validate(OPTIONS), { bytes_per_gpu_max: 0 });

function pass(rows: readonly SampleRow[], options = OPTIONS) {
  const out = { values: [] as number[][], refused: [] as DeadLetter[], late: [] as DeadLetter[] };
  const state = new GroupState(0);
  const batch = batchOf(state, rows);
  runOperator(
    'validate',
    validate(options),
    state,
    { ...batch, arrived_at: batch.arrived_at.fill(START_MS) },
    (port, item) => {
      if (port === 'rows') {
        const kept = item as typeof batch;
        for (let row = 0; row < kept.rows; row++) {
          out.values.push([
            kept.ts[row] as number,
            kept.values[row * METRIC_COUNT + metricIndex('gpu_util_ratio')] as number,
          ]);
        }
      } else {
        out[port as 'refused' | 'late'].push(item as DeadLetter);
      }
    },
  );
  return out;
}

const row = (offset_ms: number, node: string, gpu_util_ratio: number): SampleRow => ({
  ts: START_MS + offset_ms,
  node,
  uuid: `GPU-${node}`,
  values: { gpu_util_ratio, gpu_temp_celsius: 50 },
});

describe('validate', () => {
  it('turns a value outside its range into a missing one and says so, and lets the row go on', () => {
    const out = pass([row(0, 'a', 42_949_672.95), row(0, 'b', 0.5)]);
    expect(out.values).toEqual([
      [START_MS, Number.NaN],
      [START_MS, 0.5],
    ]);
    expect(out.refused).toMatchObject([
      {
        level: 'value',
        reason: 'out_of_range',
        code: 'GV-VAL-001',
        node: 'a',
        step: 'validate',
        original: 'gpu_util_ratio 42949672.95',
      },
    ]);
    expect(out.refused[0]?.detail).toContain('0..1');
  });

  it('turns a 0 that is none into a missing value without a word, and leaves what is below it', () => {
    const state = new GroupState(0);
    const values = { memory_temp_celsius: -2, pcie_link_width: 0, pcie_replay_total: 0 };
    const batch = batchOf(state, [{ ...row(0, 'a', 0.5), values }]);
    const ports: string[] = [];
    const seen: number[] = [];
    runOperator('validate', validate({ ...OPTIONS, future_max: null }), state, batch, (port, item) => {
      ports.push(port);
      for (const name of Object.keys(values))
        seen.push((item as typeof batch).values[metricIndex(name as MetricName)] as number);
    });
    expect(ports).toEqual(['rows']);
    expect(seen).toEqual([-2, Number.NaN, 0]);
  });

  it.each([
    ['at the edge of the lateness', -300_000, 0],
    ['beyond it', -300_001, 1],
  ])('a row %s', (_, offset, late) => {
    const out = pass([row(0, 'a', 0.1), row(offset, 'a', 0.2)]);
    expect(out.late.length).toBe(late);
    expect(out.values.length).toBe(2 - late);
  });

  it('judges lateness by the node alone', () => {
    const out = pass([row(0, 'a', 0.1), row(-3_600_000, 'b', 0.2), row(-3_590_000, 'b', 0.3)]);
    expect(out.late).toEqual([]);
    expect(out.values.length).toBe(3);
  });

  it('keeps a late row whole in its dead letter, as a row that can be read again', () => {
    const out = pass([row(0, 'a', 0.1), row(-400_000, 'a', 0.2)]);
    expect(JSON.parse(out.late[0]?.original ?? '')).toEqual({
      ts: START_MS - 400_000,
      node: 'a',
      gpu_uuid: 'GPU-a',
      instance: '',
      model: 'NVIDIA H100 80GB HBM3',
      gpu_temp_celsius: 50,
      gpu_util_ratio: 0.2,
    });
  });

  it('refuses rows from the future of their arrival unless the clock is not ours', () => {
    expect(pass([row(300_001, 'a', 0.1)]).refused).toMatchObject([{ level: 'row', reason: 'future' }]);
    expect(pass([row(300_001, 'a', 0.1)], { ...OPTIONS, future_max: null }).refused).toEqual([]);
  });

  it('keeps the XIDs of a late row', () => {
    const xids = [
      { xid: 79, kind: 'event', count: 1 },
      { xid: 31, kind: 'window_count', count: 4 },
    ] as const;
    const out = pass([row(0, 'a', 0.1), { ...row(-400_000, 'a', 0.2), xids }]);
    expect(JSON.parse(out.late[0]?.original ?? '')).toMatchObject({ xids: [79] });
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY, -5, 0, 253_402_300_800_000])(
    'refuses the time %s, and keeps it from making later rows late',
    (ts) => {
      const out = pass([{ ...row(0, 'a', 0.1), ts }, row(0, 'a', 0.2)], { ...OPTIONS, future_max: null });
      expect(out.refused).toMatchObject([{ reason: 'no_time', ts: START_MS }]);
      expect(out.values).toEqual([[START_MS, 0.2]]);
    },
  );
});
