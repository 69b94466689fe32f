import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { startTestServices, type TestServices } from '../../deploy/services/services.fixture.ts';
import { acceptRetries } from '../../sinks/alerts/accept-retries.ts';
import { message, type PlayedChannel, playedDelivery, refused } from '../../sinks/alerts/delivery.fixture.ts';
import { settableClock } from '../clock.ts';
import type { Bus, BusSubscription } from '../contract/bus.ts';
import { VitalsError } from '../contract/errors.ts';
import { freshStreams, testBus } from './bus.fixture.ts';
import { deadLetterSink } from './dead-letter-sink.ts';
import { listDeadLetters, retryDeadLetters, type StoredDeadLetter } from './dead-letters.ts';

let services: TestServices;
let bus: Bus;
let listening: BusSubscription | null = null;
const clock = settableClock(1_767_300_000_000);

beforeAll(async () => {
  services = await startTestServices({ nats: true });
  bus = (await testBus(services.nats_url)).bus;
});
afterAll(async () => {
  await bus?.close();
  await services?.stop();
});
beforeEach(async () => {
  listening?.unsubscribe();
  listening = null;
  await freshStreams(bus);
});

async function letters(): Promise<StoredDeadLetter[]> {
  const all: StoredDeadLetter[] = [];
  for await (const one of listDeadLetters(bus, { reason: 'undelivered' })) all.push(one);
  return all;
}

/** A delivery whose channel refuses everything, with what it gave up in the stream. */
async function givenUp(count: number) {
  const sink = deadLetterSink(bus);
  const played = playedDelivery(['ops'], { onDeadLetter: (letter) => sink.write(letter) });
  const [ops] = played.channels as [PlayedChannel];
  ops.answer = refused;
  for (let n = 1; n <= count; n++) played.delivery.send('ops', message(n));
  await played.timers.advance(0);
  await sink.flush();
  return { ...played, ops, sink };
}

it('lists what no channel took, and sends it again when the channel works', async () => {
  const { delivery, ops, timers } = await givenUp(2);
  const listed = await letters();
  expect(listed).toHaveLength(2);
  expect(listed[0]).toMatchObject({
    ...{ node: 'gpu-017', level: 'notification', reason: 'undelivered', code: 'GV-ALT-003', retried_at: null },
    ...{ step: 'alert-channel ops', detail: expect.stringMatching(/^HTTP 400: no \(try 1\); given up /) },
  });

  listening = acceptRetries({ bus, delivery, active: () => true, over: () => false });
  await bus.flush();
  ops.answer = 'take';
  expect(await retryDeadLetters(bus, { reason: 'undelivered', clock })).toEqual({ retried: 2, skipped: 0 });
  await timers.advance(0);
  expect(ops.taken.map(({ id }) => id)).toEqual(['n1', 'n2']);
  expect((await letters()).map(({ retried_at }) => retried_at)).toEqual([clock.now(), clock.now()]);
  expect(await retryDeadLetters(bus, { clock })).toEqual({ retried: 0, skipped: 2 });
});

it('leaves them where nobody takes them back, and other letters do not wait for them', async () => {
  const { sink } = await givenUp(2);
  const alone = await retryDeadLetters(bus, { clock }).catch((error: unknown) => error);
  expect(alone).toBeInstanceOf(VitalsError);
  expect(alone).toMatchObject({ code: 'GV-ALT-005' });
  sink.write({
    ...{ ts: 1_767_225_600_000, node: 'n', level: 'scrape', reason: 'unreadable_scrape', code: 'GV-PRS-001' },
    ...{ step: 'decode', detail: 'bad', original: 'DCGM 1' },
  });
  await sink.flush();
  expect(await retryDeadLetters(bus, { clock })).toEqual({ retried: 1, skipped: 2 });
  expect((await letters()).map(({ retried_at }) => retried_at)).toEqual([null, null]);
});

it('is a letter again when it fails again', async () => {
  const { delivery, timers, sink } = await givenUp(1);
  listening = acceptRetries({ bus, delivery, active: () => true, over: () => false });
  await bus.flush();
  timers.clock.advance(1_000);
  await retryDeadLetters(bus, { clock });
  await timers.advance(0);
  await sink.flush();
  // The copy that says `retried` and the new letter are stored side by side, in no certain order.
  expect((await letters()).map(({ retried_at }) => retried_at === null).sort()).toEqual([false, true]);
});
