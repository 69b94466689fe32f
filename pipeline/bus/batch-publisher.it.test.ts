import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { startTestServices, type TestServices } from '../../deploy/services/services.fixture.ts';
import { strayRelay } from '../cluster/stray-relay.ts';
import type { Bus } from '../contract/bus.ts';
import { freshStreams, numbered, numberOf, range, readUntil, testBus } from './bus.fixture.ts';
import { connectionOf, managerOf } from './stream-manager.ts';

const SUBJECT = 'dcgm.raw.00.a';

let services: TestServices;
let bus: Bus;
beforeAll(async () => {
  services = await startTestServices({ nats: true });
  bus = (await testBus(services.nats_url)).bus;
});
afterAll(async () => {
  await bus?.close();
  await services?.stop();
});
beforeEach(async () => {
  await freshStreams(bus);
});

const stored = async (count: number) =>
  await readUntil(bus, { stream: 'DCGM_RAW', from: 1 }, (all) => all.length >= count);

/** Answers that the connection got while `work` ran: one a message, or one a batch. */
async function answersTo(work: () => Promise<unknown>): Promise<number> {
  const connection = connectionOf(bus);
  const before = connection.stats().inMsgs;
  await work();
  return connection.stats().inMsgs - before;
}

it('stores in order with an answer a batch, and tells every position', async () => {
  const publisher = bus.publisher({ atomic: true });
  let acks: readonly { position: number; duplicate: boolean }[] = [];
  const answers = await answersTo(async () => {
    acks = await Promise.all(range(0, 1_200).map((i) => publisher.publish({ subject: SUBJECT, data: numbered(i) })));
  });
  expect(acks).toEqual(range(1, 1_201).map((position) => ({ position, duplicate: false })));
  expect(answers).toBe(3);
  expect((await stored(1_200)).map(numberOf)).toEqual(range(0, 1_200));
  await publisher.close();
});

it('lets one that comes alone go at once', async () => {
  const publisher = bus.publisher({ atomic: true });
  for (const i of [1, 2, 3]) {
    expect(await publisher.publish({ subject: SUBJECT, data: numbered(i) })).toEqual({ position: i, duplicate: false });
  }
  await publisher.close();
});

it('stores nothing twice, in a batch or over two of them', async () => {
  const publisher = bus.publisher({ atomic: true });
  const message = (i: number) => ({ subject: SUBJECT, data: numbered(i), headers: { 'Nats-Msg-Id': `a:${i}` } });
  const send = (numbers: readonly number[]) => Promise.all(numbers.map((i) => publisher.publish(message(i))));
  expect((await send([1, 2, 3])).map(({ position }) => position)).toEqual([1, 2, 3]);
  expect(await send([4, 2, 5])).toEqual([
    { position: 4, duplicate: false },
    { position: 2, duplicate: true },
    { position: 5, duplicate: false },
  ]);
  expect((await send([6, 6])).map(({ position }) => position)).toEqual([6, 6]);
  expect((await stored(6)).map(numberOf)).toEqual([1, 2, 3, 4, 5, 6]);
  await publisher.close();
});

it('stores what can be stored again under another subject, as strays are', async () => {
  const publisher = bus.publisher({ atomic: true });
  const subject = 'dcgm.raw.elsewhere.a';
  await Promise.all([1, 2].map((i) => publisher.publish({ subject, data: numbered(i) })));
  await publisher.close();
  const told: unknown[] = [];
  const relay = strayRelay({ bus, stream: 'made', tell: (error) => told.push(error) });
  await relay.relay([2, 1], new AbortController().signal);
  expect(told).toEqual([]);
  expect((await stored(4)).map(numberOf)).toEqual([1, 2, 2, 1]);
  await relay.close();
});

it('stores one by one where the stream takes no batches', async () => {
  const jsm = await managerOf(bus);
  await jsm.streams.update('DCGM_RAW', { allow_atomic: false });
  const publisher = bus.publisher({ atomic: true });
  const acks = await Promise.all(range(0, 50).map((i) => publisher.publish({ subject: SUBJECT, data: numbered(i) })));
  expect(acks.map(({ position }) => position)).toEqual(range(1, 51));
  await publisher.close();
});

it('refuses only what is refused', async () => {
  const jsm = await managerOf(bus);
  await jsm.streams.update('DCGM_RAW', { max_msg_size: 1_000 });
  const publisher = bus.publisher({ atomic: true });
  const sizes = [10, 2_000, 10];
  const acks = await Promise.allSettled(
    sizes.map((size, i) => publisher.publish({ subject: SUBJECT, data: numbered(i, size) })),
  );
  expect(acks.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  expect((await stored(2)).map(numberOf)).toEqual([0, 2]);
  await publisher.close();
});

it('tells pressure while many wait', async () => {
  const publisher = bus.publisher({ atomic: true });
  expect(publisher.pressure()).toBeNull();
  const acks = range(0, 1_000).map((i) => publisher.publish({ subject: SUBJECT, data: numbered(i) }));
  const pressure = publisher.pressure();
  expect(pressure).not.toBeNull();
  await pressure;
  expect(publisher.pressure()).toBeNull();
  await Promise.all(acks);
  await publisher.close();
});

it('rejects what is not stored when it is closed', async () => {
  const publisher = bus.publisher({ atomic: true });
  await publisher.close();
  await expect(publisher.publish({ subject: SUBJECT, data: numbered(1) })).rejects.toMatchObject({
    code: 'GV-BUS-001',
  });
});
