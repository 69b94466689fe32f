import { afterAll, beforeAll, expect, it } from 'vitest';
import { startTestServices, type TestServices } from '../../deploy/services/services.fixture.ts';
import { systemClock } from '../clock.ts';
import type { Bus } from '../contract/bus.ts';
import { connectBus } from './connect-bus.ts';
import { type ObjectStore, openObjectStore } from './object-store.ts';
import { storedMessages } from './stored-messages.ts';
import { managerOf } from './stream-manager.ts';

let services: TestServices;
let bus: Bus;
let objects: ObjectStore;

beforeAll(async () => {
  services = await startTestServices({ nats: true });
  bus = await connectBus({ servers: services.nats_url, name: 'test', clock: systemClock });
  objects = await openObjectStore(bus, 'THINGS', 'test');
});
afterAll(async () => {
  await bus?.close();
  await services?.stop();
});

const bytesOf = (size: number): Buffer => Buffer.from(Array.from({ length: size }, (_, i) => (i * 7 + (i >> 9)) % 251));

/** Parts of the object that was stored last. */
async function lastParts(): Promise<{ position: number; subject: string }[]> {
  const parts: { position: number; subject: string }[] = [];
  for await (const part of storedMessages(bus, 'OBJ_THINGS', { subject: '$O.THINGS.C.>', from: 1 })) parts.push(part);
  const subject = parts.at(-1)?.subject;
  return parts.filter((part) => part.subject === subject);
}

it.each([0, 1, 131_072, 131_073, 400_000, 700_000])(
  'gives back %i bytes as they were, and forgets them',
  async (size) => {
    await objects.put('one', bytesOf(10));
    await objects.put('one', bytesOf(size));
    expect(await objects.size('one')).toBe(size);
    const found = await objects.get('one');
    expect(typeof found === 'string' || found === null ? found : Buffer.compare(found, bytesOf(size))).toBe(0);
    await objects.remove('one');
    expect([await objects.get('one'), await objects.names()]).toEqual([null, []]);
  },
);

it.each([300_000, 900_000])('says so when parts of %i bytes are missing, or others', async (size) => {
  const { streams } = await managerOf(bus);
  await objects.put('damaged', bytesOf(size));
  const parts = await lastParts();
  const { position, subject } = parts[1] ?? { position: 0, subject: '' };
  await streams.deleteMessage('OBJ_THINGS', position, false);
  expect(await objects.get('damaged')).toBe(`${parts.length - 1} of its ${parts.length} parts are there`);
  const publisher = bus.publisher();
  await publisher.publish({ subject, data: bytesOf(131_072) });
  await publisher.close();
  expect(await objects.get('damaged')).toBe('its bytes are not those that were stored');
});
