import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { asSent, dashboardQueries, type Shown } from '../../bench/grafana/dashboard-queries.ts';
import { fillFleet } from '../../bench/grafana/fill-fleet.ts';
import { gpuName } from '../../bench/grafana/fill-tables.ts';
import type { Database } from '../../pipeline/contract/database.ts';
import { days, hours, minutes, seconds } from '../../pipeline/contract/time.ts';
import { prepareDatabase } from '../../sinks/questdb/prepare-database.ts';
import { startTestQuestdb, type TestQuestdb } from '../../sinks/questdb/questdb.fixture.ts';

/** Every statement of the dashboards, as Grafana sends it, against a real QuestDB with a fleet in it. */
const GPUS = 104;
/** One that has everything. */
const SICK = gpuName(3);
/** Two boards alone in their hours, long before the fleet: one cut into seven instances, one whole. */
const CUT = { gpu: 'GPU-cut', instances: 7, watts: 100, limit_watts: 400 };
const WHOLE = { gpu: 'GPU-whole', watts: 700, limit_watts: 700 };
const CUT_SPAN_MS = hours(3);
const TIMESTAMP = 1114;
const NUMBERS = [20, 21, 23, 700, 701];

let questdb: TestQuestdb;
let client: pg.Client;
let now = 0;
let cut_from = 0;

beforeAll(async () => {
  questdb = await startTestQuestdb({ heap_max_mib: 512 });
  const [clock] = await questdb.database.query<{ now: number }>('SELECT now() AS now');
  now = clock?.now ?? 0;
  cut_from = Math.floor((now - days(10)) / hours(1)) * hours(1);
  await fillCutBoard(questdb.database);
  await fillFleet(questdb.database, {
    gpus: GPUS,
    end: now,
    samples: [
      { span_ms: days(8), step_ms: minutes(30) },
      { span_ms: minutes(75), step_ms: seconds(30) },
    ],
    rollups: null,
    used: () => true,
    health: { span_ms: days(8), step_ms: hours(1) },
    predictions: { span_ms: days(15), step_ms: hours(1) },
    decisions: { span_ms: days(8), step_ms: hours(1) },
    forecasts: { span_ms: days(8), step_ms: hours(6) },
    say: () => {},
  });
  // As Grafana's driver: statements without parameters, in the simple protocol.
  client = new pg.Client(questdb.services.questdb_pg_url);
  await client.connect();
});
afterAll(async () => {
  await client?.end();
  await questdb?.stop();
});

/**
 * What every instance tells is its board's: 100 W, one PCIe replay and three NVLink errors more in the second hour, half of
 * the time held back by power. Meanwhile the seventh instance is away; the board's own row tells its power alone.
 */
async function fillCutBoard(database: Database): Promise<void> {
  await prepareDatabase(database, { rollups: [] });
  const steps = CUT_SPAN_MS / seconds(30);
  const start = new Date(cut_from).toISOString();
  const from = `(SELECT dateadd('s', ((x - 1) * 30)::INT, '${start}'::TIMESTAMP) AS ts, x FROM long_sequence(${steps}))`;
  const risen = (by: number): string => `CASE WHEN x > ${steps / 2} THEN ${4 + by}.0 ELSE 4.0 END`;
  const counters = `${risen(1)}, ${risen(2)}, ${risen(1)}, x * 15e9`;
  const rows = [
    ...[...Array(CUT.instances).keys()].map((i) => {
      const away = i === CUT.instances - 1 ? ` WHERE x <= ${steps / 3} OR x > ${(steps / 3) * 2}` : '';
      return `'${CUT.gpu}', 'node-cut', '${i + 1}', ${CUT.watts}, ${CUT.limit_watts}, ${counters} FROM ${from}${away}`;
    }),
    `'${CUT.gpu}', 'node-cut', '', ${CUT.watts}, ${CUT.limit_watts}, NULL, NULL, NULL, NULL FROM ${from}`,
    `'${WHOLE.gpu}', 'node-cut', '', ${WHOLE.watts}, ${WHOLE.limit_watts}, 4.0, 4.0, 4.0, 0.0 FROM ${from}`,
  ];
  const columns =
    'power_watts, power_limit_watts, pcie_replay_total, nvlink_crc_flit_errors_total, nvlink_replay_errors_total, power_violation_ns_total';
  for (const row of rows) {
    await database.query(`INSERT INTO gpu_metrics (ts, gpu_uuid, node, instance, ${columns}) SELECT ts, ${row}`);
  }
}

interface Answer {
  readonly fields: readonly { readonly name: string; readonly dataTypeID: number }[];
  readonly rows: readonly (readonly (string | null)[])[];
}

async function ask(sql: string): Promise<Answer> {
  const types = { getTypeParser: () => (text: string) => text };
  return client.query({ text: sql, rowMode: 'array', types: types as never });
}

const range = (span_ms: number, ahead_ms = 0): Shown => ({ from: now - span_ms, to: now + ahead_ms, one_gpu: SICK });
const week = () => range(days(7));
const ahead = () => range(days(7), days(3));
const hour = () => range(hours(1));
/** What each dashboard opens with. */
const FIRST: Readonly<Record<string, () => Shown>> = {
  'GPU vitals: live overview': hour,
  'GPU vitals: fleet health': week,
  'GPU vitals: predictive': ahead,
};
/** Read from bits, which have no rollup. */
const RAW_ONLY = 'Held back';

const QUERIES = dashboardQueries();
const queryOf = (name: string, dashboard = ''): (typeof QUERIES)[number] =>
  QUERIES.find((query) => query.name === name && query.dashboard.includes(dashboard)) as (typeof QUERIES)[number];

function judge(query: (typeof QUERIES)[number], { fields, rows }: Answer): void {
  expect(rows.length).toBeGreaterThan(0);
  const numbers = fields.flatMap(({ dataTypeID }, i) => (NUMBERS.includes(dataTypeID) ? [i] : []));
  const time = fields.findIndex(({ name }) => name === 'time');
  if (query.kind === 'variable') {
    expect(fields).toHaveLength(1);
    expect(rows.every(([name]) => typeof name === 'string' && name !== '')).toBe(true);
    return;
  }
  if (query.kind === 'annotation') {
    expect(fields.map(({ name }) => name)).toEqual(['time', 'timeend', 'text', 'tags']);
    expect(fields.slice(0, 2).map(({ dataTypeID }) => dataTypeID)).toEqual([TIMESTAMP, TIMESTAMP]);
    return;
  }
  if (query.format === 'time_series') {
    expect(fields[time]?.dataTypeID).toBe(TIMESTAMP);
    const times = rows.map((row) => row[time] ?? '');
    expect(times).toEqual([...new Set(times)].sort());
    expect(fields.length).toBe(numbers.length + 1);
    expect(rows.length).toBeLessThan(5_000);
  }
  if (query.type === 'stat' || query.type === 'piechart') expect(rows).toHaveLength(1);
  if (query.type === 'stat') expect(numbers).toHaveLength(1);
  if (query.type !== 'table') expect(numbers.length).toBeGreaterThan(0);
  for (const i of numbers) {
    // A column that is empty in every row would be a line that is never drawn.
    expect(
      rows.some((row) => row[i] !== null && Number.isFinite(Number(row[i]))),
      fields[i]?.name,
    ).toBe(true);
  }
}

describe('dashboards', () => {
  it.each(QUERIES.map((query) => [query.dashboard, query.name, query.refId, query] as const))(
    '%s, %s %s: as it opens',
    async (dashboard, _name, _ref, query) => {
      judge(query, await ask(asSent(query, (FIRST[dashboard] as () => Shown)())));
    },
  );

  it.each([
    ['an hour', hour],
    ['six hours', () => range(hours(6))],
    ['a day', () => range(days(1))],
    ['a week', week],
    ['every tier by hand', () => ({ ...hour(), resolution: '5m' })],
  ])('answer over %s too', async (_, shown) => {
    for (const query of QUERIES.filter(({ type }) => type === 'timeseries')) {
      if (query.name === RAW_ONLY && shown !== hour) continue;
      // Forecasts stand beside whole hours and days.
      if (query.rawSql.includes('$one_gpu') && shown().to - shown().from < days(1)) continue;
      const { fields, rows } = await ask(asSent(query, shown()));
      expect(rows.length, query.name).toBeGreaterThan(0);
      expect(fields[0]?.name, query.name).toBe('time');
    }
  });

  it('follow the choice of cluster, node and GPU', async () => {
    const node = 'node-0000';
    const count = (title: string) => QUERIES.find(({ name }) => name === title) as (typeof QUERIES)[number];
    const reporting = count('GPUs reporting');
    const gpus = async (shown: Partial<Shown>): Promise<number> =>
      Number((await ask(asSent(reporting, { ...hour(), ...shown }))).rows[0]?.[0]);
    expect(await gpus({})).toBe(GPUS);
    expect(await gpus({ cluster: ['cluster-0'] })).toBe(GPUS);
    expect(await gpus({ cluster: ['cluster-9'] })).toBe(0);
    expect(await gpus({ node: [node] })).toBe(8);
    expect(await gpus({ cluster: ['cluster-0'], node: [node, 'node-0001'] })).toBe(16);
    expect(await gpus({ gpu: [SICK, "it's none"] })).toBe(1);
    expect(await gpus({ node: ['node-0001'], gpu: [SICK] })).toBe(0);
    const chained = await ask(asSent(count('variable gpu'), { ...hour(), node: [node] }));
    expect(chained.rows).toHaveLength(8);
    for (const query of QUERIES) {
      const answer = await ask(asSent(query, { ...week(), cluster: ['cluster-0'], node: [node], gpu: [SICK] }));
      expect(answer.fields.length, query.name).toBeGreaterThan(0);
    }
  });

  it('say the same at every resolution', async () => {
    const power = QUERIES.find(({ dashboard, name }) => name === 'Power' && dashboard.includes('live'));
    const shown = { ...range(minutes(30)), from: now - minutes(60), to: now - minutes(30) };
    const means: number[] = [];
    for (const resolution of ['raw', '1m', '5m']) {
      const { rows } = await ask(asSent(power as (typeof QUERIES)[number], { ...shown, resolution }));
      means.push(rows.reduce((sum, row) => sum + Number(row[1]), 0) / rows.length);
    }
    for (const mean of means) expect(mean / (means[0] as number)).toBeCloseTo(1, 1);
  });

  it('count what is silent, and energy as power times time', async () => {
    const named = (name: string) => QUERIES.find((query) => query.name === name && query.type === 'stat');
    const silent = await ask(asSent(named('Silent GPUs') as (typeof QUERIES)[number], hour()));
    expect(silent.rows).toEqual([['1']]);
    const energy = await ask(asSent(named('Energy') as (typeof QUERIES)[number], week()));
    // 250 to 249 + 104 W by the GPU's number, and 50 W on average of chance.
    const kilowatts = (GPUS * (250 + (GPUS - 1) / 2 + 50)) / 1_000;
    expect(Number(energy.rows[0]?.[0]) / (kilowatts * 7 * 24)).toBeCloseTo(1, 1);
  });

  describe.each(['raw', '1m', '5m', '1h'])('count a board once, cut into instances or whole, at %s', (resolution) => {
    const told = async (name: string, dashboard = '', more: Partial<Shown> = {}): Promise<Record<string, string>[]> => {
      const shown = { ...range(0), from: cut_from, to: cut_from + CUT_SPAN_MS - 1, resolution, ...more };
      const { fields, rows } = await ask(asSent(queryOf(name, dashboard), shown));
      return rows.map((row) => Object.fromEntries(fields.map((field, i) => [field.name, row[i] ?? ''])));
    };
    const total = (rows: readonly Record<string, string>[], column: string): number =>
      rows.reduce((sum, row) => sum + Number(row[column]), 0);

    it.each(['live', 'health'])('power, %s', async (dashboard) => {
      const rows = await told('Power', dashboard);
      expect(rows.length).toBeGreaterThanOrEqual(3);
      for (const row of rows) expect(Number(row.power_watts)).toBeCloseTo(CUT.watts + WHOLE.watts, 3);
      if (dashboard !== 'live') return;
      for (const row of rows) expect(Number(row.power_limit_watts)).toBeCloseTo(CUT.limit_watts + WHOLE.limit_watts, 3);
    });

    it('energy and its cost', async () => {
      const kilowatt_hours = ((CUT.watts + WHOLE.watts) / 1_000) * (CUT_SPAN_MS / hours(1));
      expect(total(await told('Energy'), 'energy')).toBeCloseTo(kilowatt_hours, 3);
      expect(total(await told('Cost'), 'cost')).toBeCloseTo(kilowatt_hours * 0.156, 3);
    });

    it('what counters rose by', async () => {
      const rows = await told('Link errors');
      expect(total(rows, 'pcie_replays')).toBe(1);
      expect(total(rows, 'nvlink_errors')).toBe(3);
      const [board, ...others] = await told('Where errors were counted');
      expect(others).toEqual([]);
      expect(board).toMatchObject({ gpu_uuid: CUT.gpu, node: 'node-cut' });
      expect([board?.pcie_replays, board?.nvlink_errors, board?.corrected].map(Number)).toEqual([1, 3, 0]);
    });

    it('the time that it was held back', async () => {
      const both = await told('Time held back');
      const cut = await told('Time held back', '', { gpu: [CUT.gpu] });
      // Samples have no extremes to take it from.
      if (resolution === 'raw') return expect(both).toEqual([]);
      expect(both.length).toBeGreaterThanOrEqual(3);
      expect(total(both, 'power') / total(cut, 'power')).toBeCloseTo(0.5, 6);
    });
  });
});
