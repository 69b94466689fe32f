import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Database } from '../../pipeline/contract/database.ts';
import type { Anomaly, Asset, FeatureVector } from '../../pipeline/contract/events.ts';
import { FEATURE_COUNT, FEATURES } from '../../pipeline/contract/features.ts';
import { GPU_ECONOMIC_DECISIONS, GPU_FAILURE_PREDICTIONS } from '../../pipeline/contract/prediction-tables.ts';
import type { TableSpec } from '../../pipeline/contract/table-spec.ts';
import { ANOMALIES, GPU_ASSETS } from '../../pipeline/contract/tables.ts';
import { GPU_FEATURES, GPU_FORECASTS, GPU_HEALTH_SCORES } from '../../pipeline/contract/verdict-tables.ts';
import { listRows, pageAt, rowsAt, type TableRow } from './list-rows.ts';
import { prepareDatabase } from './prepare-database.ts';
import { startTestQuestdb, type TestQuestdb } from './questdb.fixture.ts';
import { listAnomalies, openAnomalies } from './read-anomalies.ts';
import { listAssets, readAsset } from './read-assets.ts';
import type { RefusedRow } from './sink-events.ts';
import { tableRowSpeller } from './table-row-speller.ts';
import { tableSink } from './table-sink.ts';
import { vectorRowSpeller } from './vector-row.ts';

const START = 1_795_000_000_000;

let questdb: TestQuestdb;
let database: Database;
beforeAll(async () => {
  questdb = await startTestQuestdb();
  database = questdb.database;
  await prepareDatabase(database);
});
afterAll(() => questdb?.stop());

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
    const sink = tableSink<Anomaly>(ANOMALIES, { ...questdb.delivery(), rows_max: 7, waiting_max: 1_000 });
    const all = Array.from({ length: 25 }, (_, i) => anomaly(i));
    for (const one of all) sink.write(one);
    const closed = anomaly(4, { state: 'closed', closed_at: START + 60_000 });
    sink.write(closed);
    await sink.close();
    await questdb.visible('anomalies');
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
    const sink = tableSink<Asset>(GPU_ASSETS, { ...questdb.delivery(), rows_max: 100, waiting_max: 1_000 });
    for (let i = 0; i < 12; i++) sink.write(asset(i));
    const retired = asset(3, { status: 'retired', retired_at: START + 99, deployed_at: null });
    sink.write(retired);
    await sink.close();
    await questdb.visible('gpu_assets');
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

describe('vectors', () => {
  it('are spelled column by column, what is unknown left out, and read as they stood at an instant', async () => {
    const vector = (ts: number, shift: number, known = FEATURE_COUNT): FeatureVector => ({
      ts,
      gpu_uuid: 'GPU-v',
      node: 'node, with=signs',
      instance: '',
      model: 'H100',
      job: '',
      values: Float64Array.from({ length: FEATURE_COUNT }, (_, i) => (i < known ? i + shift : Number.NaN)),
      latest: new Float64Array(0),
      latest_ts: ts,
      arrived_at: 0,
      final: false,
    });
    const refused: RefusedRow[] = [];
    const sink = tableSink<FeatureVector>(GPU_FEATURES, {
      ...questdb.delivery(),
      onRefused: (rows) => refused.push(...rows),
      rows_max: 2,
      waiting_max: 100,
      spell: vectorRowSpeller(GPU_FEATURES.name),
    });
    for (let i = 0; i < 5; i++) sink.write(vector(START + i * 300_000, i / 4, i === 3 ? 7 : FEATURE_COUNT));
    sink.write(vector(Number.NaN, 0));
    sink.write(vector(START, 0.5));
    await sink.close();
    await questdb.visible('gpu_features');
    expect(refused).toHaveLength(1);

    const { items, total } = await listRows(database, GPU_FEATURES, { equal: { gpu_uuid: 'GPU-v' } }, { limit: 10 });
    expect(total).toBe(5);
    expect(items.map(({ ts }) => ts)).toEqual([4, 3, 2, 1, 0].map((i) => START + i * 300_000));
    const read = (row: TableRow | undefined): unknown[] => FEATURES.map(({ name }) => row?.[name]);
    expect(read(items[4])).toEqual(FEATURES.map((_, i) => i + 0.5));
    expect(read(items[1])).toEqual(FEATURES.map((_, i) => (i < 7 ? i + 0.75 : null)));
    expect(items[0]?.node).toBe('node, with=signs');

    const first = await listRows(database, GPU_FEATURES, { equal: {} }, { limit: 2 });
    const second = await listRows(database, GPU_FEATURES, { equal: {} }, { limit: 2, cursor: first.next ?? '' });
    expect([...first.items, ...second.items].map(({ ts }) => ts)).toEqual(items.slice(0, 4).map(({ ts }) => ts));

    const oldest = await listRows(database, GPU_FEATURES, { equal: {} }, { limit: 3, oldest_first: true });
    const later = await listRows(
      database,
      GPU_FEATURES,
      { equal: {} },
      { limit: 3, cursor: oldest.next ?? '', oldest_first: true },
    );
    expect([...oldest.items, ...later.items].map(({ ts }) => ts)).toEqual(items.map(({ ts }) => ts).reverse());

    for (const [at, expected] of [
      [START + 299_999, START],
      [START + 300_000, START + 300_000],
      [START + 9e9, START + 1_200_000],
    ] as const) {
      const rows = await rowsAt(database, GPU_FEATURES, { equal: { gpu_uuid: 'GPU-v' } }, at, 10);
      expect(rows.map(({ ts }) => ts)).toEqual([expected]);
    }
    expect(await rowsAt(database, GPU_FEATURES, { equal: {} }, START - 1, 10)).toEqual([]);
  });

  it('as they stood at an instant are paged by key, each once', async () => {
    const then = START - 86_400_000;
    const sink = tableSink<FeatureVector>(GPU_FEATURES, {
      ...questdb.delivery(),
      rows_max: 100,
      waiting_max: 100,
      spell: vectorRowSpeller(GPU_FEATURES.name),
    });
    const latest: string[] = [];
    for (let gpu = 0; gpu < 4; gpu++) {
      for (const instance of ['', '1', '2']) {
        const gpu_uuid = `GPU-${gpu}`;
        latest.push(`${gpu_uuid}/${instance}/${then + gpu}`);
        for (const ts of [then - 60_000, then + gpu]) {
          sink.write({
            ts,
            gpu_uuid,
            instance,
            node: 'n1',
            model: 'H100',
            job: '',
            values: new Float64Array(FEATURE_COUNT).fill(gpu === 2 ? Number.NaN : gpu),
            latest: new Float64Array(0),
            latest_ts: ts,
            arrived_at: 0,
            final: false,
          });
        }
      }
    }
    await sink.close();
    await questdb.visible('gpu_features');
    const named = (rows: readonly TableRow[]): string[] =>
      rows.map(({ gpu_uuid, instance, ts }) => `${gpu_uuid}/${instance}/${ts}`);
    for (const limit of [1, 2, 5, 12, 100]) {
      const read: string[] = [];
      for (let cursor: string | undefined; ; ) {
        const page = await pageAt(database, GPU_FEATURES, { equal: {} }, START - 1, { limit, cursor });
        expect([page.total, page.items.length <= limit]).toEqual([12, true]);
        read.push(...named(page.items));
        if (page.next === null) break;
        cursor = page.next;
      }
      expect(read, `${limit} a page`).toEqual(latest);
    }
    const since = await pageAt(database, GPU_FEATURES, { equal: {}, from: then + 2 }, START - 1, { limit: 4 });
    expect([since.total, named(since.items)]).toEqual([6, latest.slice(6, 10)]);
    const foreign = pageAt(database, GPU_FEATURES, { equal: {} }, START, { limit: 4, cursor: 'WzFd' });
    await expect(foreign).rejects.toMatchObject({ code: 'GV-API-001' });
  });
});

describe('rows that are spelled by ourselves', () => {
  const VALUES = {
    SYMBOL: 'a b,c=d\\e',
    VARCHAR: 'risk 3.2 %, "quoted", a\\b,\nc=d 東京 😀',
    TRISTATE: true,
    DOUBLE: -0.1 + 1e-17,
    FLOAT: 1.5,
    LONG: -42,
    BOOLEAN: false,
    TIMESTAMP: START - 123,
    JSON: [{ feature: 'x "y"', value: 1e-7, words: 'a\\b' }, null],
  } as const;
  const rowOf = ({ columns }: TableSpec, gpu_uuid: string, full: boolean): Record<string, unknown> => ({
    ...Object.fromEntries(columns.map(({ name, type }) => [name, full || type === 'SYMBOL' ? VALUES[type] : null])),
    ts: START,
    gpu_uuid,
  });

  it.each([GPU_HEALTH_SCORES, GPU_FAILURE_PREDICTIONS, GPU_ECONOMIC_DECISIONS, GPU_FORECASTS])(
    'are in $name as the client writes them, everything known or nothing',
    async (spec) => {
      const options = { ...questdb.delivery(), rows_max: 10, waiting_max: 100 };
      const client = tableSink<Record<string, unknown>>(spec, options);
      const own = tableSink<Record<string, unknown>>(spec, { ...options, spell: tableRowSpeller(spec) });
      for (const full of [true, false]) {
        client.write(rowOf(spec, `client-${full}`, full));
        own.write(rowOf(spec, `own-${full}`, full));
      }
      await client.close();
      await own.close();
      await questdb.visible(spec.name);
      const rows = await database.query<TableRow>(`SELECT * FROM ${spec.name} WHERE ts = $1`, [new Date(START)]);
      const of = (gpu_uuid: string): object => ({ ...rows.find((row) => row.gpu_uuid === gpu_uuid), gpu_uuid: '' });
      expect(rows).toHaveLength(4);
      for (const full of [true, false]) expect(of(`own-${full}`)).toEqual(of(`client-${full}`));
    },
  );
});
