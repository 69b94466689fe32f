import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { type TcpProxy, tcpProxy } from '../../bench/chaos/tcp-proxy.ts';
import { startTestServices, type TestServices } from '../../deploy/services/services.fixture.ts';
import { connectBus } from '../bus/connect-bus.ts';
import { endCliRuns } from '../cli/cli.fixture.ts';
import { systemClock } from '../clock.ts';
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
import { startWorkerProcess, workerReports } from './worker-process.fixture.ts';

/** Of two workers one loses its way to the database, and nothing else. */

let services: TestServices;
let bus: Bus;
let data = '';
let ways: TcpProxy[] = [];

beforeAll(async () => {
  data = await mkdtemp(join(tmpdir(), 'gpu-vitals-lost-database-'));
  services = await startTestServices({ nats: true, questdb: true });
  bus = await connectBus({ servers: services.nats_url, name: 'test', clock: systemClock });
});
afterEach(endCliRuns);
afterAll(async () => {
  await bus?.close();
  for (const way of ways) await way.close();
  await services?.stop();
  if (data !== '') await rm(data, { recursive: true, force: true, maxRetries: 5 });
});

it('others take over what a worker has that alone does not reach the database, until it does', async () => {
  const { nats_url } = services;
  const [http, pg] = await Promise.all(
    [services.questdb_http_url, services.questdb_pg_url].map(async (url) => {
      const to = new URL(url);
      const { port } = to;
      const way = await tcpProxy(() => Number(port));
      ways = [...ways, way];
      to.port = String(way.port);
      return to.href.replace(/\/$/, '');
    }),
  );
  const messages = storedMessages();
  const publisher = bus.publisher();
  const publish = async (third: number): Promise<void> => {
    const size = Math.ceil(messages.length / 3);
    await Promise.all(messages.slice(third * size, (third + 1) * size).map((one) => publisher.publish(one)));
  };
  const a = startWorkerProcess({ name: 'a', data, nats_url, questdb: services });
  const questdb = { questdb_http_url: http as string, questdb_pg_url: pg as string };
  const b = startWorkerProcess({ name: 'b', data, nats_url, questdb });
  const reports = workerReports(bus);
  await reports.settled([a, b], 90_000);
  await publish(0);
  await reports.caughtUp();

  for (const way of ways) way.stall();
  await publish(1);
  await reports.settled([a], 90_000);
  await reports.caughtUp();
  expect(b.stderr()).toMatch(/GV-CLU-004/);
  expect(b.stderr()).not.toMatch(/GV-CLU-001/);

  for (const way of ways) way.mend();
  await reports.settled([a, b], 90_000);
  await publish(2);
  await reports.caughtUp();
  await publisher.close();
  await deskCaughtUp(bus);
  for (const worker of [a, b]) {
    worker.kill('SIGTERM');
    expect(await worker.exited).toMatchObject({ code: 0 });
  }
  reports.stop();
  const shared = await allTables(bus, services);

  const reference = await startTestServices({ questdb: true });
  try {
    await forgetTold(bus);
    await finishEngine(bus, await startEngineProcess({ data: join(data, 'alone'), nats_url, questdb: reference }));
    expectSameRows(await allTables(bus, reference), shared);
  } finally {
    await reference.stop();
  }
}, 300_000);
