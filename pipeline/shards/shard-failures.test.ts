import { expect, it } from 'vitest';
import { GroupStates } from '../../operators/core/group-state.ts';
import { settableClock } from '../clock.ts';
import type { VitalsError } from '../contract/errors.ts';
import type { Sink } from '../contract/ports.ts';
import { runInOneThread } from '../running-topology.ts';
import { SnapshotFiles } from '../snapshot-files.ts';
import { placeOf } from '../step-place.ts';
import { type Found, message, orderTopology, POISON, type SinkItems, span } from './order.fixture.ts';
import { shardsInOneThread } from './shards.fixture.ts';

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
      ? runInOneThread<SinkItems>({ topology: orderTopology(), states, sinks, files, clock: settableClock(0) })
      : shardsInOneThread<SinkItems>({
          ...{ topology: orderTopology, states, files, future_max: null },
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

it('tells of a step that throws in a shard which it was, in which group, and at which message', async () => {
  const { running } = start(2);
  running.push([message(111, POISON)]);
  const error = await running.failed.catch((one: unknown) => one);
  expect(placeOf(error)).toEqual({ step: 'finder', group: expect.any(Number), position: 111 });
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
