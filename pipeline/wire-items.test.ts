import { describe, expect, it } from 'vitest';
import { GroupStates } from '../operators/core/group-state.ts';
import { random } from '../operators/core/laws.fixture.ts';
import { settableClock } from './clock.ts';
import { encodeScrape } from './contract/encode-scrape.ts';
import { rawSubject } from './contract/ids.ts';
import type { RawMessage } from './contract/message.ts';
import { METRIC_COUNT } from './contract/metrics.ts';
import type { FleetOperator, ItemOperator, Operator } from './contract/operator.ts';
import { seconds } from './contract/time.ts';
import { decode } from './decode.ts';
import { defineTopology } from './define-topology.ts';
import { wireTopology } from './run-topology.ts';

interface Found {
  readonly ts: number;
  readonly node: string;
  readonly gpu_uuid: string;
  readonly by: string;
}
const START_MS = Date.UTC(2026, 0, 1);

const FINDER_STATE = { told: { scope: 'gpu', type: 'u32', width: 1, initial: 0 } } as const;
/** Tells of every row whose value is a multiple of `of`, and at a timer how many it has told. */
const finder = (name: string, of: number): Operator<typeof FINDER_STATE, { found: Found; ticks: Found }> => ({
  name,
  summary: '',
  state: FINDER_STATE,
  ports: ['found', 'ticks'],
  onBatch(batch, state, emit) {
    for (let row = 0; row < batch.rows; row++) {
      const value = batch.values[row * METRIC_COUNT] as number;
      const gpu = batch.gpu[row] as number;
      if (value % of !== 0) continue;
      state.told[gpu] = (state.told[gpu] as number) + 1;
      const [ts, node] = [batch.ts[row] as number, batch.registry.nodes[batch.node[row] as number] as string];
      emit('found', { ts, node, gpu_uuid: batch.registry.gpus[gpu]?.uuid as string, by: name }, row);
    }
  },
  timer: {
    every: seconds(20),
    onTime(now, group, _, emit) {
      emit('ticks', { ts: now, node: group.registry.nodes[0] as string, gpu_uuid: '', by: `${name} timer` });
    },
  },
});
/** Tells of every row. */
const witness: Operator<Record<never, never>, { found: Found }> = {
  name: 'witness',
  summary: '',
  state: {},
  ports: ['found'],
  onBatch(batch, _, emit) {
    for (let row = 0; row < batch.rows; row++) {
      const [ts, node] = [batch.ts[row] as number, batch.registry.nodes[batch.node[row] as number] as string];
      emit(
        'found',
        { ts, node, gpu_uuid: batch.registry.gpus[batch.gpu[row] as number]?.uuid as string, by: 'absent' },
        row,
      );
    }
  },
};
const SCRIBE_STATE = { story: { scope: 'gpu', type: 'record', width: 1, initial: 0 } } as const;
/** Writes down what comes, in its order. */
const scribe: ItemOperator<{ a: Found; b: Found }, typeof SCRIBE_STATE, { lines: Found }> = {
  name: 'scribe',
  summary: '',
  state: SCRIBE_STATE,
  ports: ['lines'],
  on: {
    a: (item, group, state, emit) => {
      const cell = Math.max(0, group.registry.find(item.gpu_uuid, ''));
      const story = (state.story[cell] as string | null) ?? '';
      state.story[cell] = `${story.slice(-40)} ${item.by}@${item.ts - START_MS}`;
      emit('lines', { ...item, by: `a ${item.by}:${state.story[cell]}` });
    },
    b: (item, _, __, emit) => emit('lines', { ...item, by: `b ${item.by}` }),
  },
  onRows(batch, state, emit) {
    for (let row = 0; row < batch.rows; row++) {
      if ((batch.values[row * METRIC_COUNT] as number) % 21 !== 0) continue;
      const [gpu, ts] = [batch.gpu[row] as number, batch.ts[row] as number];
      const node = batch.registry.nodes[batch.node[row] as number] as string;
      const by = `row@${ts - START_MS} behind${state.story[gpu]}`;
      emit('lines', { ts, node, gpu_uuid: '', by }, row);
    }
  },
  timer: {
    every: seconds(30),
    onTime: (now, group, _, emit) =>
      emit('lines', { ts: now, node: group.registry.nodes[0] as string, gpu_uuid: '', by: 'scribe timer' }),
  },
};
const chronicle: FleetOperator<{ lines: Found }, Record<never, never>, { order: string }> = {
  name: 'chronicle',
  summary: '',
  state: {},
  ports: ['order'],
  delay: seconds(5),
  on: {
    lines: {
      pick: ({ ts, node, by }: Found) => (by.startsWith('b even') ? null : { ts, node, by }),
      take: ({ ts, node, by }: Found, _, emit) => emit('order', `${ts - START_MS} ${node} ${by}`),
    },
  },
  timer: { every: seconds(15), onTime: (now, _, emit) => emit('order', `${now - START_MS} timer`) },
};

interface SinkItems {
  readonly lines: Found;
  readonly order: string;
}

const topology = defineTopology<SinkItems>((t) => {
  const raw = t.source<readonly RawMessage[]>('raw', { summary: '', lateness_max: seconds(10) });
  const { rows, absent } = t.stage('decode', raw, decode({ future_max: null }));
  const odd = t.operator('third', rows, finder('third', 3));
  const even = t.operator('even', rows, finder('even', 2));
  const { found: gone } = t.operator('witness', absent, witness);
  const lines = t.items('scribe', rows, { b: [even.found, even.ticks], a: [odd.found, odd.ticks, gone] }, scribe);
  const order = t.fleet('chronicle', { lines: lines.lines }, chronicle);
  t.sink('lines', lines.lines);
  t.sink('order', order.order);
});

/** Messages of nodes in several groups, some without their GPU; some come late, a few later than the fleet waits. */
function messages(seed: number): RawMessage[] {
  const next = random(seed);
  const list: RawMessage[] = [];
  for (let i = 0; i < 400; i++) {
    const node = `node-${i % 9}`;
    const late = next() < 0.1 ? Math.floor(next() * 12_000) : 0;
    const ts = START_MS + 60_000 + i * 400 - late;
    const values = new Float64Array(METRIC_COUNT).fill(Number.NaN);
    values[0] = Math.floor(next() * 60);
    const gpu = { uuid: `GPU-${i % 18}`, instance: '', model: '', pci_bus_id: '', serial: '', slot: '' };
    const data = encodeScrape({
      node,
      ts,
      boot_epoch: 1,
      sequence: i,
      gpus: i % 13 === 12 ? [] : [{ ...gpu, ts, values, xids: [], attribution: [] }],
      refusals: [],
      blanks: 0,
      unknown_metrics: 0,
    });
    const content_type = 'application/vnd.gpu-vitals.scrape';
    list.push({ subject: rawSubject(node), data, content_type, position: i + 1, arrived_at: ts, event_time: ts });
  }
  return list;
}

function run(list: readonly RawMessage[], cuts: readonly number[]): { lines: Map<string, string[]>; order: string[] } {
  const lines = new Map<string, string[]>();
  const order: string[] = [];
  const sink = <T>(write: (item: T) => void) => ({
    write,
    flush: async () => undefined,
    pressure: () => null,
    close: async () => undefined,
  });
  const wired = wireTopology<SinkItems>({
    topology,
    states: new GroupStates(),
    sinks: {
      lines: sink(({ node, by }) => lines.set(node, [...(lines.get(node) ?? []), by])),
      order: sink((line) => order.push(line)),
    },
    clock: settableClock(0),
  });
  let from = 0;
  for (const to of [...cuts, list.length]) {
    wired.push(list.slice(from, to));
    from = to;
  }
  wired.finish(wired.watermark);
  return { lines, order };
}

describe('steps over items and over the fleet', () => {
  it('see the same in the same order, however the stream is cut', () => {
    for (const seed of [1, 2, 3]) {
      const list = messages(seed);
      const whole = run(list, []);
      expect(whole.order.length).toBeGreaterThan(200);
      expect(whole.order.filter((line) => line.endsWith('timer')).length).toBeGreaterThan(8);
      expect(whole.order.filter((line) => line.includes('row@')).length).toBeGreaterThan(5);
      expect(whole.order.filter((line) => line.includes(' a absent')).length).toBeGreaterThan(30);
      const single = run(
        list,
        list.map((_, i) => i),
      );
      expect(single).toEqual(whole);
      const next = random(seed);
      for (let attempt = 0; attempt < 5; attempt++) {
        const cuts = list.map((_, i) => i).filter(() => next() < 0.1);
        expect(run(list, cuts)).toEqual(whole);
      }
    }
  });

  it('take rows each behind what was found in it', () => {
    const lines = [...run(messages(1), [100, 101, 250]).lines.values()].flat();
    const rows = lines.filter((line) => line.startsWith('row@'));
    expect(rows.length).toBeGreaterThan(5);
    expect(rows.filter((line) => !/^row@(\d+) behind.* third@\1$/.test(line))).toEqual([]);
  });

  it('give the fleet its items by event time, as far as it waits', () => {
    const { order } = run(messages(4), [40, 300]);
    const times = order.map((line) => Number(line.split(' ', 1)[0]));
    const back = times.filter((ts, i) => ts < (times[i - 1] ?? 0));
    const late = messages(4).filter((message, i, all) => {
      const newest = Math.max(...all.slice(0, i + 1).map(({ event_time }) => event_time));
      return newest - message.event_time > 5_000;
    });
    expect(back.length).toBeLessThanOrEqual(2 * late.length);
    expect(late.length).toBeGreaterThan(0);
  });
});
