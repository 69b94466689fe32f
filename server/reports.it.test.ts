import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { startTestServices, type TestServices } from '../deploy/services/services.fixture.ts';
import { systemClock } from '../pipeline/clock.ts';
import type { Database } from '../pipeline/contract/database.ts';
import type { Anomaly, Asset, Episode } from '../pipeline/contract/events.ts';
import { ANOMALIES, GPU_ASSETS } from '../pipeline/contract/tables.ts';
import { milliseconds, seconds } from '../pipeline/contract/time.ts';
import { XID_EPISODES } from '../pipeline/contract/verdict-tables.ts';
import { anomalyOf } from '../sinks/live/fleet.fixture.ts';
import { connectDatabase } from '../sinks/questdb/connect-database.ts';
import { prepareDatabase } from '../sinks/questdb/prepare-database.ts';
import { tableSink } from '../sinks/questdb/table-sink.ts';
import { apiWorld, assetOf } from './api.fixture.ts';
import { rowOf } from './row-of.fixture.ts';

const HOUR = 3_600_000;
let services: TestServices;
let database: Database;

beforeAll(async () => {
  services = await startTestServices({ questdb: true });
  database = connectDatabase({
    url: services.questdb_pg_url,
    pool_size: 4,
    statement_timeout: seconds(20),
    connect_timeout: seconds(5),
  });
  await prepareDatabase(database);
});
afterAll(async () => {
  await database?.close();
  await services?.stop();
});

it('reports availability from what is stored', async () => {
  const today = new Date(systemClock.now());
  // The month before this one: older samples would be past their time.
  const [start, end] = [-1, 0].map((i) => Date.UTC(today.getUTCFullYear(), today.getUTCMonth() + i)) as [
    number,
    number,
  ];
  const [month, next] = [start, end].map((at) => new Date(at).toISOString().slice(0, 7));
  const whole = (end - start) / HOUR;
  const common = {
    url: services.questdb_http_url,
    age_max: milliseconds(20),
    answer_timeout: seconds(30),
    backoff_min: milliseconds(20),
    backoff_max: milliseconds(200),
    close_timeout: seconds(20),
    rows_max: 100,
    waiting_max: 1_000,
    onRefused: (rows: readonly unknown[]) => {
      throw new Error(JSON.stringify(rows[0]));
    },
    onEvent: () => undefined,
  };
  const assets = tableSink<Asset>(GPU_ASSETS, common);
  const anomalies = tableSink<Anomaly>(ANOMALIES, common);
  const episodes = tableSink<Episode>(XID_EPISODES, common);
  for (const gpu_uuid of ['GPU-r1', 'GPU-r2']) {
    assets.write(assetOf(gpu_uuid, { ts: start - 90 * 24 * HOUR, node: 'old', owner: 'lab', registered_at: start }));
  }
  const told = (type: string, gpu_uuid: string, id: string, from: number, to: number): void => {
    const [opened_at, closed_at] = [start + from * HOUR, start + to * HOUR];
    const times = { ts: opened_at, opened_at, closed_at };
    anomalies.write(anomalyOf({ ...times, type, gpu_uuid, id, severity: 'critical', node: 'old', state: 'closed' }));
  };
  told('gpu_lost', 'GPU-r1', 'before the month', -9, -1);
  told('gpu_lost', 'GPU-r1', 'within it', 10, 16);
  told('zscore', 'GPU-r1', 'of another kind', 50, 60);
  told('node_silent', '', 'of the node of both', 100, 102);
  const broken = rowOf(XID_EPISODES, {
    gpu_uuid: 'GPU-r2',
    node: 'old',
    id: 'e',
    ts: start + 200 * HOUR,
    severity: 'critical',
    action: 'reset_gpu',
    started_at: start + 200 * HOUR,
    ended_at: start + 201 * HOUR,
    reset_at: start + 204 * HOUR,
    cured: true,
    xids: [79],
    anomalies: [],
  });
  episodes.write(broken as unknown as Episode);
  for (const sink of [assets, anomalies, episodes]) await sink.close();
  for (const table of ['gpu_assets', 'anomalies', 'xid_episodes'])
    await database.query(`SELECT wait_wal_table('${table}')`);
  await database.query(
    `INSERT INTO gpu_metrics (ts, gpu_uuid, node, instance, gpu_temp_celsius) VALUES ${['GPU-r1', 'GPU-r2']
      .flatMap((uuid) => [0, 600].map((hour) => `(${(start + hour * HOUR) * 1_000}, '${uuid}', 'old', '', 40)`))
      .join(', ')}`,
  );
  await database.query("SELECT wait_wal_table('gpu_metrics')");
  // Each from the one before.
  for (const view of ['gpu_metrics_1m', 'gpu_metrics_5m', 'gpu_metrics_1h']) {
    await vi.waitFor(
      async () => {
        await database.query(`REFRESH MATERIALIZED VIEW ${view} INCREMENTAL`);
        const found = await database.query<{ n: number }>(`SELECT count() AS n FROM ${view} WHERE node = 'old'`);
        expect(found[0]?.n).toBe(4);
      },
      { timeout: 30_000, interval: 200 },
    );
  }
  const world = apiWorld({ database });
  world.clock.set(systemClock.now());
  const get = async (query: string) => (await world.json(`/api/v1/reports/availability?${query}`)).body;
  const body = await get(`month=${month}`);
  // 8 h down, and 6 h.
  expect(body).toMatchObject({
    month,
    by: 'gpu',
    sla: 0.995,
    from: new Date(start).toISOString(),
    to: new Date(end).toISOString(),
    total: 2,
    items: [
      {
        group: 'GPU-r1',
        in_service_hours: whole,
        down_hours: 8,
        failures: 2,
        repaired: 2,
        mttr_hours: 4,
        mtbf_hours: (whole - 8) / 2,
        met: false,
      },
      {
        group: 'GPU-r2',
        in_service_hours: whole,
        down_hours: 6,
        failures: 2,
        repaired: 2,
        mttr_hours: 3,
        mtbf_hours: (whole - 6) / 2,
      },
    ],
  });
  expect((await get(`month=${month}&by=owner&sla=0.98`)).items).toMatchObject([
    { group: 'lab', gpus: 2, availability: (2 * whole - 14) / (2 * whole), met: true, breaches: 0, failures: 4 },
  ]);
  const months = (await get(`month=${next}&by=month`)).items;
  expect(months).toMatchObject(expect.arrayContaining([expect.objectContaining({ month, group: month, gpus: 2 })]));
  const html = await world.get(`/api/v1/reports/availability.html?month=${month}&by=node`);
  expect(html.headers.get('Content-Type')).toContain('text/html');
  expect(await html.text()).toContain('GPU-r1');
  const csv = await world.get(`/api/v1/reports/availability?month=${month}`, { Accept: 'text/csv' });
  expect((await csv.text()).split('\r\n')[1]).toContain(`${month},GPU-r1,1,${whole},8,`);
});
