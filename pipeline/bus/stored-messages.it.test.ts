import { afterAll, beforeAll, expect, it } from 'vitest';
import { startTestServices, type TestServices } from '../../deploy/services/services.fixture.ts';
import type { Bus } from '../contract/bus.ts';
import { testBus } from './bus.fixture.ts';
import { ensureStreams } from './ensure-streams.ts';
import { storedMessages } from './stored-messages.ts';

const COUNT = 2_000;
const SILENCE_MS = 200;
let services: TestServices;
let bus: Bus;

beforeAll(async () => {
  services = await startTestServices({ nats: true });
  bus = (await testBus(services.nats_url)).bus;
  await ensureStreams(bus);
  const publisher = bus.publisher();
  await Promise.all(
    Array.from({ length: COUNT }, (_, i) =>
      publisher.publish({ subject: `dcgm.raw.${i % 2 === 0 ? '07' : '08'}.n`, data: Buffer.from(String(i)) }),
    ),
  );
  await publisher.close();
});
afterAll(async () => {
  await bus?.close();
  await services?.stop();
});

async function positions(options: Omit<Parameters<typeof storedMessages>[2], 'silence_max_ms'>): Promise<number[]> {
  const found: number[] = [];
  for await (const { position } of storedMessages(bus, 'DCGM_RAW', options)) found.push(position);
  return found;
}

it('are those of a subject from a position up to another, or to what was the end', async () => {
  expect(await positions({ subject: 'dcgm.raw.07.>', from: 3, to: 9 })).toEqual([3, 5, 7, 9]);
  expect(await positions({ subject: 'dcgm.raw.08.>', from: COUNT - 3, headers_only: true })).toEqual([
    COUNT - 2,
    COUNT,
  ]);
  expect(await positions({ subject: 'dcgm.raw.09.>', from: 1 })).toEqual([]);
  expect(await positions({ subject: 'dcgm.raw.>', from: COUNT + 1 })).toEqual([]);
});

it('are each read once where the server stands still in the middle of it', async () => {
  const found: number[] = [];
  let back: NodeJS.Timeout | undefined;
  const options = { subject: 'dcgm.raw.>', from: 1, silence_max_ms: SILENCE_MS };
  for await (const { position } of storedMessages(bus, 'DCGM_RAW', options)) {
    found.push(position);
    if (position !== 300) continue;
    services.kill('nats', 'SIGSTOP');
    back = setTimeout(() => services.kill('nats', 'SIGCONT'), 5 * SILENCE_MS);
  }
  clearTimeout(back);
  expect(found).toEqual(Array.from({ length: COUNT }, (_, i) => i + 1));
});

it('are missing with an error, not without end, where the server looks connected and sends nothing', async () => {
  const reading = storedMessages(bus, 'DCGM_RAW', { subject: 'dcgm.raw.>', from: 1, silence_max_ms: SILENCE_MS });
  await reading.next();
  services.kill('nats', 'SIGSTOP');
  try {
    const rest = async (): Promise<void> => {
      for await (const _ of reading);
    };
    await expect(rest()).rejects.toMatchObject({ code: 'GV-BUS-001' });
  } finally {
    services.kill('nats', 'SIGCONT');
  }
}, 60_000);
