import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { systemClock } from '../../pipeline/clock.ts';
import type { Database } from '../../pipeline/contract/database.ts';
import { METRICS, type MetricName } from '../../pipeline/contract/metrics.ts';
import { Registry } from '../../pipeline/contract/registry.ts';
import type { TableSpec } from '../../pipeline/contract/table-spec.ts';
import { GPU_METRICS, ROLLUPS, rollupAggregates, TABLES } from '../../pipeline/contract/tables.ts';
import { gpuMetricsSink } from './gpu-metrics-sink.ts';
import { listSeries, type SeriesListRow } from './list-series.ts';
import { prepareDatabase } from './prepare-database.ts';
import { startTestQuestdb, type TestQuestdb } from './questdb.fixture.ts';
import { refreshRollups } from './refresh-rollups.ts';
import { batchOf, randomRows, seeded, type TestRow } from './test-batches.fixture.ts';

const HOUR = 3_600_000;
const START = Math.floor(systemClock.now() / HOUR) * HOUR - 24 * HOUR;
const NAMES = METRICS.filter((metric) => rollupAggregates(metric).length > 0).map((metric) => metric.name);

let questdb: TestQuestdb;
let database: Database;
beforeAll(async () => {
  questdb = await startTestQuestdb();
  database = questdb.database;
});
afterAll(() => questdb?.stop());

async function write(rows: readonly TestRow[], registry = new Registry(0)): Promise<void> {
  const sink = gpuMetricsSink({ ...questdb.delivery(), rows_max: 1_000, bytes_max: 4 << 20, chunks_max: 4 });
  sink.write(batchOf(rows, registry));
  await sink.close();
  await questdb.visible('gpu_metrics');
}

const steps = async (options: Parameters<typeof prepareDatabase>[1] = {}): Promise<string[]> => {
  const made: string[] = [];
  await prepareDatabase(database, { ...options, onStep: (step) => made.push(step) });
  return made;
};

/** Every view has taken every transaction of its base. */
async function refreshed(): Promise<void> {
  await refreshRollups(database, systemClock, new AbortController().signal);
  for (const { name } of ROLLUPS) {
    const [view] = await database.query(
      'SELECT base_table_txn - refresh_base_table_txn AS behind, view_status FROM materialized_views() WHERE view_name = $1',
      [name],
    );
    expect(view).toMatchObject({ behind: 0, view_status: 'valid' });
    await database.query(`SELECT wait_wal_table('${name}')`);
  }
}

interface Bucket {
  ts: number;
  instance: string;
  readings: Map<string, number[]>;
}

/** Rollups the slow way: all readings of a bucket, then their mean and extremes. */
function slowRollup(rows: readonly TestRow[], uuid: string, size: number): Record<string, number | string | null>[] {
  const buckets = new Map<string, Bucket>();
  for (const row of rows) {
    if (row.gpu_uuid !== uuid) continue;
    const ts = Math.floor(row.ts / size) * size;
    const key = `${ts} ${row.instance ?? ''}`;
    const bucket = buckets.get(key) ?? { ts, instance: row.instance ?? '', readings: new Map<string, number[]>() };
    buckets.set(key, bucket);
    for (const metric of METRICS) {
      const value = row.metrics[metric.name as MetricName];
      if (value === undefined) continue;
      const stored = metric.column === 'FLOAT' ? Math.fround(value) : value;
      bucket.readings.set(metric.name, [...(bucket.readings.get(metric.name) ?? []), stored]);
    }
  }
  return [...buckets.values()]
    .sort((a, b) => a.ts - b.ts || (a.instance < b.instance ? -1 : 1))
    .map(({ ts, instance, readings }) => {
      const out: Record<string, number | string | null> = { ts, instance };
      for (const metric of METRICS) {
        const list = readings.get(metric.name);
        for (const aggregate of rollupAggregates(metric)) {
          out[`${metric.name}_${aggregate}`] =
            list === undefined
              ? null
              : aggregate === 'avg'
                ? list.reduce((sum, value) => sum + value, 0) / list.length
                : Math[aggregate](...list);
        }
      }
      return out;
    });
}

function expectRollup(
  found: readonly SeriesListRow[],
  wanted: readonly Record<string, number | string | null>[],
): void {
  expect(found.map((row) => [row.ts, row.instance])).toEqual(wanted.map((row) => [row.ts, row.instance]));
  found.forEach((row, i) => {
    for (const [name, value] of Object.entries(wanted[i] ?? {})) {
      const got = row[name];
      if (typeof value !== 'number' || typeof got !== 'number') expect(got, name).toBe(value);
      else
        expect(Math.abs(got - value), `${name} ${got} ${value}`).toBeLessThanOrEqual(
          1e-6 * Math.max(1e-3, Math.abs(value)),
        );
    }
  });
}

describe('schema', () => {
  it('is made at the first start and left alone at the next', async () => {
    expect(await steps()).toEqual([
      ...TABLES.map((spec) => `table ${spec.name} created`),
      ...ROLLUPS.map((view) => `view ${view.name} created`),
      'schema 1',
    ]);
    expect(await steps()).toEqual([]);
    const [ddl] = await database.query<{ ddl: string }>('SHOW CREATE TABLE gpu_metrics');
    expect(ddl?.ddl).toMatch(/PARTITION BY HOUR TTL 90 DAYS/);
    expect(ddl?.ddl).toMatch(/DEDUP UPSERT KEYS\(ts,gpu_uuid,instance\)/);
  });

  it('follows another refresh of the rollups', async () => {
    // The change is a transaction of the view: it shows a moment later.
    const settled = () =>
      vi.waitFor(async () => expect(await steps(options)).toEqual([]), { timeout: 20_000, interval: 50 });
    let options: Parameters<typeof prepareDatabase>[1] = { refresh: { every_minutes: 7 } };
    expect(await steps(options)).toHaveLength(3);
    await settled();
    options = { refresh: 'immediate' };
    expect(await steps(options)).toHaveLength(3);
    await settled();
    options = {};
    expect(await steps(options)).toHaveLength(3);
    await settled();
  });

  it('refuses a database of a newer release', async () => {
    await database.query("INSERT INTO schema_versions VALUES ('2026-01-01', 2)");
    await database.query("SELECT wait_wal_table('schema_versions')");
    await expect(prepareDatabase(database)).rejects.toMatchObject({ code: 'GV-SNK-005' });
    expect(await steps({ version: 2 })).toEqual([]);
    await database.query('TRUNCATE TABLE schema_versions');
    await database.query("SELECT wait_wal_table('schema_versions')");
    expect(await steps()).toEqual(['schema 1']);
  });

  it('refuses a table whose column is of another type', async () => {
    await database.query('CREATE TABLE odd (ts TIMESTAMP, a VARCHAR) TIMESTAMP(ts) PARTITION BY DAY WAL');
    const odd: TableSpec = {
      name: 'odd',
      summary: '',
      columns: [
        { name: 'ts', type: 'TIMESTAMP', help: '' },
        { name: 'a', type: 'DOUBLE', help: '' },
      ],
      keys: ['ts'],
      partition: 'DAY',
      ttl_days: null,
    };
    await expect(prepareDatabase(database, { tables: [odd], rollups: [] })).rejects.toThrow(
      /odd\.a is VARCHAR, not DOUBLE/,
    );
  });
});

describe('rollups', () => {
  const registry = new Registry(0);
  const rows = randomRows(seeded(21), { rows: 3_600, gpus: 8, from: START, step_ms: 17_000, share: 0.4 });
  const series = async (uuid: string, resolution: '1m' | '5m' | '1h'): Promise<SeriesListRow[]> => {
    const request = {
      gpu_uuid: uuid,
      instance: undefined,
      metrics: NAMES,
      from: START,
      to: START + 6 * HOUR,
      resolution,
    };
    return (await listSeries(database, { ...request, descending: false }, { limit: 1_000 })).items;
  };
  const check = async (all: readonly TestRow[]): Promise<void> => {
    for (const uuid of ['GPU-0', 'GPU-6']) {
      for (const { size, size_ms } of ROLLUPS) expectRollup(await series(uuid, size), slowRollup(all, uuid, size_ms));
    }
  };

  it('are whole before their first refresh, computed from the samples', async () => {
    await write(rows, registry);
    const [before] = await database.query<{ n: number }>('SELECT count() AS n FROM gpu_metrics_1m');
    expect(before?.n).toBe(0);
    await check(rows);
  });

  it('equal a slow twin, and again after late rows, corrections and a new bucket', async () => {
    await refreshed();
    const [stored] = await database.query<{ n: number }>(
      "SELECT count() AS n FROM gpu_metrics_1h WHERE gpu_uuid = 'GPU-0'",
    );
    expect(stored?.n).toBe(slowRollup(rows, 'GPU-0', HOUR).length);
    await check(rows);
    const late: TestRow[] = [0, 6].flatMap((gpu) => {
      const known = rows[gpu] as TestRow;
      return [
        { ...known, ts: START + 3_000, metrics: { power_watts: 5_000, gpu_temp_celsius: -40 } },
        { ...known, ts: START + 2 * HOUR + 600_001, metrics: { power_watts: 1 } },
        { ...known, metrics: { ...known.metrics, power_watts: 9_999 } },
      ];
    });
    await write(late, registry);
    const replaced = new Set(late.map((row) => `${row.ts} ${row.gpu_uuid}`));
    const all = [...rows.filter((row) => !replaced.has(`${row.ts} ${row.gpu_uuid}`)), ...late];
    await refreshed();
    await check(all);
  });

  it('are paged in both directions without a gap or a double', async () => {
    const whole = await series('GPU-0', '1m');
    for (const descending of [false, true]) {
      const read: SeriesListRow[] = [];
      let cursor: string | undefined;
      do {
        const page = await listSeries(
          database,
          {
            gpu_uuid: 'GPU-0',
            instance: '',
            metrics: NAMES,
            from: START,
            to: START + 6 * HOUR,
            resolution: '1m',
            descending,
          },
          { limit: 37, cursor },
        );
        expect(page.total).toBe(whole.length);
        read.push(...page.items);
        cursor = page.next ?? undefined;
      } while (cursor !== undefined);
      expect(descending ? read.reverse() : read).toEqual(whole);
    }
  });

  it('are gathered anew with data in place when a metric is added', async () => {
    const without = new Set(['sm_clock_mhz']);
    const thin: TableSpec = {
      ...GPU_METRICS,
      columns: GPU_METRICS.columns.filter((column) => !without.has(column.name)),
    };
    for (const view of ROLLUPS.toReversed()) await database.query(`DROP MATERIALIZED VIEW ${view.name}`);
    await database.query('DROP TABLE gpu_metrics');
    await prepareDatabase(database, { tables: [thin], rollups: [] });
    // A view of the release before: other columns under the name of ours.
    await database.query(
      'CREATE MATERIALIZED VIEW gpu_metrics_1m WITH BASE gpu_metrics REFRESH IMMEDIATE AS (SELECT ts, gpu_uuid, node, instance, max(power_watts) power_watts_max FROM gpu_metrics SAMPLE BY 1m) PARTITION BY DAY',
    );
    const old = rows.map((row) => {
      const { sm_clock_mhz, ...metrics } = row.metrics;
      return { ...row, metrics: { power_watts: (sm_clock_mhz ?? 0) / 2, ...metrics } };
    });
    await write(old, registry);
    expect(await steps()).toEqual([
      'column gpu_metrics.sm_clock_mhz added',
      'view gpu_metrics_1m dropped: its columns changed',
      ...ROLLUPS.map((view) => `view ${view.name} created`),
    ]);
    expect(await steps()).toEqual([]);
    const more = randomRows(seeded(22), { rows: 400, gpus: 8, from: START + 4 * HOUR, step_ms: 17_000, share: 0.8 });
    await write(more, registry);
    await refreshed();
    await check([...old, ...more]);
    expect(questdb.refused).toEqual([]);
  });
});
