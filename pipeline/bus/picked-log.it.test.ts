import { afterAll, beforeAll, expect, it } from 'vitest';
import { startTestServices, type TestServices } from '../../deploy/services/services.fixture.ts';
import { systemClock } from '../clock.ts';
import type { Bus } from '../contract/bus.ts';
import { hours } from '../contract/time.ts';
import { testBus } from './bus.fixture.ts';
import { ensureStreams, PICKED_STREAM } from './ensure-streams.ts';
import { inspectBus } from './inspect-bus.ts';
import { ensurePickedStream, pickedLog } from './picked-log.ts';
import { ownStreams } from './stream-copy.ts';

const SILENCE_MAX_MS = 5_000;
const told = (text: string): Uint8Array => Buffer.from(text);
let services: TestServices;
let bus: Bus;

beforeAll(async () => {
  services = await startTestServices({ nats: true });
  bus = (await testBus(services.nats_url)).bus;
  await ensureStreams(bus);
});
afterAll(async () => {
  await bus?.close();
  await services?.stop();
});

it('is looked at and copied where there is one, and missed by nobody where there is none', async () => {
  const names = async (): Promise<readonly string[]> => (await ownStreams(bus)).map(({ name }) => name);
  const before = await inspectBus(bus, systemClock);
  expect(before.missing).toEqual([]);
  expect(await names()).not.toContain(PICKED_STREAM);

  await ensurePickedStream(bus, hours(1));
  const after = await inspectBus(bus, systemClock);
  expect(after.streams.find(({ name }) => name === PICKED_STREAM)).toMatchObject({ age_max_ms: hours(1), messages: 0 });
  expect(await names()).toContain(PICKED_STREAM);
});

it('takes what stands behind the last of a group, and nothing else', async () => {
  await ensurePickedStream(bus, hours(1));
  const log = pickedLog(bus, SILENCE_MAX_MS);
  expect(await log.last(3)).toBeNull();
  const first = await log.append(3, told('a'), 0);
  expect(first).not.toBeNull();
  expect(await log.append(3, told('a successor does not know of the first'), 0)).toBeNull();
  const second = await log.append(3, told('b'), first ?? -1);
  expect(second).toBeGreaterThan(first ?? Number.POSITIVE_INFINITY);
  expect(await log.append(4, told('c'), 0)).toBeGreaterThan(second ?? Number.POSITIVE_INFINITY);
  expect(Buffer.from((await log.last(3))?.data ?? []).toString()).toBe('b');

  const found: string[] = [];
  for await (const batch of log.read(1, new AbortController().signal)) {
    found.push(...batch.map(({ data }) => Buffer.from(data).toString()));
    if (found.length >= 3) break;
  }
  expect(found).toEqual(['a', 'b', 'c']);
  await log.close();
});
