import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { systemClock } from '../../pipeline/clock.ts';
import type { Database } from '../../pipeline/contract/database.ts';
import { METRICS, type MetricName } from '../../pipeline/contract/metrics.ts';
import { Registry } from '../../pipeline/contract/registry.ts';
import { minutes } from '../../pipeline/contract/time.ts';
import { convertColdPartitions } from './convert-cold-partitions.ts';
import { type GpuMetricsSink, gpuMetricsSink } from './gpu-metrics-sink.ts';
import { prepareDatabase } from './prepare-database.ts';
import { startTestQuestdb, type TestQuestdb } from './questdb.fixture.ts';
import { latestSamples, type SampleRow } from './read-samples.ts';
import type { SinkEvent } from './sink-events.ts';
import { batchOf, randomRows, seeded, type TestRow } from './test-batches.fixture.ts';
import { watchTables } from './watch-tables.ts';

const HOUR = 3_600_000;
/** Whole hours, so that partitions and buckets are known; well within the TTL. */
const START = Math.floor(systemClock.now() / HOUR) * HOUR - 48 * HOUR;

let questdb: TestQuestdb;
let database: Database;

const metricsSink = (rows_max = 5_000): GpuMetricsSink =>
  gpuMetricsSink({ ...questdb.delivery(), rows_max, bytes_max: 8 << 20, chunks_max: 4 });
const visible = (): Promise<void> => questdb.visible('gpu_metrics');

beforeAll(async () => {
  questdb = await startTestQuestdb();
  database = questdb.database;
  await prepareDatabase(database);
});
afterAll(() => questdb?.stop());

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
      await visible();
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
    expect(questdb.refused).toEqual([]);
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
    await visible();
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
    await visible();
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
        questdb.services.kill('questdb', 'SIGKILL');
        killed = true;
        // The sink finds out by itself; only then is the database brought back.
        await vi.waitFor(() => {
          sink.write(batchOf([rows[0] as TestRow], registry));
          expect(sink.counts().retries).toBeGreaterThan(0);
        }, 10_000);
        await questdb.services.restart('questdb');
      }
    }
    await sink.close();
    expect(killed).toBe(true);
    await vi.waitFor(() => visible(), 10_000);
    const stored = await storedRows(at, at + HOUR);
    expect(stored).toHaveLength(rows.length);
    sorted(rows).forEach((row, i) => {
      expect((stored[i] as SampleRow).ts).toBe(row.ts);
      expect((stored[i] as SampleRow).gpu_uuid).toBe(row.gpu_uuid);
      expect((stored[i] as SampleRow).power_watts).toBeCloseTo(row.metrics.power_watts as number, 2);
    });
    expect(questdb.events.map((event) => event.state)).toEqual(['trouble', 'recovered']);
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
    await visible();
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
    await visible();
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
    await visible();
    const after = await storedRows(at, at + HOUR);
    expect(after).toHaveLength(before.length + 1);
    const expected = [...before.slice(1), after.find((row) => row.gpu_uuid === 'late'), after[0]];
    expect(new Set(after.map((row) => JSON.stringify(row)))).toEqual(
      new Set(expected.map((row) => JSON.stringify(row))),
    );
    expect(after[0]).toMatchObject({ power_watts: 7 });
    // The rollup over it goes on, too.
    await vi.waitFor(async () => {
      await database.query('REFRESH MATERIALIZED VIEW gpu_metrics_1m INCREMENTAL');
      const found = await database.query(
        "SELECT power_watts_max AS watts FROM gpu_metrics_1m WHERE gpu_uuid = 'late' AND ts = $1",
        [new Date(at)],
      );
      expect(found).toEqual([{ watts: 8 }]);
    }, 20_000);
    const views = await database.query('SELECT view_status FROM materialized_views()');
    expect(views.map((view) => view.view_status)).not.toContain('invalid');
  });
});
