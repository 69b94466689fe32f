import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { WebSocket } from 'ws';
import { startTestServices, type TestServices } from '../deploy/services/services.fixture.ts';
import { loadPriceBook } from '../operators/decisions/price-book.ts';
import { connectBus } from '../pipeline/bus/connect-bus.ts';
import { ensureStreams } from '../pipeline/bus/ensure-streams.ts';
import { systemClock } from '../pipeline/clock.ts';
import type { Bus } from '../pipeline/contract/bus.ts';
import type { Anomaly, Asset } from '../pipeline/contract/events.ts';
import { ANOMALIES, GPU_ASSETS } from '../pipeline/contract/tables.ts';
import { milliseconds, seconds } from '../pipeline/contract/time.ts';
import { anomalyOf, batchOf, jsonBytes } from '../sinks/live/fleet.fixture.ts';
import { framesSink } from '../sinks/live/frames-sink.ts';
import { prepareDatabase } from '../sinks/questdb/prepare-database.ts';
import { tableSink } from '../sinks/questdb/table-sink.ts';
import { assetOf } from './api.fixture.ts';
import { NO_PREDICTOR } from './judges.fixture.ts';
import { NO_MODEL_DESK } from './models.fixture.ts';
import { readSideConnections } from './read-side-connections.ts';
import { startApi } from './start-api.ts';
import { startLive } from './start-live.ts';

/** Two read sides on one NATS and one QuestDB: it does not matter whom somebody asks. */

const NO_SCORER = { stored: async () => null, samples: async () => ({ score: null, refused: [] }) };
const NOW = systemClock.now();
const WAIT = { timeout: 20_000, interval: 50 };

interface Side {
  readonly api: string;
  readonly live: string;
  close(): Promise<void>;
}

let services: TestServices;
let bus: Bus;
const sides: Side[] = [];

async function startSide(name: string): Promise<Side> {
  const { nats_url, questdb_pg_url } = services;
  const connections = await readSideConnections({ nats_url, questdb_pg_url, name }, systemClock);
  const { database } = connections;
  const shared = { bus: connections.bus, database, clock: systemClock, host: '127.0.0.1', port: 0 };
  const live = await startLive(shared);
  const api = await startApi({
    ...shared,
    live_url: () => live.url,
    console_dir: null,
    scorer: NO_SCORER,
    predictor: NO_PREDICTOR,
    models: NO_MODEL_DESK,
    prices: loadPriceBook(null),
    interval_ms: 10_000,
    version: '0.0.0',
    onFailure: (error) => {
      throw error;
    },
  });
  await Promise.all([api.seeding, live.seeding]);
  return {
    api: api.url,
    live: live.url,
    async close() {
      await api.close();
      await live.close();
      await connections.close();
    },
  };
}

beforeAll(async () => {
  services = await startTestServices({});
  bus = await connectBus({ servers: services.nats_url, name: 'engine', clock: systemClock });
  await ensureStreams(bus);
  const { nats_url, questdb_pg_url } = services;
  const first = await readSideConnections({ nats_url, questdb_pg_url, name: 'first' }, systemClock);
  await prepareDatabase(first.database);
  const small = {
    url: services.questdb_http_url,
    age_max: milliseconds(50),
    answer_timeout: seconds(30),
    backoff_min: milliseconds(20),
    backoff_max: milliseconds(200),
    close_timeout: seconds(10),
    onRefused: () => {},
    onEvent: () => {},
    rows_max: 100,
    waiting_max: 1_000,
  };
  const anomalies = tableSink<Anomaly>(ANOMALIES, small);
  for (let i = 0; i < 5; i++) {
    const opened_at = NOW - 200_000 + i * 1_000;
    anomalies.write(anomalyOf({ gpu_uuid: `GPU-${i}`, id: `id-${i}`, ts: opened_at, opened_at }));
  }
  const assets = tableSink<Asset>(GPU_ASSETS, small);
  for (let i = 0; i < 3; i++) assets.write(assetOf(`GPU-${i}`));
  await anomalies.close();
  await assets.close();
  await vi.waitFor(async () => {
    const [found] = await first.database.query<{ n: number }>('SELECT count() AS n FROM anomalies');
    const [known] = await first.database.query<{ n: number }>('SELECT count() AS n FROM gpu_assets');
    expect([found?.n, known?.n]).toEqual([5, 3]);
  }, WAIT);
  await first.close();
  sides.push(...(await Promise.all(['one', 'two'].map(startSide))));
});
afterAll(async () => {
  await Promise.all(sides.map((side) => side.close()));
  await bus?.close();
  await services?.stop();
});

const ask = (path: string): Promise<{ total: number; items: { readonly gpu_uuid: string }[] }[]> =>
  Promise.all(sides.map(async ({ api }) => (await fetch(`${api}${path}`)).json() as never));

it('pushes the same changes to clients of both, and both answer the same lists', async () => {
  const told = sides.map(({ live }) => {
    const socket = new WebSocket(live, 'gpu-vitals.v1');
    const messages: { type: string; topic: string; data: unknown }[] = [];
    socket.on('message', (data) => messages.push(JSON.parse(data.toString())));
    socket.on('open', () => {
      for (const topic of ['gpu/GPU-0', 'anomalies']) socket.send(JSON.stringify({ op: 'subscribe', topic }));
    });
    return { socket, messages };
  });
  try {
    await vi.waitFor(() => {
      for (const { messages } of told) expect(messages.map(({ type }) => type)).toEqual(['snapshot', 'snapshot']);
    }, WAIT);
    const values = { power_watts: 412.5 };
    const rows = Array.from({ length: 5 }, (_, i) => ({ uuid: `GPU-${i}`, node: 'n1', ts: NOW, values }));
    framesSink(bus, { worker: 'w1' }).write(batchOf(rows));
    const closing = anomalyOf({ gpu_uuid: 'GPU-4', id: 'id-4', state: 'closed', closed_at: NOW });
    bus.publish({ subject: 'vitals.anomalies.n1.GPU-4', data: jsonBytes(closing) });
    const change = (of: (typeof told)[number], topic: string): unknown =>
      of.messages.find((one) => one.topic === topic && one.type === 'delta')?.data;
    await vi.waitFor(() => {
      for (const one of told) {
        expect(change(one, 'gpu/GPU-0')).toMatchObject({ sample: { power_watts: 412.5 } });
        expect(change(one, 'anomalies')).toMatchObject([{ id: 'id-4', state: 'closed' }]);
      }
    }, WAIT);
    const [one, two] = told as [(typeof told)[number], (typeof told)[number]];
    for (const topic of ['gpu/GPU-0', 'anomalies']) expect(change(one, topic)).toEqual(change(two, topic));
  } finally {
    for (const { socket } of told) socket.terminate();
  }

  for (const [path, total] of [
    ['/api/v1/gpus?sort=gpu_uuid', 5],
    ['/api/v1/anomalies?sort=ts', 5],
    ['/api/v1/assets?sort=gpu_uuid', 3],
  ] as const) {
    await vi.waitFor(async () => {
      const [one, two] = await ask(path);
      expect(one?.total, path).toBe(total);
      expect(one?.items.length, path).toBe(total);
      expect(two, path).toEqual(one);
    }, WAIT);
  }
});
