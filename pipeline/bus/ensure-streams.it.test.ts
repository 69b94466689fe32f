import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { startTestServices, type TestServices } from '../../deploy/services/services.fixture.ts';
import type { Bus } from '../contract/bus.ts';
import { freshStreams, numbered, testBus } from './bus.fixture.ts';
import { ensureStreams } from './ensure-streams.ts';
import { managerOf } from './stream-manager.ts';

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

it('makes, leaves alone and updates', async () => {
  expect((await ensureStreams(bus)).DCGM_RAW).toBe('unchanged');
  const changed = await ensureStreams(bus, { raw: { size_max: 1024 ** 3 } });
  expect(changed).toMatchObject({ DCGM_RAW: 'updated', DCGM_INVALID: 'unchanged', ALERTS: 'unchanged' });
  expect((await (await managerOf(bus)).streams.info('DCGM_RAW')).config.max_bytes).toBe(1024 ** 3);
  expect((await ensureStreams(bus)).DCGM_RAW).toBe('unchanged');
  expect((await ensureStreams(bus, { compress: true })).DCGM_RAW).toBe('updated');
  expect((await (await managerOf(bus)).streams.info('DCGM_RAW')).config.max_bytes).toBe(1024 ** 3);
  const publisher = bus.publisher();
  for (let i = 0; i < 3; i++) await publisher.publish({ subject: 'dcgm.raw.00.a', data: numbered(i) });
  await publisher.close();
  expect(await bus.streamState('DCGM_RAW')).toMatchObject({ messages: 3, first_position: 1, last_position: 3 });
  await expect(bus.streamState('NONE')).rejects.toMatchObject({ code: 'GV-BUS-002' });
});

it('tells why the server refuses', async () => {
  await expect(ensureStreams(bus, { raw: { size_max: 1024 ** 5 } })).rejects.toMatchObject({ code: 'GV-BUS-002' });
});
