import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { createFleet } from '../bench/fleet/fleet.ts';
import { type ServedFleet, serveFleet } from '../bench/fleet/serve-fleet.ts';
import { startTestServices, type TestServices } from '../deploy/services/services.fixture.ts';
import { loadPriceBook } from '../operators/decisions/price-book.ts';
import { connectBus } from '../pipeline/bus/connect-bus.ts';
import { systemClock } from '../pipeline/clock.ts';
import { loadConfig } from '../pipeline/config.ts';
import type { Bus } from '../pipeline/contract/bus.ts';
import { rawSubject } from '../pipeline/contract/ids.ts';
import { examine } from '../pipeline/doctor/examine.ts';
import { effectiveConfig } from '../pipeline/effective-config.ts';
import type { Engine } from '../pipeline/engine.ts';
import { importAssets } from '../pipeline/inventory.ts';
import { startEngineRole } from '../pipeline/roles/engine-role.ts';
import { NO_PREDICTOR } from './judges.fixture.ts';
import { NO_MODEL_DESK } from './models.fixture.ts';
import { readSideConnections } from './read-side-connections.ts';
import { type RunningApi, startApi } from './start-api.ts';

let services: TestServices;
let bus: Bus;
let connections: Awaited<ReturnType<typeof readSideConnections>>;
let engine: Engine;
let api: RunningApi;
let fleet: ServedFleet;
let served = false;

interface Answer {
  readonly status: number;
  readonly etag: string;
  readonly body: Record<string, unknown> & {
    readonly items: Record<string, unknown>[];
    readonly groups: Record<string, unknown>[];
  };
}
async function call(
  method: string,
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<Answer> {
  const response = await fetch(`${api.url}/api/v1/${path}`, {
    method,
    headers: { ...(body === undefined ? {} : { 'Content-Type': 'application/json' }), ...headers },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  return { status: response.status, etag: response.headers.get('ETag') ?? '', body: (await response.json()) as never };
}

async function scraped(text: string, node = 'n1'): Promise<void> {
  const publisher = bus.publisher();
  await publisher.publish({
    subject: rawSubject(node),
    data: Buffer.from(text),
    headers: { 'Content-Type': 'text/plain', 'Event-Time': String(systemClock.now()) },
  });
  await publisher.close();
}
const page = (uuid: string, celsius: number | string): string =>
  `DCGM_FI_DEV_GPU_TEMP{gpu="0",UUID="${uuid}",Hostname="n1",modelName="NVIDIA H100"} ${celsius}\n`;
const stored = async (uuid: string): Promise<Record<string, unknown> | undefined> =>
  (
    await connections.database.query(
      'SELECT * FROM gpu_assets WHERE gpu_uuid = $1 LATEST ON ts PARTITION BY gpu_uuid',
      [uuid],
    )
  )[0];

beforeAll(async () => {
  services = await startTestServices({});
  const { nats_url, questdb_pg_url } = services;
  bus = await connectBus({ servers: nats_url, name: 'test', clock: systemClock });
  connections = await readSideConnections({ nats_url, questdb_pg_url, name: 'api' }, systemClock);
  const loaded = loadConfig({
    file: 'none.yaml',
    file_required: false,
    environment: {},
    flags: {
      data: services.data,
      nats: nats_url,
      'questdb-pg': questdb_pg_url,
      'stream-size-max': '64',
      'flush-interval': '100ms',
    },
  });
  engine = await startEngineRole({
    config: loaded.values,
    bus,
    nats_url,
    questdb_http: services.questdb_http_url,
    questdb_pg: questdb_pg_url,
    worker: 'w0',
    clock: systemClock,
    wall_time: true,
    assets: [],
    say: () => {},
    tell: () => {},
  });
  const story_fleet = createFleet({
    gpus: 8,
    seed: 1,
    start_ms: systemClock.now(),
    interval_ms: 10_000,
    stories: 'none',
  });
  fleet = await serveFleet(story_fleet, {
    port: 0,
    clock: systemClock,
    speed: 1,
    interval_ms: 10_000,
    host: '127.0.0.1',
  });
  api = await startApi({
    bus: connections.bus,
    database: connections.database,
    clock: systemClock,
    host: '127.0.0.1',
    port: 0,
    live_url: () => null,
    console_dir: null,
    interval_ms: 10_000,
    version: '0.0.0',
    simulated: true,
    fleet_url: () => (served ? fleet.url : null),
    examine: () => examine({ config: loaded.values, clock: systemClock, env: process.env }),
    config: effectiveConfig(loaded),
    scorer: { stored: async () => null, samples: async () => ({ score: null, refused: [] }) },
    predictor: NO_PREDICTOR,
    models: NO_MODEL_DESK,
    prices: loadPriceBook(null),
    onFailure: (error, where) => console.error(where, error),
  });
  await api.seeding;
});
afterAll(async () => {
  await api?.close();
  await fleet?.close();
  await engine?.stop();
  await connections?.close();
  await bus?.close();
  await services?.stop();
});

it('shows an asset as soon as it is written, and the engine takes it up for the next rows', async () => {
  const made = await call('POST', 'assets', { gpu_uuid: 'GPU-spare', owner: 'ml', rack: 'r9', status: 'maintenance' });
  expect(made).toMatchObject({ status: 201, body: { owner: 'ml', status: 'maintenance' } });
  expect((await call('GET', 'assets/GPU-spare')).body).toEqual(made.body);
  expect((await call('GET', 'assets?rack=r9')).body).toMatchObject({ total: 1, items: [made.body] });

  await scraped(page('GPU-one', 41));
  await vi.waitFor(
    async () => expect(await stored('GPU-one')).toMatchObject({ model: 'NVIDIA H100', owner: '' }),
    30_000,
  );
  // What nobody told of but was seen is known.
  expect((await call('POST', 'assets', { gpu_uuid: 'GPU-one' })).status).toBe(409);
  const seen = await call('GET', 'assets/GPU-one');
  const changed = await call('PATCH', 'assets/GPU-one', { owner: 'core' }, { 'If-Match': seen.etag });
  expect(changed).toMatchObject({ status: 200, body: { owner: 'core', model: 'NVIDIA H100', ts: seen.body.ts } });
  expect((await call('PATCH', 'assets/GPU-one', { owner: 'x' }, { 'If-Match': seen.etag })).status).toBe(412);

  await vi.waitFor(
    async () => {
      await scraped(page('GPU-one', 42));
      expect(await stored('GPU-one')).toMatchObject({ owner: 'core', model: 'NVIDIA H100' });
      // Also of one that never reports.
      expect(await stored('GPU-spare')).toMatchObject({ owner: 'ml', status: 'maintenance' });
    },
    { timeout: 30_000, interval: 500 },
  );
  expect(await connections.database.query("SELECT count() AS n FROM gpu_assets WHERE gpu_uuid = 'GPU-one'")).toEqual([
    { n: 1 },
  ]);
});

it('follows other writers, and refuses to build on what they have replaced', async () => {
  const parts = { bus, database: connections.database };
  await importAssets(parts, [{ gpu_uuid: 'GPU-cli', owner: 'ops' }], systemClock.now());
  await vi.waitFor(async () => expect((await call('GET', 'assets/GPU-cli')).body.owner).toBe('ops'));
  const race = await Promise.all(['a', 'b', 'c', 'd'].map((rack) => call('PATCH', 'assets/GPU-cli', { rack })));
  const won = race.filter(({ status }) => status === 200);
  expect(won.length).toBeGreaterThanOrEqual(1);
  for (const { status, body } of race) if (status !== 200) expect([status, body.code]).toEqual([409, 'GV-API-006']);
  const csv = await call('POST', 'assets?partial=true', 'gpu_uuid,tenant\nGPU-cli,t1\nGPU-csv,t2\n,t3\n', {
    'Content-Type': 'text/csv',
  });
  expect(csv).toMatchObject({
    status: 201,
    body: { added: 1, changed: 1, problems: [{ line: 4, field: 'gpu_uuid', detail: 'is missing' }] },
  });
  expect((await call('POST', 'assets/GPU-csv/retire')).body).toMatchObject({ status: 'retired', tenant: 't2' });
});

it('sums up the fleet by owner as told', async () => {
  await vi.waitFor(async () => {
    const { body } = await call('GET', 'fleet/summary?group_by=owner');
    expect(body.groups.map(({ group, gpus }) => [group, gpus])).toEqual([['core', 1]]);
  }, 10_000);
});

it('lists what was refused, shows it and sends it again', async () => {
  await scraped(page('GPU-one', 99_999));
  await vi.waitFor(async () => {
    expect((await call('GET', 'dead-letters')).body).toMatchObject({
      total: 1,
      by_reason: { out_of_range: 1 },
      items: [{ node: 'n1', reason: 'out_of_range', code: 'GV-VAL-001', retried_at: null }],
    });
  }, 20_000);
  const { items } = (await call('GET', 'dead-letters?code=GV-VAL-001')).body;
  expect((await call('GET', `dead-letters/${items[0]?.position}`)).body.original).toContain('99999');
  expect((await call('GET', 'dead-letters?reason=late')).body.total).toBe(0);
  expect((await call('GET', 'dead-letters/999')).status).toBe(404);
  expect((await call('POST', 'dead-letters/retry', {})).status).toBe(400);
  expect((await call('POST', 'dead-letters/retry', { reason: 'out_of_range' })).body).toEqual({
    retried: 1,
    skipped: 0,
    more: false,
  });
});

it('lets stories happen to a simulated fleet', async () => {
  expect(await call('GET', 'inject/stories')).toMatchObject({ status: 503 });
  served = true;
  const { items } = (await call('GET', 'inject/stories')).body;
  expect(items.length).toBeGreaterThan(10);
  const sd = (await (await fetch(fleet.sd_url)).json()) as { labels: { __metrics_path__: string } }[];
  const text = await (await fetch(`${fleet.url}${sd[0]?.labels.__metrics_path__}`)).text();
  const gpu_uuid = /UUID="([^"]+)"/.exec(text)?.[1] as string;
  const story = items[0]?.name as string;
  const told = await call('POST', 'inject', { story, gpu_uuid });
  expect(told).toMatchObject({ status: 200, body: { story, gpu_uuid } });
  expect(Date.parse(told.body.until as string)).toBeGreaterThan(Date.parse(told.body.since as string));
  expect((await call('POST', 'inject', { story: 'no such story', gpu_uuid })).status).toBe(400);
});

it('tells how it is set up and how it is', async () => {
  const { body } = await call('GET', 'config?option=questdb-pg');
  expect(body).toMatchObject({ total: 1, items: [{ origin: '--questdb-pg', section: 'Services' }] });
  expect(JSON.stringify(body)).toContain(':***@');
  const doctor = await call('GET', 'doctor');
  expect(doctor.status).toBe(200);
  expect(doctor.body.items.map(({ part }) => part)).toEqual(expect.arrayContaining(['nats', 'questdb', 'engine']));
});

it('reports what people have changed', async () => {
  const { body } = await call('GET', 'reports/compliance?kind=asset&subject=GPU-csv');
  expect(body.items.map(({ what }) => what)).toEqual(['retired', 'recorded']);
  expect(body.items[0]?.detail).toContain('status: "active" -> "retired"');
});
