import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { startTestServices, type TestServices } from '../../deploy/services/services.fixture.ts';
import { systemClock } from '../../pipeline/clock.ts';
import type { Database } from '../../pipeline/contract/database.ts';
import type { Anomaly, Asset } from '../../pipeline/contract/events.ts';
import { METRICS, type MetricName } from '../../pipeline/contract/metrics.ts';
import { Registry } from '../../pipeline/contract/registry.ts';
import { ANOMALIES, GPU_ASSETS, GPU_METRICS } from '../../pipeline/contract/tables.ts';
import { milliseconds, minutes, seconds } from '../../pipeline/contract/time.ts';
import { connectDatabase } from './connect-database.ts';
import { convertColdPartitions } from './convert-cold-partitions.ts';
import { type GpuMetricsSink, gpuMetricsSink } from './gpu-metrics-sink.ts';
import { prepareDatabase } from './prepare-database.ts';
import { listAnomalies, openAnomalies } from './read-anomalies.ts';
import { listAssets, readAsset } from './read-assets.ts';
import { latestSamples, type SampleRow } from './read-samples.ts';
import type { DeliveryOptions, RefusedRow, SinkEvent } from './sink-events.ts';
import { tableSink } from './table-sink.ts';
import { batchOf, randomRows, seeded, type TestRow } from './test-batches.fixture.ts';
import { watchTables } from './watch-tables.ts';

const HOUR = 3_600_000;
/** Whole hours, so that partitions and buckets are known; well within the TTL. */
const START = Math.floor(systemClock.now() / HOUR) * HOUR - 48 * HOUR;

let services: TestServices;
let database: Database;
const events: SinkEvent[] = [];
const refused: RefusedRow[] = [];

const delivery = (): DeliveryOptions => ({
  url: services.questdb_http_url,
  age_max: milliseconds(50),
  answer_timeout: seconds(30),
  backoff_min: milliseconds(20),
  backoff_max: milliseconds(200),
  close_timeout: seconds(10),
  onRefused: (rows) => refused.push(...rows),
  onEvent: (event) => events.push(event),
});
const metricsSink = (rows_max = 5_000): GpuMetricsSink =>
  gpuMetricsSink({ ...delivery(), rows_max, bytes_max: 8 << 20, chunks_max: 4 });
const visible = (table: string): Promise<unknown> => database.query(`SELECT wait_wal_table('${table}')`);

beforeAll(async () => {
  // SUSPEND WAL is a developer's statement: it stands in for a disk that filled up.
  services = await startTestServices({ questdb: true, env: { ...process.env, QDB_DEV_MODE_ENABLED: 'true' } });
  database = connectDatabase({
    url: services.questdb_pg_url,
    pool_size: 2,
    statement_timeout: seconds(20),
    connect_timeout: seconds(5),
  });
  await prepareDatabase(database);
});
afterAll(async () => {
  await database?.close();
  await services?.stop();
});

/** What is stored of a row: FLOAT columns keep 24 bits. */
function expectStored(stored: SampleRow, row: TestRow): void {
  for (const metric of METRICS) {
    const sent = row.metrics[metric.name as MetricName];
    const got = stored[metric.name];
    if (sent === undefined) expect(got, metric.name).toBeNull();
    else if (metric.column === 'DOUBLE') expect(got, metric.name).toBe(sent);
    else expect(Math.fround(got ?? Number.NaN), metric.name).toBe(Math.fround(sent));
  }
}

const storedRows = (from: number, to: number): Promise<SampleRow[]> =>
  database.query<SampleRow>('SELECT * FROM gpu_metrics WHERE ts >= $1 AND ts < $2 ORDER BY ts, gpu_uuid, instance', [
    new Date(from),
    new Date(to),
  ]);
const sorted = (rows: readonly TestRow[]): TestRow[] =>
  [...rows].sort((a, b) => a.ts - b.ts || (a.gpu_uuid < b.gpu_uuid ? -1 : 1));

describe('samples', () => {
  it('come back as they went in, missing ones as NULL, and once when sent twice', async () => {
    const rows = randomRows(seeded(7), { rows: 1_200, gpus: 40, from: START, step_ms: 10_000, share: 0.5 });
    const shuffled = rows.map((row, i) => ({ row, key: (i * 7_919) % 1_201 })).sort((a, b) => a.key - b.key);
    const registry = new Registry(3);
    for (let round = 0; round < 2; round++) {
      const sink = metricsSink(500);
      for (let i = 0; i < rows.length; i += 100) {
        sink.write(
          batchOf(
            shuffled.slice(i, i + 100).map((one) => one.row),
            registry,
          ),
        );
      }
      await sink.close();
      await visible('gpu_metrics');
      const stored = await storedRows(START, START + HOUR);
      expect(stored).toHaveLength(rows.length);
      sorted(rows).forEach((row, i) => {
        const found = stored[i] as SampleRow;
        expect([found.ts, found.gpu_uuid, found.node, found.instance]).toEqual([
          row.ts,
          row.gpu_uuid,
          row.node,
          row.instance,
        ]);
        expectStored(found, row);
      });
    }
    expect(refused).toEqual([]);
  });

  it('keep names with every difficult character', async () => {
    const names = [
      'a b',
      'a,b',
      'a=b',
      'a\nb',
      'a\\b',
      'a"b',
      "a'b",
      'Zürich 東京 \u{1f525}',
      '\t',
      '\\',
      'a\rb',
      '\u00a0',
    ];
    const at = START + HOUR;
    const sink = metricsSink();
    sink.write(
      batchOf(names.map((name) => ({ ts: at, gpu_uuid: name, node: `${name}!`, metrics: { power_watts: 1 } }))),
    );
    await sink.close();
    await visible('gpu_metrics');
    const stored = await storedRows(at, at + HOUR);
    expect(stored.map((row) => [row.gpu_uuid, row.node]).sort()).toEqual(
      names.map((name) => [name, `${name}!`]).sort(),
    );
  });

  it('give the latest row per GPU and instance', async () => {
    const at = START + 2 * HOUR;
    const sample = (ts: number, gpu_uuid: string, node: string, instance: string, watts: number): TestRow => ({
      ts,
      gpu_uuid,
      node,
      instance,
      metrics: { power_watts: watts },
    });
    const sink = metricsSink();
    sink.write(
      batchOf([
        sample(at, 'L-1', 'old', '', 1),
        sample(at + 1, 'L-1', 'new', '', 2),
        sample(at, 'L-1', 'new', '1', 3),
        sample(at, 'L-2', 'old', '', 4),
      ]),
    );
    await sink.close();
    await visible('gpu_metrics');
    const watts = async (request: Parameters<typeof latestSamples>[1]): Promise<unknown[]> =>
      (await latestSamples(database, request)).map((row) => [row.gpu_uuid, row.instance, row.power_watts]);
    expect(await watts({ since: at })).toEqual([
      ['L-1', '', 2],
      ['L-1', '1', 3],
      ['L-2', '', 4],
    ]);
    expect(await watts({ since: at, node: 'old' })).toEqual([['L-2', '', 4]]);
    expect(await watts({ since: at + 1, gpu_uuid: 'L-1' })).toEqual([['L-1', '', 2]]);
  });

  it('are all there once after QuestDB was killed in mid-stream', async () => {
    const at = START + 4 * HOUR;
    const rows = randomRows(seeded(11), { rows: 20_000, gpus: 50, from: at, step_ms: 5_000, share: 0.2 });
    const registry = new Registry(0);
    const sink = metricsSink(1_000);
    let killed = false;
    for (let i = 0; i < rows.length; i += 500) {
      await sink.pressure();
      sink.write(batchOf(rows.slice(i, i + 500), registry));
      if (!killed && sink.counts().rows_written >= 6_000) {
        services.kill('questdb', 'SIGKILL');
        killed = true;
        // The sink finds out by itself; only then is the database brought back.
        await vi.waitFor(() => {
          sink.write(batchOf([rows[0] as TestRow], registry));
          expect(sink.counts().retries).toBeGreaterThan(0);
        }, 10_000);
        await services.restart('questdb');
      }
    }
    await sink.close();
    expect(killed).toBe(true);
    await vi.waitFor(() => visible('gpu_metrics'), 10_000);
    const stored = await storedRows(at, at + HOUR);
    expect(stored).toHaveLength(rows.length);
    sorted(rows).forEach((row, i) => {
      expect((stored[i] as SampleRow).ts).toBe(row.ts);
      expect((stored[i] as SampleRow).gpu_uuid).toBe(row.gpu_uuid);
      expect((stored[i] as SampleRow).power_watts).toBeCloseTo(row.metrics.power_watts as number, 2);
    });
    expect(events.map((event) => event.state)).toEqual(['trouble', 'recovered']);
  });
});

describe('a suspended table', () => {
  it('is told, resumed, and applies what was written meanwhile', async () => {
    const told: SinkEvent[] = [];
    const watcher = watchTables(database, { every: minutes(10), onEvent: (event) => told.push(event) });
    const at = START + 6 * HOUR;
    await database.query('ALTER TABLE gpu_metrics SUSPEND WAL');
    const sink = metricsSink();
    sink.write(batchOf([{ ts: at, gpu_uuid: 'S', node: 'n', metrics: { power_watts: 5 } }]));
    await sink.close();
    await watcher.look();
    expect(told.map((event) => [event.code, event.table, event.state])).toEqual([
      ['GV-SNK-003', 'gpu_metrics', 'trouble'],
    ]);
    const suspended = watcher.states().find((state) => state.name === 'gpu_metrics');
    expect(suspended).toMatchObject({ suspended: true });
    expect(suspended?.transactions_behind).toBeGreaterThan(0);
    await visible('gpu_metrics');
    await watcher.look();
    expect(told.at(-1)).toMatchObject({ code: 'GV-SNK-003', state: 'recovered' });
    expect(watcher.states().find((state) => state.name === 'gpu_metrics')).toMatchObject({
      suspended: false,
      transactions_behind: 0,
    });
    expect(watcher.states().find((state) => state.name === 'gpu_metrics')?.disk_bytes).toBeGreaterThan(0);
    expect(await storedRows(at, at + HOUR)).toHaveLength(1);
    await watcher.close();
  });
});

describe('cold partitions', () => {
  it('become Parquet, are read as before, take late rows and stay free of doubles', async () => {
    const at = START - 24 * HOUR;
    const rows = randomRows(seeded(13), { rows: 6_000, gpus: 20, from: at, step_ms: 10_000, share: 0.4 });
    const registry = new Registry(0);
    const sink = metricsSink();
    sink.write(batchOf(rows, registry));
    await sink.flush();
    await visible('gpu_metrics');
    const before = await storedRows(at, at + HOUR);
    const report = await convertColdPartitions(database, { older_than_days: 2.5, clock: systemClock });
    expect(report).toMatchObject({ table: 'gpu_metrics', partitions: 1, rows: 6_000 });
    expect(report.bytes_after).toBeLessThan(report.bytes_before);
    expect(report.bytes_after).toBeGreaterThan(0);
    expect(await storedRows(at, at + HOUR)).toEqual(before);
    // Again the same rows, one of them corrected, and one more that comes late.
    const corrected: TestRow = { ...(rows[0] as TestRow), metrics: { power_watts: 7 } };
    const late: TestRow = { ts: at + 5_000, gpu_uuid: 'late', node: 'n', metrics: { power_watts: 8 } };
    sink.write(batchOf([...rows.slice(0, 2_000), corrected, late], registry));
    await sink.close();
    await visible('gpu_metrics');
    const after = await storedRows(at, at + HOUR);
    expect(after).toHaveLength(before.length + 1);
    const expected = [...before.slice(1), after.find((row) => row.gpu_uuid === 'late'), after[0]];
    expect(new Set(after.map((row) => JSON.stringify(row)))).toEqual(
      new Set(expected.map((row) => JSON.stringify(row))),
    );
    expect(after[0]).toMatchObject({ power_watts: 7 });
    expect(
      await convertColdPartitions(database, { older_than_days: 2.5, clock: systemClock, table: GPU_METRICS }),
    ).toMatchObject({
      rows: expect.any(Number),
    });
  });
});

describe('anomalies and assets', () => {
  const anomaly = (i: number, change: Partial<Anomaly> = {}): Anomaly => ({
    ts: START + Math.floor(i / 2) * 1_000,
    gpu_uuid: `GPU-${i % 3}`,
    node: `node ${i % 2}`,
    instance: i % 5 === 0 ? '1' : '',
    id: `id-${String(i).padStart(3, '0')}`,
    type: 'zscore',
    metric: i % 2 === 0 ? 'power_watts' : 'gpu_temp_celsius',
    severity: i % 4 === 0 ? 'critical' : 'warning',
    score: 4 + i,
    observed: 1.5,
    expected: -2.25,
    window: '24h',
    detector: 'zscore',
    explanation: 'power_watts was 1.5 W, "expected" -2.25 W; a\\b,\nc=d 東京',
    state: 'open',
    opened_at: START + Math.floor(i / 2) * 1_000,
    closed_at: null,
    ...change,
  });

  it('are rewritten by their keys, filtered and paged', async () => {
    const sink = tableSink<Anomaly>(ANOMALIES, { ...delivery(), rows_max: 7, waiting_max: 1_000 });
    const all = Array.from({ length: 25 }, (_, i) => anomaly(i));
    for (const one of all) sink.write(one);
    const closed = anomaly(4, { state: 'closed', closed_at: START + 60_000 });
    sink.write(closed);
    await sink.close();
    await visible('anomalies');
    const expected = all
      .map((one) => (one.id === closed.id ? closed : one))
      .sort((a, b) => b.ts - a.ts || (a.id < b.id ? 1 : -1));

    const read: Anomaly[] = [];
    let cursor: string | undefined;
    do {
      const page = await listAnomalies(database, {}, { limit: 10, cursor });
      expect(page.total).toBe(25);
      read.push(...page.items);
      cursor = page.next ?? undefined;
    } while (cursor !== undefined);
    expect(read).toEqual(expected);

    for (const filter of [
      { gpu_uuid: 'GPU-1' },
      { node: 'node 1', severity: 'warning' },
      { state: 'closed' },
      { metric: 'power_watts', from: START + 3_000, to: START + 9_000 },
      { instance: '' },
      { detector: 'other' },
    ] as const) {
      const wanted = expected.filter((one) =>
        Object.entries(filter).every(([name, value]) =>
          name === 'from'
            ? one.ts >= Number(value)
            : name === 'to'
              ? one.ts < Number(value)
              : one[name as keyof Anomaly] === value,
        ),
      );
      const page = await listAnomalies(database, filter, { limit: 100 });
      expect(page.items, JSON.stringify(filter)).toEqual(wanted);
      expect(page).toMatchObject({ total: wanted.length, next: null });
    }
    expect(await openAnomalies(database, { gpu_uuid: 'GPU-1', rows_max: 100 })).toEqual(
      expected.filter((one) => one.gpu_uuid === 'GPU-1' && one.state === 'open'),
    );
  });

  it('hold one row per asset, as last written', async () => {
    const asset = (i: number, change: Partial<Asset> = {}): Asset => ({
      ts: START + i,
      gpu_uuid: `GPU-${String(i).padStart(2, '0')}`,
      node: 'n',
      model: 'NVIDIA H100 80GB HBM3',
      serial: '',
      pci_bus_id: '00000000:1B:00.0',
      cluster: 'c 1',
      rack: '',
      slot: '3',
      owner: i % 2 === 0 ? 'ml' : '',
      tenant: '',
      deployed_at: i % 2 === 0 ? START - 5 : null,
      warranty_until: null,
      purchase_price: i === 0 ? 25_000.5 : null,
      operating_hours: null,
      registered_at: START + i,
      status: 'active',
      note: '',
      retired_at: null,
      ...change,
    });
    const sink = tableSink<Asset>(GPU_ASSETS, { ...delivery(), rows_max: 100, waiting_max: 1_000 });
    for (let i = 0; i < 12; i++) sink.write(asset(i));
    const retired = asset(3, { status: 'retired', retired_at: START + 99, deployed_at: null });
    sink.write(retired);
    await sink.close();
    await visible('gpu_assets');
    const first = await listAssets(database, {}, { limit: 7 });
    const second = await listAssets(database, {}, { limit: 7, cursor: first.next ?? '' });
    expect([...first.items, ...second.items]).toEqual(
      Array.from({ length: 12 }, (_, i) => (i === 3 ? retired : asset(i))),
    );
    expect([first.total, second.next]).toEqual([12, null]);
    expect(await readAsset(database, 'GPU-03')).toEqual(retired);
    expect(await readAsset(database, 'none')).toBeNull();
    expect(await listAssets(database, { owner: 'ml', status: 'active' }, { limit: 100 })).toMatchObject({ total: 6 });
  });
});
