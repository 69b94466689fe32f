import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startTestServices, type TestServices } from '../../deploy/services/services.fixture.ts';
import { systemClock } from '../clock.ts';
import type { Bus } from '../contract/bus.ts';
import type { RawMessage } from '../contract/message.ts';
import {
  freshStreams,
  numbered,
  numberOf,
  publishNumbers,
  range,
  readUntil,
  settled,
  type TestBus,
  testBus,
  until,
} from './bus.fixture.ts';
import { connectBus } from './connect-bus.ts';
import { connectionOf, managerOf } from './stream-manager.ts';

let services: TestServices;
let test: TestBus;
let bus: Bus;

beforeAll(async () => {
  services = await startTestServices({ nats: true });
  test = await testBus(services.nats_url);
  bus = test.bus;
});

afterAll(async () => {
  await bus?.close();
  await services?.stop();
});

beforeEach(async () => {
  await freshStreams(bus);
  test.events.length = 0;
});

describe('first connection', () => {
  it('fails with a code within the given time when nobody is there', async () => {
    const started = systemClock.monotonic();
    const failing = connectBus({
      servers: 'nats://someone:secret@127.0.0.1:1',
      name: 'test',
      clock: systemClock,
      connect_timeout_ms: 700,
    });
    await expect(failing).rejects.toMatchObject({ code: 'GV-BUS-001', where: 'nats://127.0.0.1:1' });
    expect(systemClock.monotonic() - started).toBeLessThan(5_000);
  });
});

describe('reading', () => {
  it('yields everything in order, at most batch_max at a time, with times and types', async () => {
    const before = systemClock.now();
    await publishNumbers(bus, 0, 1_500);
    const sizes: number[] = [];
    const all: RawMessage[] = [];
    for await (const batch of bus.read({ stream: 'DCGM_RAW', from: 1, batch_max: 100 }, new AbortController().signal)) {
      sizes.push(batch.length);
      all.push(...batch);
      if (all.length >= 1_500) break;
    }
    expect(Math.max(...sizes)).toBeLessThanOrEqual(100);
    expect(all.map(numberOf)).toEqual(range(0, 1_500));
    expect(all.map((message) => message.position)).toEqual(range(1, 1_501));
    const first = all[0] as RawMessage;
    expect(first.content_type).toBe('application/vnd.gpu-vitals.scrape');
    expect(first.event_time).toBe(first.arrived_at);
    expect(first.arrived_at).toBeGreaterThanOrEqual(before - 1);
    expect(first.arrived_at).toBeLessThanOrEqual(systemClock.now() + 1);
  });

  it('takes event time from the headers, else the arrival, and the content type from the bytes, whatever a header says', async () => {
    const publisher = bus.publisher();
    const send = (text: string, headers: Record<string, string>) =>
      publisher.publish({ subject: 'dcgm.raw.00.a', data: Buffer.from(text), headers });
    await send('{"a":1}', {});
    await send('# HELP x', { 'content-type': 'text/plain; version=0.0.4', 'Event-Time': '2026-01-01T00:00:00Z' });
    await send('{}', { 'Content-Type': 'text/plain', 'Event-Time': '1767225600123' });
    await send('{}', { 'Content-Type': 'application/vnd.gpu-vitals.scrape', 'Event-Time': '1767225600' });
    await publisher.close();
    const read = await readUntil(bus, { stream: 'DCGM_RAW', from: 1 }, (all) => all.length === 4);
    expect(read.map((message) => message.content_type)).toEqual([
      ...['application/json', 'text/plain', 'application/json'],
      // Promised to be ours: its damage is told as damage.
      'application/vnd.gpu-vitals.scrape',
    ]);
    expect(read[0]?.event_time).toBe(read[0]?.arrived_at);
    expect(read.slice(1).map((message) => message.event_time)).toEqual([
      ...[1_767_225_600_000, 1_767_225_600_123, 1_767_225_600_000],
    ]);
  });

  it.each([
    { subjects: ['dcgm.raw.01.>'], expected: ['dcgm.raw.01.a', 'dcgm.raw.01.b'] },
    { subjects: ['dcgm.raw.01.b', 'dcgm.raw.02.*'], expected: ['dcgm.raw.01.b', 'dcgm.raw.02.a'] },
  ])('reads only $subjects', async ({ subjects, expected }) => {
    for (const subject of ['dcgm.raw.01.a', 'dcgm.raw.02.a', 'dcgm.raw.03.a', 'dcgm.raw.01.b']) {
      await publishNumbers(bus, 0, 20, subject);
    }
    const read = await readUntil(bus, { stream: 'DCGM_RAW', from: 1, subjects }, (all) => all.length >= 40);
    expect(read.length).toBe(40);
    expect([...new Set(read.map((message) => message.subject))].sort()).toEqual(expected);
  });

  it('yields a single message at once when idle, and ends on abort', async () => {
    const ending = new AbortController();
    const publisher = bus.publisher();
    const waits: number[] = [];
    const reading = (async () => {
      for await (const batch of bus.read({ stream: 'DCGM_RAW', from: 1 }, ending.signal)) {
        for (const message of batch) waits.push(systemClock.monotonic() - Number(numberOf(message)));
      }
    })();
    for (let i = 0; i < 50; i++) {
      // The number is this clock's millisecond, so that the wait can be told.
      await publisher.publish({ subject: 'dcgm.raw.00.a', data: numbered(Math.floor(systemClock.monotonic())) });
      await until(() => waits.length > i);
    }
    ending.abort();
    await reading;
    await publisher.close();
    expect(waits.sort((a, b) => a - b)[25]).toBeLessThan(20);
  });

  it('pulls no more than a bounded read-ahead while its consumer is busy', async () => {
    await publishNumbers(bus, 0, 20_000);
    const connection = connectionOf(bus);
    const received = connection.stats().inMsgs;
    const iterator = bus
      .read({ stream: 'DCGM_RAW', from: 1, batch_max: 256 }, new AbortController().signal)
      [Symbol.asyncIterator]();
    const first = await iterator.next();
    await settled(() => connection.stats().inMsgs);
    expect(connection.stats().inMsgs - received).toBeLessThan(256 * 5 + 100);
    const all = [...(first.value as RawMessage[])];
    while (all.length < 20_000) all.push(...((await iterator.next()).value as RawMessage[]));
    await iterator.return?.(undefined);
    expect(all.map(numberOf)).toEqual(range(0, 20_000));
  });

  it('goes on without gap or duplicate when its consumer is deleted', async () => {
    await publishNumbers(bus, 0, 5_000);
    const jsm = await managerOf(bus);
    const all: RawMessage[] = [];
    let deleted = 0;
    for await (const batch of bus.read({ stream: 'DCGM_RAW', from: 1, batch_max: 64 }, new AbortController().signal)) {
      all.push(...batch);
      if (deleted < 3 && all.length > 1_000 * (deleted + 1)) {
        deleted++;
        for await (const consumer of jsm.consumers.list('DCGM_RAW')) {
          await jsm.consumers.delete('DCGM_RAW', consumer.name).catch(() => false);
        }
      }
      if (all.length >= 5_000) break;
    }
    expect(all.map(numberOf)).toEqual(range(0, 5_000));
    expect(test.events.filter((event) => event.type === 'read_restarted').length).toBeGreaterThanOrEqual(3);
    expect(test.events.some((event) => event.type === 'gap')).toBe(false);
    await until(async () => (await jsm.streams.info('DCGM_RAW')).state.consumer_count === 0);
  });

  it('continues at the first message there is when retention ate the wanted ones, and tells', async () => {
    await publishNumbers(bus, 0, 100);
    await (await managerOf(bus)).streams.purge('DCGM_RAW', { seq: 61 });
    const read = await readUntil(bus, { stream: 'DCGM_RAW', from: 11 }, (all) => all.length >= 40);
    expect(read.map(numberOf)).toEqual(range(60, 100));
    expect(test.events).toContainEqual({
      type: 'gap',
      stream: 'DCGM_RAW',
      reason: 'retention',
      expected: 11,
      continued_at: 61,
    });
  });

  it('reads a stream that was made anew from its beginning, and tells', async () => {
    await publishNumbers(bus, 0, 10);
    const read = await readUntil(bus, { stream: 'DCGM_RAW', from: 5_000 }, (all) => all.length >= 10);
    expect(read.map(numberOf)).toEqual(range(0, 10));
    expect(test.events).toContainEqual(expect.objectContaining({ type: 'gap', reason: 'reset', continued_at: 1 }));
  });
});

describe('nats-server killed', () => {
  it('keeps every acknowledged message once and in order, and the reader sees each once', async () => {
    const count = 20_000;
    const publisher = bus.publisher();
    const positions: number[] = [];
    const reading = readUntil(bus, { stream: 'DCGM_RAW', from: 1 }, (all) => all.length >= count);
    const acks: Promise<void>[] = [];
    let killed: Promise<void> | null = null;
    for (let i = 0; i < count; i++) {
      acks.push(
        publisher
          .publish({ subject: 'dcgm.raw.01.node', data: numbered(i, 512), headers: { 'Nats-Msg-Id': `node:${i}` } })
          .then((ack) => {
            positions[i] = ack.position;
          }),
      );
      if (i === 7_000) {
        services.kill('nats', 'SIGKILL');
        killed = until(() => !bus.connected).then(() => services.restart('nats'));
      }
      await publisher.pressure();
    }
    await killed;
    await Promise.all(acks);
    await publisher.close();
    const read = await reading;
    expect(positions).toEqual(range(1, count + 1));
    expect(read.map(numberOf)).toEqual(range(0, count));
    expect((await bus.streamState('DCGM_RAW')).messages).toBe(count);
    expect(test.events.some((event) => event.type === 'reconnected')).toBe(true);
    expect(bus.losses).toBeGreaterThan(0);
    expect(test.events.some((event) => event.type === 'gap')).toBe(false);
  });
});

describe('core NATS', () => {
  it('carries messages, headers, requests, and says when nobody answers', async () => {
    const got: string[] = [];
    const subscription = bus.subscribe('vitals.test.>', (message) => {
      got.push(`${message.subject} ${Buffer.from(message.data)} ${message.headers['X-A']}`);
      if (message.reply) bus.publish({ subject: message.reply, data: Buffer.from('pong') });
      throw new Error('a handler that fails');
    });
    bus.publish({ subject: 'vitals.test.1', data: Buffer.from('one'), headers: { 'X-A': 'ä\r\nInjected: 1' } });
    const answer = await bus.request({ subject: 'vitals.test.2', data: Buffer.from('ping') }, 2_000);
    expect(Buffer.from(answer.data).toString()).toBe('pong');
    expect(got).toEqual(['vitals.test.1 one ä Injected: 1', 'vitals.test.2 ping undefined']);
    expect(test.events.filter((event) => event.type === 'error').length).toBe(2);
    subscription.unsubscribe();
    await bus.flush();
    await expect(bus.request({ subject: 'vitals.test.3', data: numbered(1) }, 2_000)).rejects.toMatchObject({
      code: 'GV-BUS-001',
    });
  });
});
