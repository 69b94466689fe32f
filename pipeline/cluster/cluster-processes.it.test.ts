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
  INSTANTS,
  startEngineProcess,
  storedMessages,
} from '../kill-resume.fixture.ts';
import { expectSameRows } from '../same-rows.fixture.ts';
import { connectToCluster, copiesAgree, type NatsCluster, startNatsCluster } from './nats-cluster.fixture.ts';
import { startWorkerProcess, type WorkerProcess, workerReports } from './worker-process.fixture.ts';

/** Workers of a cluster as processes, on three nats-servers that keep a copy each of everything, and the real QuestDB. */

const COPIES = 3;
const SETTLED_MAX_MS = 90_000;

let nats: NatsCluster | null = null;
let services: TestServices;
let bus: Bus;
let data = '';

beforeAll(async () => {
  nats = await startNatsCluster();
  if (nats === null) return;
  data = await mkdtemp(join(tmpdir(), 'gpu-vitals-cluster-'));
  services = await startTestServices({ questdb: true });
  bus = await connectToCluster(nats.nats_url, COPIES);
});
afterEach(endCliRuns);
afterAll(async () => {
  await bus?.close();
  await services?.stop();
  await nats?.stop();
  if (data !== '') await rm(data, { recursive: true, force: true, maxRetries: 5 });
});

it('writes what one process writes: 1, 4 and 2 workers, one killed, one paused, two ended', async (context) => {
  if (nats === null) {
    context.skip('no nats-server on this machine');
    return;
  }
  const { nats_url } = nats;
  const messages = storedMessages();
  const publisher = bus.publisher();
  const parts = 6;
  const publish = async (part: number): Promise<void> => {
    const size = Math.ceil(messages.length / parts);
    // Not all at once: a while is to pass in which workers come and go.
    for (let at = part * size; at < Math.min(messages.length, (part + 1) * size); at += 10) {
      const end = Math.min(messages.length, (part + 1) * size);
      await Promise.all(messages.slice(at, Math.min(end, at + 10)).map((message) => publisher.publish(message)));
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  };
  const more = ['--stream-replicas', String(COPIES)];
  const start = (name: string): WorkerProcess => startWorkerProcess({ name, data, nats_url, questdb: services, more });
  const reports = workerReports(bus);
  const took: Record<string, number> = {};

  const a = start('a');
  await reports.settled([a], SETTLED_MAX_MS);
  const jsm = await managerOf(bus);
  for (const stream of ['DCGM_RAW', 'PICKED', 'ALERTS', 'KV_GPU_VITALS_CLUSTER', 'OBJ_GPU_VITALS_CLUSTER']) {
    expect([stream, (await jsm.streams.info(stream)).config.num_replicas]).toEqual([stream, COPIES]);
  }
  let feeding = publish(0);
  const [b, c, d] = ['b', 'c', 'd'].map(start) as [WorkerProcess, WorkerProcess, WorkerProcess];
  await feeding;
  feeding = publish(1);
  took.four = await reports.settled([a, b, c, d], SETTLED_MAX_MS);
  await feeding;

  feeding = publish(2);
  b.kill('SIGKILL');
  took.killed = await reports.settled([a, c, d], SETTLED_MAX_MS);
  await feeding;

  feeding = publish(3);
  c.kill('SIGSTOP');
  took.paused = await reports.settled([a, d], SETTLED_MAX_MS);
  await feeding;
  c.kill('SIGCONT');
  feeding = publish(4);
  took.back = await reports.settled([a, c, d], SETTLED_MAX_MS);
  expect(c.stderr()).toMatch(/GV-CLU-001/);
  await feeding;

  feeding = publish(5);
  d.kill('SIGTERM');
  expect(await d.exited).toMatchObject({ code: 0 });
  took.ended = await reports.settled([a, c], SETTLED_MAX_MS);
  await feeding;
  await publisher.close();
  await reports.caughtUp(SETTLED_MAX_MS);
  a.kill('SIGTERM');
  expect(await a.exited).toMatchObject({ code: 0 });
  took.alone = await reports.settled([c], SETTLED_MAX_MS);
  // What was not handed over is read again, and shows older versions of rows until then.
  await reports.caughtUp(SETTLED_MAX_MS);
  await deskCaughtUp(bus);
  c.kill('SIGTERM');
  expect(await c.exited).toMatchObject({ code: 0 });
  reports.stop();
  await copiesAgree(bus, ['DCGM_INVALID', 'ALERTS']);
  const sharded = await allTables(bus, services);
  if (process.env.CLUSTER_TIMES !== undefined) console.info(took);

  const reference = await startTestServices({ questdb: true });
  try {
    await forgetTold(bus);
    await finishEngine(bus, await startEngineProcess({ data: join(data, 'alone'), nats_url, questdb: reference }));
    const alone = await allTables(bus, reference);
    expectSameRows(alone, sharded);
    expect(alone.gpu_metrics?.length).toBeGreaterThan(INSTANTS * 40);
  } finally {
    await reference.stop();
  }
}, 400_000);
