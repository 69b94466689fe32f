import { expect, it } from 'vitest';
import { GroupStates } from '../../operators/core/group-state.ts';
import { settableClock } from '../clock.ts';
import { encodeScrape } from '../contract/encode-scrape.ts';
import type { VitalsError } from '../contract/errors.ts';
import { rawSubject } from '../contract/ids.ts';
import type { RawMessage } from '../contract/message.ts';
import { METRIC_COUNT } from '../contract/metrics.ts';
import type { FleetOperator, Operator } from '../contract/operator.ts';
import type { Sink } from '../contract/ports.ts';
import { seconds } from '../contract/time.ts';
import { decode } from '../decode.ts';
import { defineTopology, type Topology } from '../define-topology.ts';
import { runInOneThread } from '../running-topology.ts';
import { SnapshotFiles } from '../snapshot-files.ts';
import { shardsInOneThread } from './shards.fixture.ts';

const START_MS = Date.UTC(2026, 0, 1);
const POISON = 13;

interface Found {
  readonly ts: number;
  readonly node: string;
  readonly value: number;
}
interface SinkItems {
  readonly lines: Found;
  readonly order: string;
}

/** Tells every row; one value breaks it. */
const finder: Operator<Record<never, never>, { found: Found }> = {
  name: 'finder',
  summary: '',
  state: {},
  ports: ['found'],
  onBatch(batch, _, emit) {
    for (let row = 0; row < batch.rows; row++) {
      const value = batch.values[row * METRIC_COUNT] as number;
      if (value === POISON) throw new Error('an invariant is broken');
      const node = batch.registry.nodes[batch.node[row] as number] as string;
      emit('found', { ts: batch.ts[row] as number, node, value }, row);
    }
  },
};
/** One value breaks it where the fleet is. */
const chronicle: FleetOperator<{ found: Found }, Record<never, never>, { order: string }> = {
  name: 'chronicle',
  summary: '',
  state: {},
  ports: ['order'],
  delay: seconds(1),
  on: {
    found: {
      pick: (found: Found) => found,
      take(found: Found, _, emit) {
        if (found.value === -POISON) throw new Error('the fleet is broken');
        emit('order', `${found.ts - START_MS} ${found.node} ${found.value}`);
      },
    },
  },
};
const topology = (): Topology =>
  defineTopology<SinkItems>((t) => {
    const raw = t.source<readonly RawMessage[]>('raw', { summary: '', lateness_max: seconds(10) });
    const { rows } = t.stage('decode', raw, decode({ future_max: null }));
    const { found } = t.operator('finder', rows, finder);
    const { order } = t.fleet('chronicle', { found }, chronicle);
    t.sink('lines', found);
    t.sink('order', order);
  });

const message = (position: number, value = position): RawMessage => {
  const [node, ts] = [`node-${position % 7}`, START_MS + position * 400];
  const values = new Float64Array(METRIC_COUNT).fill(Number.NaN);
  values[0] = value;
  const gpu = { uuid: `GPU-${node}`, instance: '', model: '', pci_bus_id: '', serial: '', slot: '' };
  const gpus = [{ ...gpu, ts, values, xids: [], attribution: [] }];
  const data = encodeScrape({
    ...{ node, ts, boot_epoch: 1, sequence: 1, gpus },
    ...{ refusals: [], blanks: 0, unknown_metrics: 0 },
  });
  const content_type = 'application/vnd.gpu-vitals.scrape';
  return { subject: rawSubject(node), data, content_type, position, arrived_at: ts, event_time: ts };
};
const span = (from: number, to: number): RawMessage[] =>
  Array.from({ length: to - from + 1 }, (_, i) => message(100 + from + i));

const collecting = <T>(items: T[], pressure: () => Promise<void> | null = () => null): Sink<T> => ({
  write: (item) => items.push(item),
  flush: async () => undefined,
  pressure,
  close: async () => undefined,
});

function start(shards: number, pressure?: () => Promise<void> | null) {
  const lines: Found[] = [];
  const order: string[] = [];
  const states = new GroupStates();
  const files = new SnapshotFiles('', (error: VitalsError) => {
    throw error;
  });
  const sinks = { lines: collecting(lines, pressure), order: collecting(order) };
  const running =
    shards === 0
      ? runInOneThread<SinkItems>({ topology: topology(), states, sinks, files, clock: settableClock(0) })
      : shardsInOneThread<SinkItems>({
          ...{ topology, states, files, future_max: null },
          sinks: { order: sinks.order },
          shard_sinks: Array.from({ length: shards }, () => ({ lines: sinks.lines })),
        }).running;
  return { running, lines, order };
}

it('counts what its shards do as one thread would', async () => {
  const [one, three] = [start(0), start(3)];
  for (const { running } of [one, three]) {
    for (let from = 0; from < 60; from += 10) running.push(span(from, from + 9));
    await running.settled();
  }
  const counts = ({ running }: typeof one) =>
    running.counters.map(({ id, kind, items_in, items_out }) => ({ id, kind, items_in, items_out }));
  expect(counts(three)).toEqual(counts(one));
  expect(three.running.watermark).toBe(one.running.watermark);
  expect([three.running.gpus, one.running.gpus]).toEqual([7, 7]);
  expect(three.order).toEqual(one.order);
  expect(three.order.length).toBeGreaterThan(50);
  await three.running.close();
});

it.each([
  ['a shard', POISON, 'an invariant is broken'],
  ['the fleet', -POISON, 'the fleet is broken'],
])('fails as a whole when %s is broken', async (_, poison, what) => {
  const { running } = start(2);
  running.push(span(0, 9));
  await running.settled();
  running.push([message(111, poison)]);
  running.push(span(12, 40));
  await expect(running.failed).rejects.toThrow(what);
  await expect(running.settled()).rejects.toThrow(what);
  await expect(running.groups.flush()).rejects.toThrow(what);
  expect(running.under_way).not.toBe(null);
});

it('lets no more polls under way than it can hold while a sink of a shard is full', async () => {
  let full = true;
  let release: () => void = () => undefined;
  const room = new Promise<void>((resolve) => {
    release = resolve;
  });
  const { running, lines } = start(2, () => (full ? room : null));
  let pushed = 0;
  const reading = (async () => {
    for (let from = 0; from < 200; from += 10) {
      running.push(span(from, from + 9));
      pushed += 1;
      await running.pressure();
    }
    await running.settled();
  })();
  for (let turns = 0; turns < 50; turns++) await new Promise(setImmediate);
  expect(pushed).toBe(4);
  // Each shard took one poll, whose rows found no room.
  expect(lines.length).toBeLessThanOrEqual(10);
  full = false;
  release();
  await reading;
  expect(lines.length).toBe(200);
  await running.close();
});
