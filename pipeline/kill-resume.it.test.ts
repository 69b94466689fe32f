import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { startTestServices, type TestServices } from '../deploy/services/services.fixture.ts';
import { random } from '../operators/core/laws.fixture.ts';
import { connectBus } from './bus/connect-bus.ts';
import { ensureStreams } from './bus/ensure-streams.ts';
import { managerOf } from './bus/stream-manager.ts';
import { type CliRun, endCliRuns, startCli, until } from './cli/cli.fixture.ts';
import { systemClock } from './clock.ts';
import { exporter } from './collect/collector.fixture.ts';
import { listen } from './collect/scraper.fixture.ts';
import type { Bus } from './contract/bus.ts';
import { metricIndex } from './contract/metrics.ts';
import { decodeScrape } from './contract/wire.ts';
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
} from './kill-resume.fixture.ts';
import { expectSameRows } from './same-rows.fixture.ts';

/** Processes killed with -9 at moments that nobody chose, on the real nats-server and the real QuestDB. */
const SLICES = 7;

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
  const path = await mkdtemp(join(tmpdir(), 'gpu-vitals-kill-'));
  folders.push(path);
  return path;
}

const startEngine = (data: string, questdb: Databases = services): Promise<CliRun> =>
  startEngineProcess({ data, nats_url: services.nats_url, questdb });

describe('kill -9', () => {
  it('leaves the rows of an uninterrupted run: engine, nats-server and QuestDB killed again and again', async () => {
    const messages = storedMessages();
    const next = random(3);
    const publisher = bus.publisher();
    const data = await freshFolder();
    const starts: number[] = [];
    for (let slice = 0; slice < SLICES; slice++) {
      const engine = await startEngine(data);
      starts.push(readsFrom(engine));
      const size = Math.ceil(messages.length / SLICES);
      const stored = messages.slice(slice * size, (slice + 1) * size).map((message) => publisher.publish(message));
      const moment = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, next() * 700));
      await moment();
      if (slice === 2 || slice === 5) {
        services.kill('nats', 'SIGKILL');
        await services.restart('nats');
      }
      if (slice === 3 || slice === 5) {
        services.kill('questdb', 'SIGKILL');
        await moment();
        await services.restart('questdb');
      }
      // Every other one lives until what came before it is in snapshots: a second is not always enough for that.
      if (slice % 2 === 0) await snapshotsFrom(bus, engine, slice * size);
      await moment();
      engine.kill('SIGKILL');
      await Promise.all(stored);
    }
    await publisher.close();
    // It has begun where a snapshot stood, not over and over from the start, and never behind it.
    expect(starts).toEqual([...starts].sort((a, b) => a - b));
    expect(starts.at(-1)).toBeGreaterThan(messages.length / 4);
    await finishEngine(bus, await startEngine(data));
    const killed = await allTables(bus, services);

    const reference = await startTestServices({ questdb: true });
    try {
      await forgetTold(bus);
      await finishEngine(bus, await startEngine(await freshFolder(), reference));
      const whole = await allTables(bus, reference);
      expectSameRows(whole, killed);
      expect(whole.gpu_metrics?.length).toBeGreaterThan(INSTANTS * 40);
      expect(whole.gpu_assets?.length).toBe(49);
      expect(whole.gpu_features?.length).toBeGreaterThan(40);
      expect(whole.gpu_health_scores?.length).toBeGreaterThan(40);
      expect(whole.dead_letters?.length).toBeGreaterThan(3 * 6);
    } finally {
      await reference.stop();
    }
  }, 240_000);

  it('loses no scrape of a collector that dies while NATS is away, and keeps their order', async () => {
    const jsm = await managerOf(bus);
    await jsm.streams.purge('DCGM_RAW');
    const nodes = ['a', 'b', 'c'].map((name) => ({ name, exporter: exporter(name) }));
    const servers = await Promise.all(nodes.map((node) => listen(node.exporter.listener)));
    const data = await freshFolder();
    const start = async (): Promise<CliRun> => {
      const run = startCli([
        ...['collect', '--nats', services.nats_url, '--data', data, '--interval', '100ms'],
        ...['--targets', servers.map(({ address }) => address).join(',')],
      ]);
      const before = served();
      await run.until('it scrapes', () => served() >= before + 30);
      return run;
    };
    const served = (): number => nodes.reduce((sum, node) => sum + node.exporter.served(), 0);

    const first = await start();
    services.kill('nats', 'SIGKILL');
    const away = served();
    await first.until('scrapes that NATS does not take', () => served() >= away + 60);
    first.kill('SIGKILL');
    await first.exited;
    await services.restart('nats');
    const second = await start();
    await until(
      'all is stored',
      async () => (await bus.streamState('DCGM_RAW')).messages >= served() - 2 * nodes.length,
    );
    second.kill('SIGTERM');
    expect(await second.exited).toMatchObject({ code: 0 });

    const { messages } = await bus.streamState('DCGM_RAW');
    const stored = new Map<string, number[]>();
    let read = 0;
    const { first_position } = await bus.streamState('DCGM_RAW');
    for await (const batch of bus.read({ stream: 'DCGM_RAW', from: first_position }, new AbortController().signal)) {
      for (const message of batch) {
        const { node, gpus } = decodeScrape(message.data);
        stored.set(node, [...(stored.get(node) ?? []), gpus[0]?.values[metricIndex('power_watts')] ?? 0]);
      }
      read += batch.length;
      if (read >= messages) break;
    }
    for (const { name, exporter: target } of nodes) {
      const counts = stored.get(name) ?? [];
      expect(counts).toEqual([...new Set(counts)].sort((a, b) => a - b));
      // The kill and the end may each break off one scrape that the exporter had served.
      expect(counts.length).toBeGreaterThanOrEqual(target.served() - 2);
    }
  });
});
