import { afterAll, beforeAll, expect, it } from 'vitest';
import type { TableSpec } from '../pipeline/contract/table-spec.ts';
import { ANOMALIES } from '../pipeline/contract/tables.ts';
import { FLEET_QUANTILES, GPU_FEATURES, GPU_HEALTH_SCORES, XID_EPISODES } from '../pipeline/contract/verdict-tables.ts';
import { anomalyOf } from '../sinks/live/fleet.fixture.ts';
import { listRows, type TableRow } from '../sinks/questdb/list-rows.ts';
import { prepareDatabase } from '../sinks/questdb/prepare-database.ts';
import { startTestQuestdb, type TestQuestdb } from '../sinks/questdb/questdb.fixture.ts';
import { tableSink } from '../sinks/questdb/table-sink.ts';
import { rowOf } from './row-of.fixture.ts';
import { orderOf, sortColumns, sortedRows } from './sorted-rows.ts';

const START = Date.UTC(2026, 2, 1);
const DAY = 86_400_000;
const SEVERITIES = ['warning', 'critical', 'info'];

let questdb: TestQuestdb;
const written = new Map<string, TableRow[]>();

async function write(spec: TableSpec, rows: readonly Record<string, unknown>[]): Promise<void> {
  const sink = tableSink<TableRow>(spec, { ...questdb.delivery(), rows_max: 100, waiting_max: 10_000 });
  for (const row of rows) sink.write(row as unknown as TableRow);
  await sink.close();
  await questdb.visible(spec.name);
  written.set(spec.name, [...(written.get(spec.name) ?? []), ...(rows as readonly TableRow[])]);
}

/** Four instants in two partitions, each several times, so that keys have to decide. */
const instant = (i: number): number => START + (i % 2) * DAY + (i % 4 < 2 ? 0 : 1);
const scores = (): Record<string, unknown>[] =>
  Array.from({ length: 24 }, (_, i) =>
    rowOf(GPU_HEALTH_SCORES, {
      ts: instant(i),
      gpu_uuid: `GPU-${String(i).padStart(2, '0')}`,
      instance: i % 3 === 0 ? '' : String(i % 3),
      node: `n${i % 2}`,
      // Less apart than what the database takes for the same.
      overall_score: i % 6 === 0 ? null : i % 6 === 1 ? 100 : 50 + (i % 6) * 1e-12,
      memory_health: i % 2 === 0 ? -0 : 0,
      thermal_health: -i * 1e9,
      power_health: null,
      confidence: 1e-13 * (i % 7),
      explanation: i % 5 === 0 ? '' : `${'long '.repeat(200)}${i}`,
      action: i % 4 === 0 ? '' : ['none', 'zürich ☃', '東京'][i % 3],
      profile: i % 2 === 0 ? 'default' : 'reference',
    }),
  );
const episodes = (): Record<string, unknown>[] =>
  Array.from({ length: 17 }, (_, i) =>
    rowOf(XID_EPISODES, {
      ts: instant(i),
      gpu_uuid: `GPU-${i % 3}`,
      id: `id-${String(i).padStart(2, '0')}`,
      severity: SEVERITIES[i % 3],
      primary_xid: i % 4 === 0 ? null : [79, 31, 48][i % 3],
      ended_at: i % 3 === 0 ? null : START + (i % 4) * 1_000,
      cured: [true, false, null][i % 3],
      count: i % 2,
    }),
  );

beforeAll(async () => {
  questdb = await startTestQuestdb();
  await prepareDatabase(questdb.database);
  await write(GPU_HEALTH_SCORES, scores());
  await write(XID_EPISODES, episodes());
  await write(
    FLEET_QUANTILES,
    Array.from({ length: 9 }, (_, i) =>
      rowOf(FLEET_QUANTILES, { ts: instant(i), model: i % 3 === 0 ? '' : `m${i % 3}`, metric: `x${i}`, p50: i % 2 }),
    ),
  );
}, 120_000);
afterAll(() => questdb?.stop());

/** The newest of every key but `ts`, as the database tells it. */
const newestOf = (spec: TableSpec, rows: readonly TableRow[]): TableRow[] => [
  ...new Map(
    [...rows]
      .sort((a, b) => a.ts - b.ts)
      .map((row) => [spec.keys.map((key) => (key === 'ts' ? '' : row[key])).join('/'), row]),
  ).values(),
];

/** The same by the book: the column, without a value last, then the newest, then the keys. */
function inOrder(spec: TableSpec, sort: string, rows: readonly TableRow[]): TableRow[] {
  const { name, descending } = orderOf(sort);
  const rank = (row: TableRow): string | number | null => {
    const value = row[name];
    if (value === '' || value === null) return null;
    if (name === 'severity') return ['info', 'warning', 'critical'].indexOf(String(value));
    return typeof value === 'string' ? value : Number(value);
  };
  const compare = (a: unknown, b: unknown): number => (a === b ? 0 : (a as number) < (b as number) ? -1 : 1);
  return [...rows].sort((a, b) => {
    const [x, y] = [rank(a), rank(b)];
    if (x !== y && (x === null || y === null)) return x === null ? 1 : -1;
    return (
      compare(x, y) * (descending ? -1 : 1) ||
      b.ts - a.ts ||
      spec.keys.reduce((first, key) => first || (key === 'ts' ? 0 : compare(a[key], b[key])), 0)
    );
  });
}
const named = (spec: TableSpec, row: TableRow): string => spec.keys.map((key) => row[key]).join('/');

async function paged(
  spec: TableSpec,
  sort: string,
  limit: number,
  more: { readonly at?: number; readonly between?: () => Promise<void> } = {},
): Promise<TableRow[]> {
  const { at, between = async () => undefined } = more;
  const read: TableRow[] = [];
  for (let cursor: string | undefined; ; ) {
    const page = await sortedRows(questdb.database, spec, { equal: {} }, { limit, cursor, order: orderOf(sort), at });
    expect(page.items.length).toBeLessThanOrEqual(limit);
    read.push(...page.items);
    if (page.next === null) return read;
    cursor = page.next;
    await between();
  }
}

it.each([
  ['health scores', GPU_HEALTH_SCORES],
  ['episodes', XID_EPISODES],
  ['quantiles', FLEET_QUANTILES],
] as const)(
  '%s come by every column, each once, whatever is equal or missing, as they were and as they are',
  async (_, spec) => {
    const rows = written.get(spec.name) ?? [];
    for (const column of sortColumns(spec)) {
      for (const sort of [column, `-${column}`]) {
        for (const at of [undefined, START + DAY, START + 9 * DAY]) {
          const there =
            at === undefined
              ? rows
              : newestOf(
                  spec,
                  rows.filter(({ ts }) => ts <= at),
                );
          const expected = inOrder(spec, sort, there).map((row) => named(spec, row));
          for (const limit of [4, 1_000]) {
            const read = await paged(spec, sort, limit, at === undefined ? {} : { at });
            expect(
              read.map((row) => named(spec, row)),
              `${sort}, ${limit} a page, at ${at}`,
            ).toEqual(expected);
          }
        }
      }
    }
  },
  120_000,
);

it('rows are whole, filtered, within their time, and counted', async () => {
  const filter = { equal: { node: 'n1' }, from: START + DAY, to: START + DAY + 1 };
  const rows = (written.get(GPU_HEALTH_SCORES.name) ?? []).filter(
    ({ ts, node }) => node === 'n1' && ts >= filter.from && ts < filter.to,
  );
  const expected = inOrder(GPU_HEALTH_SCORES, '-overall_score', rows);
  expect(expected.length).toBe(6);
  const page = await sortedRows(questdb.database, GPU_HEALTH_SCORES, filter, {
    limit: 4,
    order: orderOf('-overall_score'),
  });
  expect(page).toMatchObject({ total: 6, next: expect.any(String) });
  expect(page.items).toEqual(expected.slice(0, 4).map((row) => ({ ...row, memory_health: row.memory_health })));
  const asked = { limit: 4, order: orderOf('-overall_score') };
  await expect(sortedRows(questdb.database, GPU_HEALTH_SCORES, filter, asked, 5)).rejects.toMatchObject({
    code: 'GV-API-001',
    message: expect.stringContaining('There are 6 rows, and at most 5 are sorted'),
  });
});

it('readings of single precision are compared as they are stored', async () => {
  const [feature = ''] = GPU_FEATURES.columns.filter(({ type }) => type === 'FLOAT').map(({ name }) => name);
  const values = [0.1, 0.1, 0.2, 1e-12, 2e-12, 0.3, 16_777_217, 0.1];
  const told = values.map((value, i) => `('${new Date(START + i).toISOString()}', 'GPU-${i}', 'n', ${value})`);
  await questdb.database.query(`INSERT INTO gpu_features (ts, gpu_uuid, node, "${feature}") VALUES ${told.join(', ')}`);
  await questdb.visible('gpu_features');
  const read = await paged(GPU_FEATURES, feature, 1);
  expect(read.map(({ gpu_uuid }) => String(gpu_uuid).slice(4)).join('')).toBe('34710256');
});

it('rows that come and change between two pages move none of the others', async () => {
  const anomaly = (i: number, changes: object = {}) =>
    anomalyOf({ gpu_uuid: `GPU-${i}`, id: `id-${i}`, ts: START + i, opened_at: START + i, score: i % 2, ...changes });
  await write(
    ANOMALIES,
    Array.from({ length: 6 }, (_, i) => ({ ...anomaly(i) })),
  );
  let round = 0;
  const read = await paged(ANOMALIES, '-score', 2, {
    between: async () => {
      round++;
      // One that is new goes before all, one that was given closes, one that is to come closes.
      await write(ANOMALIES, [
        { ...anomaly(90 + round, { score: 9 }) },
        { ...anomaly(5, { state: 'closed', closed_at: START + DAY }) },
        { ...anomaly(0, { state: 'closed', closed_at: START + DAY }) },
      ]);
    },
  });
  expect(read.map(({ id }) => id)).toEqual(['id-5', 'id-3', 'id-1', 'id-4', 'id-2', 'id-0']);
});

it.each([
  { primary_xid: 79 },
  { count: 1, severity: 'warning' },
  { cured: 'true' },
  { primary_xid: 31, cured: 'false' },
])('rows are found by numbers and yes or no: %j', async (equal) => {
  const rows = written.get(XID_EPISODES.name) ?? [];
  const fits = rows.filter((row) =>
    Object.entries(equal).every(([name, value]) => String((row as Record<string, unknown>)[name]) === String(value)),
  );
  expect(fits.length).toBeGreaterThan(0);
  const names = (found: readonly TableRow[]): string[] => found.map((row) => named(XID_EPISODES, row)).sort();
  const { database } = questdb;
  const listed = await listRows(database, XID_EPISODES, { equal }, { limit: 50 });
  expect([names(listed.items), listed.total]).toEqual([names(fits), fits.length]);
  const order = orderOf('-primary_xid');
  const sorted = await sortedRows(database, XID_EPISODES, { equal }, { limit: 50, order });
  expect(names(sorted.items)).toEqual(names(fits));
});
