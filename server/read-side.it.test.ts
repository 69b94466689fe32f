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
import { anomalyOf, batchOf, type FixtureRow, jsonBytes } from '../sinks/live/fleet.fixture.ts';
import { framesSink } from '../sinks/live/frames-sink.ts';
import { gpuMetricsSink } from '../sinks/questdb/gpu-metrics-sink.ts';
import { prepareDatabase } from '../sinks/questdb/prepare-database.ts';
import { listAnomalies } from '../sinks/questdb/read-anomalies.ts';
import { tableSink } from '../sinks/questdb/table-sink.ts';
import { assetOf } from './api.fixture.ts';
import { NO_PREDICTOR } from './judges.fixture.ts';
import { NO_MODEL_DESK } from './models.fixture.ts';
import { readSideConnections } from './read-side-connections.ts';
import { type RunningApi, startApi } from './start-api.ts';
import { type RunningLive, startLive } from './start-live.ts';
import { anomalyJson } from './view-json.ts';

/** Scores on demand are made elsewhere. */
const NO_SCORER = { stored: async () => null, samples: async () => ({ score: null, refused: [] }) };

const MINUTE = 60_000;
const END = Math.floor(systemClock.now() / MINUTE) * MINUTE;
const ROWS: FixtureRow[] = [];
for (let i = 0; i < 30; i++) {
  const ts = END - (30 - i) * 10_000;
  ROWS.push({ uuid: 'GPU-a', node: 'n1', ts, values: { gpu_temp_celsius: 50 + i, power_watts: 300, xid_last: 0 } });
  for (const instance of ['1', '2']) {
    ROWS.push({ uuid: 'GPU-m', instance, node: 'n2', ts, values: { gr_engine_active_ratio: i / 100 } });
  }
}

let services: TestServices;
let connections: Awaited<ReturnType<typeof readSideConnections>>;
let bus: Bus;
let api: RunningApi;
let live: RunningLive;

const get = async (
  path: string,
): Promise<{ status: number; body: Record<string, unknown> & { items: Record<string, unknown>[] } }> => {
  const response = await fetch(`${api.url}${path}`);
  return { status: response.status, body: (await response.json()) as never };
};

beforeAll(async () => {
  services = await startTestServices({});
  const { nats_url, questdb_pg_url } = services;
  connections = await readSideConnections({ nats_url, questdb_pg_url, name: 'read side' }, systemClock);
  bus = await connectBus({ servers: nats_url, name: 'engine', clock: systemClock });
  const { database } = connections;
  await prepareDatabase(database);
  await ensureStreams(bus);
  const delivery = {
    url: services.questdb_http_url,
    age_max: milliseconds(50),
    answer_timeout: seconds(30),
    backoff_min: milliseconds(20),
    backoff_max: milliseconds(200),
    close_timeout: seconds(10),
    onRefused: () => {},
    onEvent: () => {},
  };
  const small = { ...delivery, rows_max: 100, waiting_max: 1_000 };
  const samples = gpuMetricsSink({ ...delivery, rows_max: 5_000, bytes_max: 8 << 20, chunks_max: 4 });
  const assets = tableSink<Asset>(GPU_ASSETS, small);
  const anomalies = tableSink<Anomaly>(ANOMALIES, small);
  samples.write(batchOf(ROWS));
  assets.write(assetOf('GPU-a', { note: 'from the shelf' }));
  assets.write(assetOf('GPU-shelf', { status: 'retired', retired_at: END }));
  for (let i = 0; i < 5; i++) {
    const opened_at = END - 200_000 + i * 1_000;
    const closed = i < 3 ? ({ state: 'closed', closed_at: END } as const) : {};
    anomalies.write(anomalyOf({ gpu_uuid: 'GPU-a', id: `id-${i}`, ts: opened_at, opened_at, ...closed }));
  }
  for (const sink of [samples, assets, anomalies]) {
    await sink.flush();
    await sink.close();
  }
  await vi.waitFor(
    async () => {
      const counted = await database.query<{ n: number }>('SELECT count() AS n FROM gpu_metrics');
      const found = await database.query<{ n: number }>('SELECT count() AS n FROM anomalies');
      const inventory = await database.query<{ n: number }>('SELECT count() AS n FROM gpu_assets');
      expect([counted[0]?.n, found[0]?.n, inventory[0]?.n]).toEqual([ROWS.length, 5, 2]);
    },
    { timeout: 30_000, interval: 100 },
  );
  const shared = { bus: connections.bus, database, clock: systemClock, host: '127.0.0.1', port: 0 };
  live = await startLive(shared);
  api = await startApi({
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
});
afterAll(async () => {
  await api?.close();
  await live?.close();
  await bus?.close();
  await connections?.close();
  await services?.stop();
});

it('knows from the database what was before it started', async () => {
  expect(await get('/api/v1/gpus')).toMatchObject({
    status: 200,
    body: {
      total: 3,
      items: [
        { gpu_uuid: 'GPU-a', node: 'n1', model: 'NVIDIA H100 80GB HBM3', gpu_temp_celsius: 79, open_warning: 2 },
        { gpu_uuid: 'GPU-m', instance: '1' },
        { gpu_uuid: 'GPU-m', instance: '2' },
      ],
    },
  });
  expect((await get('/api/v1/gpus/GPU-a')).body).toMatchObject({
    asset: { note: 'from the shelf', warranty_until: null, deployed_at: '2025-12-31T00:00:00.000Z' },
    sample: { gpu_temp_celsius: 79, power_watts: 300 },
    anomalies: [{ id: 'id-4' }, { id: 'id-3' }],
    unavailable: [],
  });
  expect((await get('/api/v1/gpus/GPU-shelf')).body).toMatchObject({ sample: null, asset: { status: 'retired' } });
});

it('pages history raw and rolled up, forwards and backwards, boards and instances', async () => {
  const span = `from=${END - 600_000}&to=${END}`;
  const seen: unknown[] = [];
  let next: unknown = '';
  while (next !== null) {
    const { body } = await get(
      `/api/v1/gpus/GPU-a/metrics?${span}&metrics=gpu_temp_celsius&limit=7&cursor=${next}`.replace(/&cursor=$/, ''),
    );
    expect(body).toMatchObject({ total: 30, resolution: 'raw' });
    seen.push(...body.items.map((row) => row.gpu_temp_celsius));
    next = body.next;
  }
  expect(seen).toEqual(Array.from({ length: 30 }, (_, i) => 50 + i));
  const newest = await get(`/api/v1/gpus/GPU-a/metrics?${span}&sort=-ts&limit=1`);
  expect(newest.body.items[0]).toMatchObject({
    ts: new Date(END - 10_000).toISOString(),
    gpu_temp_celsius: 79,
    instance: '',
  });

  const both: unknown[] = [];
  next = '';
  while (next !== null) {
    const { body } = await get(
      `/api/v1/gpus/GPU-m/metrics?${span}&metrics=gr_engine_active_ratio&limit=7&sort=-ts&cursor=${next}`.replace(
        /&cursor=$/,
        '',
      ),
    );
    expect(body.total).toBe(60);
    both.push(...body.items.map((row) => `${row.ts}/${row.instance}`));
    next = body.next;
  }
  expect(new Set(both).size).toBe(60);
  const one = await get(`/api/v1/gpus/GPU-m/metrics?${span}&instance=2&limit=1000`);
  expect(one.body.total).toBe(30);
  const board = await get(`/api/v1/gpus/GPU-a/metrics?${span}&instance=&limit=1000`);
  expect(board.body.total).toBe(30);
  await vi.waitFor(
    async () => {
      const { body } = await get(`/api/v1/gpus/GPU-a/metrics?${span}&resolution=1m&metrics=gpu_temp_celsius,xid_last`);
      expect(body.resolution).toBe('1m');
      expect(body.items[0]).toMatchObject({
        gpu_temp_celsius_min: 50,
        gpu_temp_celsius_max: 55,
        gpu_temp_celsius_avg: 52.5,
      });
    },
    { timeout: 60_000, interval: 500 },
  );
});

it.each(['', '&sort=ts', '&node=n1', '&type=none'])(
  'lists open anomalies from memory as the table has them%s',
  async (query) => {
    await api.seeding;
    const asked = new URLSearchParams(query);
    const filter = {
      state: 'open',
      node: asked.get('node') ?? undefined,
      type: asked.get('type') ?? undefined,
    } as const;
    const page = { limit: 1_000, oldest_first: asked.get('sort') === 'ts' };
    const { items, total } = await listAnomalies(connections.database, filter, page);
    const { body } = await get(`/api/v1/anomalies?state=open&limit=1000${query}`);
    expect(body.total).toBe(total);
    expect((body.items as unknown as Anomaly[]).map(({ id }) => id)).toEqual(items.map(({ id }) => id));
    expect(JSON.stringify(body.items)).toBe(`[${items.map(anomalyJson).join(',')}]`);
  },
);

it('lists anomalies and assets by field and page', async () => {
  const first = await get('/api/v1/anomalies?limit=2&state=closed');
  expect(first.body).toMatchObject({
    total: 3,
    items: [{ id: 'id-2', closed_at: new Date(END).toISOString() }, { id: 'id-1' }],
  });
  const second = await get(`/api/v1/anomalies?limit=2&state=closed&cursor=${first.body.next}`);
  expect(second.body).toMatchObject({ items: [{ id: 'id-0' }], next: null });
  const oldest = await get('/api/v1/anomalies?limit=2&state=closed&sort=ts');
  expect(oldest.body).toMatchObject({ total: 3, items: [{ id: 'id-0' }, { id: 'id-1' }] });
  expect((await get(`/api/v1/anomalies?limit=2&state=closed&sort=ts&cursor=${oldest.body.next}`)).body).toMatchObject({
    items: [{ id: 'id-2' }],
    next: null,
  });
  expect((await get('/api/v1/anomalies?id=id-3')).body.total).toBe(1);
  const closing = await get('/api/v1/anomalies?sort=closed_at&limit=4');
  expect(closing.body.items.map(({ id }) => id)).toEqual(['id-2', 'id-1', 'id-0', 'id-4']);
  const rest = await get(`/api/v1/anomalies?sort=closed_at&limit=4&cursor=${closing.body.next}`);
  expect(rest.body).toMatchObject({ total: 5, items: [{ id: 'id-3' }], next: null });
  expect((await get(`/api/v1/gpus/GPU-a/anomalies?from=${END - 198_000}`)).body.total).toBe(3);
  expect((await get('/api/v1/assets?status=retired')).body).toMatchObject({
    total: 1,
    items: [{ gpu_uuid: 'GPU-shelf' }],
  });
  expect((await get('/api/v1/assets/GPU-a')).body).toMatchObject({ rack: 'r1' });
  const csv = await fetch(`${api.url}/api/v1/anomalies`, { headers: { Accept: 'text/csv' } });
  expect((await csv.text()).split('\r\n').length).toBe(7);
});

it('pushes what the engine publishes over real NATS, and REST knows it too', async () => {
  const socket = new WebSocket(live.url, 'gpu-vitals.v1');
  const messages: { type: string; topic: string; data: unknown }[] = [];
  socket.on('message', (data) => messages.push(JSON.parse(data.toString())));
  await new Promise((resolve) => socket.once('open', resolve));
  try {
    for (const topic of ['gpu/GPU-a', 'anomalies']) socket.send(JSON.stringify({ op: 'subscribe', topic }));
    await vi.waitFor(() => expect(messages.map(({ type }) => type)).toEqual(['snapshot', 'snapshot']));
    const sink = framesSink(bus, { worker: 'w1' });
    sink.write(batchOf([{ uuid: 'GPU-a', node: 'n1', ts: END + 5_000, job: 'train', values: { power_watts: 412.5 } }]));
    const closing = anomalyOf({ gpu_uuid: 'GPU-a', id: 'id-4', state: 'closed', closed_at: END });
    bus.publish({ subject: 'vitals.anomalies.n1.GPU-a', data: jsonBytes(closing) });
    bus.publish({ subject: 'vitals.topology.w1', data: jsonBytes({ steps: [{ id: 'decode' }], edges: [] }) });
    await vi.waitFor(() => {
      expect(messages.findLast(({ topic, type }) => topic === 'gpu/GPU-a' && type === 'delta')).toMatchObject({
        data: { sample: { power_watts: 412.5, attribution: [{ job: 'train' }] } },
      });
      expect(messages.find(({ topic, type }) => topic === 'anomalies' && type === 'delta')).toMatchObject({
        data: [{ id: 'id-4', state: 'closed' }],
      });
    });
    await vi.waitFor(async () => {
      expect((await get('/api/v1/gpus?node=n1')).body.items[0]).toMatchObject({ power_watts: 412.5, open_warning: 1 });
    });
    expect(await get('/readyz')).toMatchObject({ status: 200, body: { ready: true } });
    expect((await get('/api/v1/console-config')).body.live).toBe(live.url);
    await vi.waitFor(async () => {
      const text = await (await fetch(`${api.url}/metrics`)).text();
      expect(text).toContain('gpu_vitals_live_sockets{source="live"} 1');
    }, 5_000);
  } finally {
    socket.terminate();
  }
});

it('goes on while QuestDB is down and is whole again after', async () => {
  services.kill('questdb', 'SIGKILL');
  await vi.waitFor(async () => {
    expect(await get('/readyz')).toMatchObject({ status: 503 });
    expect(await get('/api/v1/anomalies')).toMatchObject({ status: 503, body: { code: 'GV-API-003' } });
    expect(await get('/api/v1/anomalies?state=open')).toMatchObject({ status: 200, body: { total: 1 } });
  }, 30_000);
  expect((await get('/api/v1/gpus')).status).toBe(200);
  // What was asked for a while ago is still in memory, and so are those that were read along with it.
  const { body } = await get('/api/v1/gpus/GPU-a');
  expect(body).toMatchObject({ sample: { power_watts: 412.5 } });
  expect(body.unavailable).not.toContain('health');
  const { body: split } = await get('/api/v1/gpus/GPU-m');
  expect(split).toMatchObject({ instances: [{ instance: '1' }, { instance: '2' }] });
  // That it has no row in the inventory is soon asked again.
  expect([[], ['asset']]).toContainEqual(split.unavailable);
  await services.restart('questdb');
  await vi.waitFor(async () => expect((await get('/api/v1/anomalies')).status).toBe(200), 30_000);
});

it('refuses a taken address with GV-SVC-006', async () => {
  const { port } = new URL(api.url);
  const { database } = connections;
  const again = startApi({
    bus,
    database,
    clock: systemClock,
    host: '127.0.0.1',
    port: Number(port),
    live_url: () => null,
    console_dir: null,
    scorer: NO_SCORER,
    predictor: NO_PREDICTOR,
    models: NO_MODEL_DESK,
    prices: loadPriceBook(null),
    interval_ms: 10_000,
    version: '0.0.0',
    onFailure: () => {},
  });
  await expect(again).rejects.toMatchObject({ code: 'GV-SVC-006' });
});
