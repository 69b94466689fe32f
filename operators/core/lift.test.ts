import { Subject } from 'rxjs';
import { describe, expect, it } from 'vitest';
import type { Batch } from '../../pipeline/contract/batch.ts';
import type { Operator } from '../../pipeline/contract/operator.ts';
import { seconds } from '../../pipeline/contract/time.ts';
import { GroupState, GroupStates } from './group-state.ts';
import { batchOf, describeLaws, type SampleRow, START_MS } from './laws.fixture.ts';
import { finishOperator, lift, runOperator } from './lift.ts';

const STATE = { rows: { scope: 'group', type: 'u32', width: 1, initial: 0 } } as const;
interface Ticks {
  readonly ticks: { readonly at: number; readonly rows: number; readonly node: string };
}

/** Tells every 20 s how many rows came before. */
const rowsPerTick = (): Operator<typeof STATE, Ticks> => ({
  name: 'rows_per_tick',
  summary: 'rows between two ticks',
  state: STATE,
  ports: ['ticks'],
  onBatch(batch, state) {
    state.rows[0] = (state.rows[0] as number) + batch.rows;
  },
  timer: {
    every: seconds(20),
    onTime(now, group, state, emit) {
      emit('ticks', { at: now, rows: state.rows[0] as number, node: String(group.registry.nodes[0]) });
      state.rows[0] = 0;
    },
  },
});

const oneNode = (seed: number): SampleRow[] =>
  Array.from({ length: 60 }, (_, i) => ({
    ts: START_MS + i * 3_000 + ((seed * 7 + i * 13) % 5) * 1_000,
    node: 'n',
    uuid: `GPU-${i % 4}`,
    values: { gpu_temp_celsius: 50 },
  }));

describeLaws('an operator with a timer', rowsPerTick, { bytes_per_gpu_max: 0, rows: oneNode });

describe('timers', () => {
  const rowAt = (offset_s: number): SampleRow => ({
    ts: START_MS + offset_s * 1_000,
    node: 'n',
    uuid: 'GPU-a',
    values: {},
  });
  const ticksOf = (offsets_s: readonly number[], finish_s?: number): [number, number][] => {
    const out: [number, number][] = [];
    const state = new GroupState(0);
    const note = (_: 'ticks', tick: Ticks['ticks']): unknown => out.push([(tick.at - START_MS) / 1_000, tick.rows]);
    runOperator('t', rowsPerTick(), state, batchOf(state, offsets_s.map(rowAt)), note);
    if (finish_s !== undefined) finishOperator('t', rowsPerTick(), state, START_MS + finish_s * 1_000, note);
    return out;
  };

  it.each<[string, number[], number | undefined, [number, number][]]>([
    [
      'fire before the row that passed them',
      [1, 5, 21, 22, 41],
      undefined,
      [
        [20, 2],
        [40, 2],
      ],
    ],
    [
      'count a row on the boundary behind it',
      [1, 20, 40],
      undefined,
      [
        [20, 1],
        [40, 1],
      ],
    ],
    [
      'fire every multiple that a gap passes',
      [1, 65],
      undefined,
      [
        [20, 1],
        [40, 0],
        [60, 0],
      ],
    ],
    ['do not fire for the first row', [30], undefined, []],
    ['stand still for rows that come late', [30, 5, 6], undefined, []],
    [
      'fire up to the end of the input, not after',
      [1, 5],
      45,
      [
        [20, 2],
        [40, 0],
      ],
    ],
    [
      'fire on the very end',
      [1, 5],
      40,
      [
        [20, 2],
        [40, 0],
      ],
    ],
    ['stay silent without any row', [], 100, []],
  ])('%s', (_, offsets, finish, ticks) => {
    expect(ticksOf(offsets, finish)).toEqual(ticks);
  });

  it('fires the last 2,016 multiples of a gap that passes more', () => {
    const ticks = ticksOf([1, 2_000_001]);
    expect(ticks.length).toBe(2_016);
    expect(ticks[0]).toEqual([2_000_000 - 2_015 * 20, 1]);
    expect(ticks.at(-1)).toEqual([2_000_000, 0]);
  });
});

describe('lift', () => {
  it('turns ports into Observables and completes them with the source', () => {
    const states = new GroupStates();
    const source = new Subject<Batch>();
    const calls: number[] = [];
    const lifted = lift('t', rowsPerTick(), states, (batch, call) => {
      calls.push(batch.rows);
      call();
    })(source);
    const seen: unknown[] = [];
    lifted.ports.ticks.subscribe({ next: (tick) => seen.push(tick.at - START_MS), complete: () => seen.push('end') });
    const state = states.get(0);
    source.next(
      batchOf(
        state,
        [1, 25].map((s) => ({ ts: START_MS + s * 1_000, node: 'n', uuid: 'GPU-a', values: {} })),
      ),
    );
    lifted.finish(state, START_MS + 60_000);
    source.complete();
    expect(seen).toEqual([20_000, 40_000, 60_000, 'end']);
    expect(calls).toEqual([2]);
  });
});
