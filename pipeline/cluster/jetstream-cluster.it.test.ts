import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { startTestServices, type TestServices } from '../../deploy/services/services.fixture.ts';
import { managerOf } from '../bus/stream-manager.ts';
import { endCliRuns } from '../cli/cli.fixture.ts';
import type { Bus } from '../contract/bus.ts';
import {
  allTables,
  deskCaughtUp,
  finishEngine,
  forgetTold,
  startEngineProcess,
  storedMessages,
} from '../kill-resume.fixture.ts';
import { expectSameRows } from '../same-rows.fixture.ts';
import { connectToCluster, copiesAgree, type NatsCluster, startNatsCluster } from './nats-cluster.fixture.ts';
import { startWorkerProcess, type WorkerProcess, workerReports } from './worker-process.fixture.ts';

/** Workers on a JetStream cluster of three servers, each message on all of them. */

const TOLD = ['DCGM_INVALID', 'ALERTS'];

let nats: NatsCluster | null = null;
let services: TestServices;
let bus: Bus;
let data = '';

beforeAll(async () => {
  nats = await startNatsCluster();
  if (nats === null) return;
  data = await mkdtemp(join(tmpdir(), 'gpu-vitals-r3-'));
  services = await startTestServices({ questdb: true });
  bus = await connectToCluster(nats.nats_url, 3);
});
afterEach(endCliRuns);
afterAll(async () => {
  await bus?.close();
  await services?.stop();
  await nats?.stop();
  if (data !== '') await rm(data, { recursive: true, force: true, maxRetries: 5 });
});

it('loses and doubles nothing while one server is killed and another one is paused', async (context) => {
  if (nats === null) {
    context.skip('no nats-server on this machine');
    return;
  }
  const { nats_url } = nats;
  const config = (await (await managerOf(bus)).streams.info('DCGM_RAW')).config;
  expect(config.num_replicas).toBe(3);
  const messages = storedMessages();
  const publisher = bus.publisher();
  const parts = 4;
  const size = Math.ceil(messages.length / parts);
  const publish = async (part: number): Promise<void> => {
    for (let at = part * size; at < Math.min(messages.length, (part + 1) * size); at += 10) {
      const end = Math.min(messages.length, (part + 1) * size, at + 10);
      await Promise.all(messages.slice(at, end).map((message) => publisher.publish(message)));
    }
  };
  const reports = workerReports(bus);
  const more = ['--stream-replicas', '3'];
  const start = (name: string): WorkerProcess => startWorkerProcess({ name, data, nats_url, questdb: services, more });
  const workers = ['a', 'b', 'c'].map(start);
  await reports.settled(workers);
  await publish(0);

  let feeding = publish(1);
  nats.kill(0, 'SIGKILL');
  await feeding;
  nats.restart(0);
  await reports.settled(workers, 90_000);
  await reports.caughtUp(90_000);

  feeding = publish(2);
  nats.kill(1, 'SIGSTOP');
  await new Promise((resolve) => setTimeout(resolve, 5_000));
  nats.kill(1, 'SIGCONT');
  await feeding;
  await reports.settled(workers, 90_000);
  await publish(3);
  await publisher.close();
  await reports.caughtUp(90_000);
  await deskCaughtUp(bus);
  for (const worker of workers) {
    worker.kill('SIGTERM');
    expect(await worker.exited).toMatchObject({ code: 0 });
  }
  reports.stop();
  await copiesAgree(bus, TOLD);
  const clustered = await allTables(bus, services);

  const reference = await startTestServices({ questdb: true });
  try {
    await forgetTold(bus);
    await finishEngine(bus, await startEngineProcess({ data: join(data, 'alone'), nats_url, questdb: reference }));
    const alone = await allTables(bus, reference);
    expectSameRows(alone, clustered);
    expect(alone.gpu_metrics?.length).toBeGreaterThan(10_000);
  } finally {
    await reference.stop();
  }
}, 400_000);
