import { afterAll, beforeAll, expect, it } from 'vitest';
import { startTestServices, type TestServices } from '../deploy/services/services.fixture.ts';
import { connectDatabase } from '../sinks/questdb/connect-database.ts';
import { until } from './bus/bus.fixture.ts';
import { connectBus } from './bus/connect-bus.ts';
import { listDeadLetters } from './bus/dead-letters.ts';
import { systemClock } from './clock.ts';
import { loadConfig } from './config.ts';
import type { Bus } from './contract/bus.ts';
import type { Database } from './contract/database.ts';
import { encodeScrape } from './contract/encode-scrape.ts';
import type { VitalsError } from './contract/errors.ts';
import { METRIC_COUNT, METRICS } from './contract/metrics.ts';
import type { Scrape } from './contract/scrape.ts';
import { seconds } from './contract/time.ts';
import type { Engine } from './engine.ts';
import { startEngineRole } from './roles/engine-role.ts';

let services: TestServices;
let bus: Bus;
let database: Database;
let engine: Engine;
const told: VitalsError[] = [];

beforeAll(async () => {
  services = await startTestServices({});
  bus = await connectBus({ servers: services.nats_url, name: 'test', clock: systemClock });
  database = connectDatabase({
    url: services.questdb_pg_url,
    pool_size: 2,
    statement_timeout: seconds(20),
    connect_timeout: seconds(5),
  });
  const { values } = loadConfig({
    file: 'none.yaml',
    file_required: false,
    environment: {},
    flags: { data: services.data, 'stream-size-max': '64', 'flush-interval': '100ms' },
  });
  engine = await startEngineRole({
    config: values,
    bus,
    nats_url: services.nats_url,
    questdb_http: services.questdb_http_url,
    questdb_pg: services.questdb_pg_url,
    worker: 'w0',
    clock: systemClock,
    wall_time: true,
    assets: [],
    say: () => {},
    tell: (error) => told.push(error),
  });
});
afterAll(async () => {
  await engine?.stop();
  await database?.close();
  await bus?.close();
  await services?.stop();
});

const publish = async (subject: string, data: Uint8Array | string, headers?: Record<string, string>) => {
  const publisher = bus.publisher();
  const bytes = typeof data === 'string' ? Buffer.from(data) : data;
  const { position } = await publisher.publish({ subject, data: bytes, ...(headers ? { headers } : {}) });
  await publisher.close();
  return position;
};
const metric = (labels: string, value = '45') => `DCGM_FI_DEV_GPU_TEMP{${labels}} ${value}\n`;
const NOW = systemClock.now();
const EXTREMES = Float64Array.from(METRICS, ({ min, max }, m) => (m % 2 === 0 ? min : max));
const NASTY = 'a b,c=d"e\\f\ng\th=\'i\u{1f525}';

const scrape = (some: Partial<Scrape>, values = EXTREMES): Scrape => ({
  node: 'binary',
  ts: NOW,
  boot_epoch: NOW,
  sequence: 1,
  gpus: [
    {
      uuid: 'GPU-extremes',
      instance: '',
      model: '',
      pci_bus_id: '',
      serial: '',
      slot: '',
      ts: NOW,
      values,
      xids: [],
      attribution: [],
    },
  ],
  refusals: [],
  blanks: 0,
  unknown_metrics: 0,
  ...some,
});

it('nothing that anyone publishes stops the engine, and everything good arrives', async () => {
  const far = new Float64Array(METRIC_COUNT).fill(1e300);
  await publish('dcgm.raw.00.plain', metric('UUID="GPU-plain"'));
  await publish('dcgm.raw.anything.else.at.all', metric('UUID="GPU-dots"'));
  await publish('dcgm.raw.x', JSON.stringify({ gpu_uuid: 'GPU-short', gpu_temp_celsius: 45 }));
  await publish('dcgm.raw.07.lie', metric('UUID="GPU-lie"'), { 'Content-Type': 'application/json' });
  await publish('dcgm.raw.07.lie2', '[{"gpu_uuid":"GPU-lie2","gpu_temp_celsius":45}]', {
    'Content-Type': 'text/plain',
  });
  await publish('dcgm.raw.07.lie3', metric('UUID="GPU-lie3"'), { 'Event-Time': 'yesterday', 'content-type': 'x/y' });
  await publish('dcgm.raw.07.promise', metric('UUID="GPU-no"'), {
    'Content-Type': 'application/vnd.gpu-vitals.scrape',
  });
  await publish('dcgm.raw.07.deep', '['.repeat(200_000) + ']'.repeat(200_000));
  await publish(
    'dcgm.raw.07.noise',
    Uint8Array.from({ length: 5_000 }, (_, i) => (i * 7919) % 256),
  );
  await publish('dcgm.raw.07.empty', '');
  await publish('dcgm.raw.07.large', 'x'.repeat(1_040_000));
  await publish(
    'dcgm.raw.07.future',
    JSON.stringify({ ts: NOW + 3_600_000, gpu_uuid: 'GPU-future', gpu_temp_celsius: 1 }),
  );
  await publish(
    'dcgm.raw.07.nasty',
    JSON.stringify({ node: NASTY, gpu_uuid: NASTY, model: NASTY, gpu_temp_celsius: 45, job: NASTY }),
  );
  await publish(
    'dcgm.raw.07.long',
    JSON.stringify({ node: 'n'.repeat(9_000), gpu_uuid: 'g'.repeat(9_000), gpu_temp_celsius: 45 }),
  );
  await publish('dcgm.raw.07.blank', metric('UUID="GPU-blank"', '2147483632'));
  await publish('dcgm.raw.07.xid', JSON.stringify({ gpu_uuid: 'GPU-xid', xids: [79, 31] }));
  await publish('dcgm.raw.07.surrogate', '{"gpu_uuid":"GPU-\\ud800x","gpu_temp_celsius":45}');
  await publish('dcgm.raw.07.binary', encodeScrape(scrape({})));
  await publish('dcgm.raw.07.binary', encodeScrape(scrape({ ts: NOW + 1 }, far)));

  await publish('dcgm.raw.07.slow', JSON.stringify({ ts: NOW - 0.5, gpu_uuid: 'GPU-fraction', gpu_temp_celsius: 45 }));
  const whole_s = Math.floor(NOW / 1_000);
  await publish('dcgm.raw.07.seconds', metric('UUID="GPU-seconds"'), { 'Event-Time': String(whole_s) });
  const last = await publish('dcgm.raw.07.last', metric('UUID="GPU-last"'));
  await until(() => engine.counters().position >= last);
  const rows = async (): Promise<string[]> => {
    await database.query("SELECT wait_wal_table('gpu_metrics')");
    const found = await database.query<{ gpu_uuid: string }>('SELECT DISTINCT gpu_uuid FROM gpu_metrics');
    return found.map((row) => row.gpu_uuid).sort();
  };
  await until(async () => (await rows()).includes('GPU-last'));
  expect(await rows()).toEqual(
    [
      ...['GPU-plain', 'GPU-dots', 'GPU-short', 'GPU-lie', 'GPU-lie2', 'GPU-lie3', 'GPU-last'],
      ...[
        'GPU-blank',
        'GPU-xid',
        'GPU-extremes',
        'GPU-fraction',
        'GPU-seconds',
        'GPU-\ufffdx',
        NASTY,
        'g'.repeat(9_000),
      ],
    ].sort(),
  );
  const [seconds_row] = await database.query<{ ts: string }>(
    "SELECT ts::long / 1000 AS ts FROM gpu_metrics WHERE gpu_uuid = 'GPU-seconds'",
  );
  expect(Number(seconds_row?.ts)).toBe(whole_s * 1_000);
  const letters: Record<string, number> = {};
  await until(async () => {
    for (const key of Object.keys(letters)) delete letters[key];
    for await (const { reason } of listDeadLetters(bus)) letters[reason] = (letters[reason] ?? 0) + 1;
    return Object.values(letters).reduce((sum, n) => sum + n, 0) >= 6 + METRIC_COUNT;
  });
  expect(letters).toMatchObject({ damaged_message: 1, unreadable_scrape: 4, future: 1, out_of_range: METRIC_COUNT });
  expect(told.map((error) => error.line())).toEqual([]);
});
