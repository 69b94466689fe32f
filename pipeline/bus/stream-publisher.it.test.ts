import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startTestServices, type TestServices } from '../../deploy/services/services.fixture.ts';
import type { Bus } from '../contract/bus.ts';
import { freshStreams, numbered, numberOf, publishNumbers, range, readUntil, testBus, until } from './bus.fixture.ts';
import { ensureStreams } from './ensure-streams.ts';
import { connectionOf, managerOf } from './stream-manager.ts';

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

describe('publishing', () => {
  it('stores in order, answers positions and knows a message that came twice', async () => {
    const publisher = bus.publisher({ window: 16 });
    const message = { subject: 'dcgm.raw.00.a', data: numbered(1), headers: { 'Nats-Msg-Id': 'a:1' } };
    expect(await publisher.publish(message)).toEqual({ position: 1, duplicate: false });
    expect(await publisher.publish(message)).toEqual({ position: 1, duplicate: true });
    const acks = await Promise.all(
      range(2, 500).map((i) => publisher.publish({ ...message, data: numbered(i), headers: {} })),
    );
    expect(acks.map((ack) => ack.position)).toEqual(range(2, 500));
    await publisher.close();
  });

  it('tells pressure while the window is full', async () => {
    const publisher = bus.publisher({ window: 4 });
    expect(publisher.pressure()).toBeNull();
    const acks = range(0, 4).map((i) => publisher.publish({ subject: 'dcgm.raw.00.a', data: numbered(i) }));
    const pressure = publisher.pressure();
    expect(pressure).not.toBeNull();
    await pressure;
    expect(publisher.pressure()).toBeNull();
    await Promise.all(acks);
    await publisher.close();
  });

  it('rejects what the server refuses for good, and goes on with the rest', async () => {
    const jsm = await managerOf(bus);
    await jsm.streams.update('DCGM_RAW', { max_msg_size: 1_000 });
    const publisher = bus.publisher();
    const subject = 'dcgm.raw.00.a';
    const [large, huge, small] = await Promise.allSettled([
      publisher.publish({ subject, data: numbered(1, 2_000) }),
      publisher.publish({ subject, data: new Uint8Array(9 * 1024 * 1024) }),
      publisher.publish({ subject, data: numbered(2) }),
    ]);
    expect(large).toMatchObject({ status: 'rejected', reason: { code: 'GV-BUS-002' } });
    expect(huge).toMatchObject({ status: 'rejected', reason: { code: 'GV-BUS-002' } });
    expect(small).toMatchObject({ status: 'fulfilled', value: { position: 1 } });
    await publisher.close();
  });

  it.each([
    { waits_for_store: true, detail: 'no space left on device', stored: true },
    { waits_for_store: true, detail: 'maximum bytes exceeded', stored: false },
    { waits_for_store: false, detail: 'no space left on device', stored: false },
  ])('of a store that says "$detail", waited for: $waits_for_store, stored: $stored', async (of) => {
    const { waits_for_store, detail, stored } = of;
    const failed = { error: { code: 503, err_code: 10077, description: detail }, stream: 'S', seq: 0 };
    const heard: number[] = [];
    const store = bus.subscribe('kept.*', ({ data, reply }) => {
      heard.push(numberOf({ data }));
      const answer = heard.length <= 2 ? failed : { stream: 'S', seq: heard.length };
      bus.publish({ subject: reply, data: Buffer.from(JSON.stringify(answer)) });
    });
    const publisher = bus.publisher({ waits_for_store });
    const acks = await Promise.allSettled(
      [1, 2].map((i) => publisher.publish({ subject: 'kept.a', data: numbered(i) })),
    );
    expect(acks.map(({ status }) => status)).toEqual(stored ? ['fulfilled', 'fulfilled'] : ['rejected', 'rejected']);
    expect(heard).toEqual(stored ? [1, 2, 1, 2] : [1, 2]);
    await publisher.close();
    store.unsubscribe();
  });

  it('waits for a stream that is not there yet, and keeps the order', async () => {
    const jsm = await managerOf(bus);
    await jsm.streams.delete('DCGM_RAW');
    const connection = connectionOf(bus);
    const before = connection.stats().outMsgs;
    const publishing = publishNumbers(bus, 0, 2_000);
    await until(() => connection.stats().outMsgs >= before + 1_024);
    await ensureStreams(bus);
    await publishing;
    const read = await readUntil(bus, { stream: 'DCGM_RAW', from: 1 }, (all) => all.length >= 2_000);
    expect(read.map(numberOf)).toEqual(range(0, 2_000));
  });

  it('rejects what is not stored when it is closed', async () => {
    const jsm = await managerOf(bus);
    await jsm.streams.delete('DCGM_RAW');
    const publisher = bus.publisher();
    const waiting = publisher.publish({ subject: 'dcgm.raw.00.a', data: numbered(1) });
    const rejected = expect(waiting).rejects.toMatchObject({ code: 'GV-BUS-001' });
    await publisher.close();
    await rejected;
    await expect(publisher.publish({ subject: 'x', data: numbered(1) })).rejects.toMatchObject({ code: 'GV-BUS-001' });
  });
});
