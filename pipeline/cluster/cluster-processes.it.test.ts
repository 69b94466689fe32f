import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { startTestServices, type TestServices } from '../../deploy/services/services.fixture.ts';
import { connectBus } from '../bus/connect-bus.ts';
import { ensureStreams } from '../bus/ensure-streams.ts';
import { managerOf } from '../bus/stream-manager.ts';
import { endCliRuns } from '../cli/cli.fixture.ts';
import { systemClock } from '../clock.ts';
import type { Bus } from '../contract/bus.ts';
import {
  allTables,
  finishEngine,
  INSTANTS,
  startEngineProcess,
  storedMessages,
  tableDifferences,
} from '../kill-resume.fixture.ts';
import { startWorkerProcess, type WorkerProcess, workerReports } from './worker-process.fixture.ts';

/** Workers of a cluster as processes, on the real nats-server and the real QuestDB. */

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
  const path = await mkdtemp(join(tmpdir(), 'gpu-vitals-cluster-'));
  folders.push(path);
  return path;
}

it('writes what one process writes: 1, 4 and 2 workers, one killed, one paused, two ended', async () => {
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
  const data = await freshFolder();
  const { nats_url } = services;
  const start = (name: string): WorkerProcess => startWorkerProcess({ name, data, nats_url, questdb: services });
  const reports = workerReports(bus);
  const took: Record<string, number> = {};

  const a = start('a');
  await reports.settled([a]);
  let feeding = publish(0);
  const [b, c, d] = ['b', 'c', 'd'].map(start) as [WorkerProcess, WorkerProcess, WorkerProcess];
  await feeding;
  feeding = publish(1);
  took.four = await reports.settled([a, b, c, d]);
  await feeding;

  feeding = publish(2);
  b.kill('SIGKILL');
  took.killed = await reports.settled([a, c, d]);
  await feeding;

  feeding = publish(3);
  c.kill('SIGSTOP');
  took.paused = await reports.settled([a, d]);
  await feeding;
  c.kill('SIGCONT');
  feeding = publish(4);
  took.back = await reports.settled([a, c, d]);
  expect(c.stderr()).toMatch(/GV-CLU-001/);
  await feeding;

  feeding = publish(5);
  d.kill('SIGTERM');
  expect(await d.exited).toMatchObject({ code: 0 });
  took.ended = await reports.settled([a, c]);
  await feeding;
  await publisher.close();
  await reports.caughtUp();
  a.kill('SIGTERM');
  expect(await a.exited).toMatchObject({ code: 0 });
  took.alone = await reports.settled([c]);
  // What was not handed over is read again, and shows older versions of rows until then.
  await reports.caughtUp();
  c.kill('SIGTERM');
  expect(await c.exited).toMatchObject({ code: 0 });
  reports.stop();
  const sharded = await allTables(bus, services);
  if (process.env.CLUSTER_TIMES !== undefined) console.info(took);

  const reference = await startTestServices({ questdb: true });
  try {
    await (await managerOf(bus)).streams.delete('DCGM_INVALID');
    await (await managerOf(bus)).streams.delete('ALERTS');
    const whole = await startEngineProcess({ data: await freshFolder(), nats_url, questdb: reference });
    await finishEngine(bus, whole);
    const alone = await allTables(bus, reference);
    // The alert desk's own table follows ALERTS, which is compared; the reference ends before its desk has begun.
    const { alerts: _, ...compared } = alone;
    expect(tableDifferences(compared, sharded)).toEqual(
      Object.entries(compared).map(([table, rows]) => ({ table, rows: rows.length, missing: [], extra: [] })),
    );
    expect(alone.gpu_metrics?.length).toBeGreaterThan(INSTANTS * 46);
    for (const table of ['anomalies', 'gpu_health_scores', 'gpu_features', 'fleet_quantiles', 'dead_letters']) {
      expect(alone[table]?.length, table).toBeGreaterThan(3);
    }
    expect(alone.alerts_told?.length).toBeGreaterThan(0);
  } finally {
    await reference.stop();
  }
}, 300_000);
