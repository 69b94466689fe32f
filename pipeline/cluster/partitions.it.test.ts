import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { startTestServices, type TestServices } from '../../deploy/services/services.fixture.ts';
import { reconnect } from '../bus/reconnect.ts';
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
import { forward } from './forward.fixture.ts';
import { connectToCluster, copiesAgree, type NatsCluster, startNatsCluster } from './nats-cluster.fixture.ts';
import { openNetwork, type TestNetwork } from './network.fixture.ts';
import { startWorkerProcess, type WorkerProcess, workerReports } from './worker-process.fixture.ts';

/**
 * Three nats-servers and three workers, each on a machine of its own as far as the network goes, whose cables are pulled: what is
 * cut off hears nothing, and keeps what it has sent for when the cable is back.
 */

const SERVERS = ['n0', 'n1', 'n2'];
const TOLD = ['DCGM_INVALID', 'ALERTS'];
const closing: (() => unknown)[] = [];
let missing = '';
let network: TestNetwork;
let nats: NatsCluster;
let services: TestServices;
let bus: Bus;
let data = '';

beforeAll(async () => {
  const opened = await openNetwork();
  if (typeof opened === 'string') {
    missing = opened;
    return;
  }
  network = opened;
  closing.push(() => network.remove());
  const started = await startNatsCluster(SERVERS.map((name) => network.machine(name)));
  if (started === null) {
    missing = 'no nats-server on this machine';
    return;
  }
  nats = started;
  closing.push(() => nats.stop());
  data = await mkdtemp(join(tmpdir(), 'gpu-vitals-parted-'));
  closing.push(() => rm(data, { recursive: true, force: true, maxRetries: 5 }));
  services = await startTestServices({ questdb: true });
  closing.push(() => services.stop());
  bus = await connectToCluster(nats.nats_url, 3);
  closing.push(() => bus.close());
});
afterEach(endCliRuns);
afterAll(async () => {
  for (const close of closing.reverse()) await Promise.resolve(close()).catch(() => undefined);
});

/** The tests' QuestDB for those who are on other machines. */
async function questdbFor(): Promise<Pick<TestServices, 'questdb_http_url' | 'questdb_pg_url'>> {
  const there = async (url: string): Promise<string> => {
    const changed = new URL(url);
    const { port, close } = await forward(network.address, Number(changed.port));
    closing.push(close);
    changed.hostname = network.address;
    changed.port = String(port);
    return changed.href;
  };
  return {
    questdb_http_url: (await there(services.questdb_http_url)).replace(/\/$/, ''),
    questdb_pg_url: await there(services.questdb_pg_url),
  };
}

it('tells what one process tells, whoever is cut off: a worker, a leading server, a worker with a server', async (context) => {
  if (missing !== '') {
    context.skip(missing);
    return;
  }
  const { nats_url } = nats;
  const jsm = await managerOf(bus);
  const leaderOf = async (stream: string): Promise<string> => (await jsm.streams.info(stream)).cluster?.leader ?? '';
  const messages = storedMessages();
  const publisher = bus.publisher();
  const parts = 8;
  const size = Math.ceil(messages.length / parts);
  let fed: Promise<void> = Promise.resolve();
  /** One part after the other, slowly: things are to happen meanwhile. */
  const feed = (part: number): void => {
    fed = fed.then(async () => {
      const of = messages.slice(part * size, (part + 1) * size);
      for (let at = 0; at < of.length; at += 10) {
        await Promise.all(of.slice(at, at + 10).map((message) => publisher.publish(message)));
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    });
  };
  const reports = workerReports(bus);
  const questdb = await questdbFor();
  const more = ['--stream-replicas', '3'];
  const start = (name: string): WorkerProcess => {
    const { within } = network.machine(name);
    return startWorkerProcess({ name, data, nats_url, questdb, more, within });
  };
  const workers = ['a', 'b', 'c'].map(start) as [WorkerProcess, WorkerProcess, WorkerProcess];
  const [a, b, c] = workers;
  const lost = (worker: WorkerProcess): number => worker.stderr().split('GV-CLU-001').length - 1;
  const took: Record<string, number> = {};
  await reports.settled(workers, 90_000);
  feed(0);
  await fed;

  feed(1);
  network.split(['b']);
  took.worker_cut = await reports.settled([a, c], 90_000);
  feed(2);
  await fed;
  expect(lost(b)).toBe(0);
  network.heal();
  took.worker_back = await reports.settled(workers, 90_000);
  // More than once where a machine has so little CPU that its new life cannot renew in time either.
  expect(lost(b)).toBeGreaterThan(0);

  feed(3);
  const leader = await leaderOf('KV_GPU_VITALS_CLUSTER');
  expect(SERVERS).toContain(leader);
  network.split([leader]);
  await reconnect(bus);
  took.leader_cut = await reports.settled(workers, 90_000);
  await fed;
  await reports.caughtUp(90_000);
  network.heal();

  // A side with less than half of the servers can decide nothing, whoever is on it with them.
  feed(4);
  const [small] = SERVERS.filter((name) => name !== leader) as [string];
  await copiesAgree(bus, ['DCGM_RAW']);
  network.split([small, 'c']);
  await reconnect(bus);
  feed(5);
  took.small_side = await reports.settled([a, b], 90_000);
  await fed;
  network.heal();
  feed(6);
  took.all_back = await reports.settled(workers, 90_000);
  expect(lost(c)).toBeGreaterThan(0);
  feed(7);
  await fed;
  await publisher.close();
  await reports.caughtUp(90_000);
  await deskCaughtUp(bus);
  for (const worker of workers) {
    worker.kill('SIGTERM');
    const { code, stderr } = await worker.exited;
    expect({ code, stderr: code === 0 ? '' : stderr }).toEqual({ code: 0, stderr: '' });
  }
  reports.stop();
  if (process.env.CLUSTER_TIMES !== undefined) console.info({ ...took, lost: workers.map(lost) });
  await copiesAgree(bus, TOLD);
  const parted = await allTables(bus, services);

  const reference = await startTestServices({ questdb: true });
  try {
    await forgetTold(bus);
    await finishEngine(bus, await startEngineProcess({ data: join(data, 'alone'), nats_url, questdb: reference }));
    const alone = await allTables(bus, reference);
    expectSameRows(alone, parted);
    expect(alone.gpu_metrics?.length).toBeGreaterThan(10_000);
  } finally {
    await reference.stop();
  }
}, 600_000);
