import { afterAll, beforeAll, expect, it } from 'vitest';
import { startTestServices, type TestServices } from '../../deploy/services/services.fixture.ts';
import type { DeadLetter } from '../contract/events.ts';
import { rawSubject } from '../contract/ids.ts';
import { freshStreams, numbered, type TestBus, testBus } from './bus.fixture.ts';
import { deadLetterSink } from './dead-letter-sink.ts';
import { listDeadLetters } from './dead-letters.ts';
import { jsonEventSink } from './json-event-sink.ts';

let services: TestServices;
let test: TestBus;

beforeAll(async () => {
  services = await startTestServices({ nats: true });
  test = await testBus(services.nats_url);
  await freshStreams(test.bus);
});

afterAll(async () => {
  await test?.bus.close();
  await services?.stop();
});

const LONG = 'n'.repeat(100_000);
const letter = (some: Partial<DeadLetter>): DeadLetter => ({
  ts: 1_767_225_600_000,
  node: 'node-1',
  level: 'scrape',
  reason: 'unreadable_scrape',
  code: 'GV-PRS-001',
  step: 'decode',
  detail: 'x'.repeat(600),
  ...some,
});

it('names of any length cost neither the connection nor a message', async () => {
  const { bus, events } = test;
  const publisher = bus.publisher();
  await publisher.publish({ subject: rawSubject(LONG), data: numbered(1) });
  const sink = deadLetterSink(bus);
  sink.write(letter({ node: LONG, original: 'one' }));
  await sink.flush();
  jsonEventSink<{ node: string; gpu_uuid: string }>(bus, 'anomalies').write({ node: LONG, gpu_uuid: LONG });
  await bus.flush();
  await publisher.publish({ subject: rawSubject('b'), data: numbered(2) });
  await sink.close();
  await publisher.close();
  expect(events.filter((event) => event.type !== 'connected')).toEqual([]);
  expect((await bus.streamState('DCGM_RAW')).messages).toBe(2);
});

it('a dead letter as large as a message may be is kept, cut and saying so', async () => {
  const { bus } = test;
  const refused: unknown[] = [];
  const sink = deadLetterSink(bus, { onRefused: (_, error) => refused.push(error) });
  sink.write(letter({ node: 'large', original: 'é'.repeat(524_288) }));
  await sink.flush();
  await sink.close();
  expect(refused).toEqual([]);
  const found = [];
  for await (const one of listDeadLetters(bus, { node: 'large' })) found.push(one);
  expect(found).toMatchObject([{ node: 'large', reason: 'unreadable_scrape' }]);
  expect(found[0]?.size_bytes).toBeGreaterThan(900_000);
  expect(found[0]?.detail).toContain('the first');
});
