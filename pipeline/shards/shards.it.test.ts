import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { startTestServices, type TestServices } from '../../deploy/services/services.fixture.ts';
import { connectBus } from '../bus/connect-bus.ts';
import { ensureStreams } from '../bus/ensure-streams.ts';
import { type CliRun, endCliRuns } from '../cli/cli.fixture.ts';
import { systemClock } from '../clock.ts';
import type { Bus } from '../contract/bus.ts';
import {
  allTables,
  type Databases,
  finishEngine,
  forgetTold,
  INSTANTS,
  readsFrom,
  snapshotsFrom,
  startEngineProcess,
  storedMessages,
} from '../kill-resume.fixture.ts';
import { expectSameRows } from '../same-rows.fixture.ts';

/** An engine of several threads, on the real nats-server and the real QuestDB. */

let services: TestServices;
let bus: Bus;
const folders: string[] = [];

beforeAll(async () => {
  services = await startTestServices({});
  bus = await connectBus({ servers: services.nats_url, name: 'test', clock: systemClock });
  await ensureStreams(bus);
});
afterEach(endCliRuns);
afterAll(async () => {
  await bus?.close();
  await services?.stop();
  await Promise.all(folders.map((path) => rm(path, { recursive: true, force: true, maxRetries: 5 })));
});

async function freshFolder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'gpu-vitals-shards-'));
  folders.push(path);
  return path;
}

const start = (data: string, threads: number, questdb: Databases = services): Promise<CliRun> =>
  startEngineProcess({ data, threads, nats_url: services.nats_url, questdb });

it('writes what one thread writes, also when killed, stopped and begun again with another number of threads', async () => {
  const messages = storedMessages();
  const publisher = bus.publisher();
  const publish = async (from: number, to: number): Promise<void> => {
    await Promise.all(messages.slice(from, to).map((message) => publisher.publish(message)));
  };
  const third = Math.ceil(messages.length / 3);
  const data = await freshFolder();

  const two = await start(data, 2);
  await publish(0, third);
  await snapshotsFrom(bus, two, third);
  await publish(third, 2 * third);
  two.kill('SIGKILL');
  await two.exited;
  const four = await start(data, 4);
  expect(readsFrom(four)).toBeGreaterThan(third);
  await finishEngine(bus, four);
  await publish(2 * third, messages.length);
  await publisher.close();
  const one = await start(data, 1);
  expect(readsFrom(one)).toBe(2 * third + 1);
  await finishEngine(bus, one);
  const sharded = await allTables(bus, services);

  const reference = await startTestServices({ questdb: true });
  try {
    await forgetTold(bus);
    await finishEngine(bus, await start(await freshFolder(), 1, reference));
    const whole = await allTables(bus, reference);
    expectSameRows(whole, sharded);
    expect(whole.gpu_metrics?.length).toBeGreaterThan(INSTANTS * 40);
  } finally {
    await reference.stop();
  }
}, 240_000);
