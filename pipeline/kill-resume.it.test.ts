import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createFleet, type Fleet } from '../bench/fleet/fleet.ts';
import { startTestServices, type TestServices } from '../deploy/services/services.fixture.ts';
import { random } from '../operators/core/laws.fixture.ts';
import { connectDatabase } from '../sinks/questdb/connect-database.ts';
import { connectBus } from './bus/connect-bus.ts';
import { listDeadLetters } from './bus/dead-letters.ts';
import { ensureStreams } from './bus/ensure-streams.ts';
import { managerOf } from './bus/stream-manager.ts';
import { type CliRun, endCliRuns, startCli, until } from './cli/cli.fixture.ts';
import { systemClock } from './clock.ts';
import { exporter } from './collect/collector.fixture.ts';
import { listen } from './collect/scraper.fixture.ts';
import type { Bus, OutgoingMessage } from './contract/bus.ts';
import { encodeScrape } from './contract/encode-scrape.ts';
import { rawSubject } from './contract/ids.ts';
import { metricIndex } from './contract/metrics.ts';
import { TABLES } from './contract/tables.ts';
import { hours, minutes, seconds } from './contract/time.ts';
import { decodeScrape } from './contract/wire.ts';
import type { TopologyReport } from './engine.ts';

/** Processes killed with -9 at moments that nobody chose, on the real nats-server and the real QuestDB. */
const INTERVAL = seconds(10);
const INSTANTS = 300;
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

/** Everything that the stream can hold: binary scrapes, exposition text, JSON rows, late ones, garbage, stories. */
function storedMessages(): OutgoingMessage[] {
  const start_ms = Math.floor(systemClock.now() / hours(1)) * hours(1) - hours(6);
  const at = (instant: number): number => start_ms + instant * INTERVAL;
  const fleet: Fleet = createFleet({
    gpus: 48,
    seed: 11,
    start_ms,
    interval_ms: INTERVAL,
    stories: [
      { story: 'power_cap', gpu: 5, at_ms: at(120), duration_ms: minutes(15) },
      { story: 'cold_plate_decay', gpu: 20, at_ms: at(90), duration_ms: minutes(20) },
      { story: 'util_garbage', gpu: 33, at_ms: at(30), duration_ms: minutes(30) },
      { story: 'fallen_off_bus', gpu: 41, at_ms: at(100), duration_ms: minutes(10) },
    ],
  });
  const messages: OutgoingMessage[] = [];
  const add = (node: string, ts: number, type: string, data: Uint8Array | string): void => {
    const id = `${node}:${start_ms}:${messages.length}`;
    const headers = { 'Content-Type': type, 'Event-Time': String(ts), 'Nats-Msg-Id': id };
    messages.push({ subject: rawSubject(node), data: Buffer.from(data), headers });
  };
  const [asText = ''] = fleet.node_names;
  for (let i = 0; i < INSTANTS; i++) {
    for (const node of fleet.node_names) {
      if (node === asText) {
        const page = fleet.exposition(node, at(i), { timestamps: false });
        if (page !== null) add(node, at(i), 'text/plain', page);
        continue;
      }
      const scrape = fleet.scrape(node, at(i));
      if (scrape !== null) add(node, at(i), 'application/vnd.gpu-vitals.scrape', encodeScrape(scrape));
    }
    const row = { node: 'by-hand', gpu_uuid: 'GPU-by-hand', power_watts: 300 + (i % 7) };
    if (i % 5 === 0) add('by-hand', at(i), 'application/json', JSON.stringify({ ts: at(i), ...row }));
    if (i % 50 === 49) {
      add('by-hand', at(i), 'application/json', JSON.stringify({ ts: at(i) - hours(1), ...row }));
      add('broken', at(i), 'application/vnd.gpu-vitals.scrape', `GPVS and then nothing, ${i}`);
      add('broken', at(i), 'application/json', JSON.stringify({ ts: at(i), node: 'broken', power_watts: i }));
    }
  }
  return messages;
}

type Databases = Pick<TestServices, 'questdb_http_url' | 'questdb_pg_url'>;

async function startEngine(data: string, questdb: Databases): Promise<CliRun> {
  const run = startCli([
    ...['engine', '--nats', services.nats_url, '--data', data],
    ...['--questdb', questdb.questdb_http_url, '--questdb-pg', questdb.questdb_pg_url],
    ...['--snapshot-interval', '150ms', '--flush-interval', '20ms'],
  ]);
  await run.until('it reads', () => /reads DCGM_RAW from \d+/.test(run.stderr()));
  return run;
}

const readsFrom = (run: CliRun): number => Number(/reads DCGM_RAW from (\d+)/.exec(run.stderr())?.[1]);

async function reported(run: CliRun, what: string, condition: (report: TopologyReport) => boolean): Promise<void> {
  let met = false;
  const subscription = bus.subscribe('vitals.topology.w0', ({ data }) => {
    met ||= condition(JSON.parse(Buffer.from(data).toString()) as TopologyReport);
  });
  await run.until(what, () => met);
  subscription.unsubscribe();
}

/** Lets an engine work off the stream, then ends it with SIGTERM. */
async function finish(run: CliRun): Promise<void> {
  const { last_position } = await bus.streamState('DCGM_RAW');
  await reported(run, `position ${last_position}`, ({ position }) => position >= last_position);
  run.kill('SIGTERM');
  expect(await run.exited).toMatchObject({ code: 0 });
}

/** Every row of every table as text, sorted; twice the same row is two lines. */
async function tables(questdb: Databases): Promise<Record<string, string[]>> {
  const database = connectDatabase({
    url: questdb.questdb_pg_url,
    pool_size: 1,
    statement_timeout: seconds(60),
    connect_timeout: seconds(5),
  });
  const out: Record<string, string[]> = {};
  for (const { name: table } of TABLES) {
    await database.query(`SELECT wait_wal_table('${table}')`);
    const rows = await database.query(`SELECT * FROM ${table}`);
    out[table] = rows.map((row) => JSON.stringify(row)).sort();
  }
  await database.close();
  const letters: string[] = [];
  for await (const { position: _, arrived_at: __, ...letter } of listDeadLetters(bus))
    letters.push(JSON.stringify(letter));
  out.dead_letters = letters.sort();
  return out;
}

describe('kill -9', () => {
  it('leaves the rows of an uninterrupted run: engine, nats-server and QuestDB killed again and again', async () => {
    const messages = storedMessages();
    const next = random(3);
    const publisher = bus.publisher();
    const data = await freshFolder();
    const starts: number[] = [];
    for (let slice = 0; slice < SLICES; slice++) {
      const engine = await startEngine(data, services);
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
      // Every other one lives until a snapshot was written: a second is not always enough for that.
      if (slice % 2 === 0) await reported(engine, 'a snapshot', ({ snapshots }) => snapshots > 0);
      await moment();
      engine.kill('SIGKILL');
      await Promise.all(stored);
    }
    await publisher.close();
    // It has begun where a snapshot stood, not over and over from the start, and never behind it.
    expect(starts).toEqual([...starts].sort((a, b) => a - b));
    expect(starts.at(-1)).toBeGreaterThan(messages.length / 4);
    await finish(await startEngine(data, services));
    const killed = await tables(services);

    const reference = await startTestServices({ questdb: true });
    try {
      await (await managerOf(bus)).streams.delete('DCGM_INVALID');
      await finish(await startEngine(await freshFolder(), reference));
      const whole = await tables(reference);
      const differences = Object.entries(whole).map(([table, rows]) => {
        const [missing, extra] = [new Set(rows), new Set(killed[table])];
        for (const row of killed[table] ?? []) missing.delete(row);
        for (const row of rows) extra.delete(row);
        return { table, rows: killed[table]?.length, missing: [...missing].slice(0, 3), extra: [...extra].slice(0, 3) };
      });
      expect(differences).toEqual(
        Object.entries(whole).map(([table, rows]) => ({ table, rows: rows.length, missing: [], extra: [] })),
      );
      expect(whole.gpu_metrics?.length).toBeGreaterThan(INSTANTS * 46);
      expect(whole.gpu_assets?.length).toBe(49);
      expect(whole.gpu_features?.length).toBeGreaterThan(40);
      expect(whole.gpu_health_scores?.length).toBeGreaterThan(40);
      expect(whole.anomalies?.length).toBeGreaterThan(3);
      expect(whole.dead_letters?.length).toBeGreaterThan(3 * 6);
    } finally {
      await reference.stop();
    }
  });

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
