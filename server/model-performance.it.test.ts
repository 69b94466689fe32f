import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { GPU_FAILURE_PREDICTIONS } from '../pipeline/contract/prediction-tables.ts';
import type { FailureLabel, Prediction } from '../pipeline/contract/predictions.ts';
import { prepareDatabase } from '../sinks/questdb/prepare-database.ts';
import { startTestQuestdb, type TestQuestdb } from '../sinks/questdb/questdb.fixture.ts';
import { tableSink } from '../sinks/questdb/table-sink.ts';
import { writeLabels } from '../sinks/questdb/write-labels.ts';
import { apiWorld } from './api.fixture.ts';

const DAY = 86_400_000;
const T0 = Date.UTC(2026, 0, 1);
const at = (day: number): number => T0 + day * DAY;
const PATH = '/api/v1/models/performance';

let questdb: TestQuestdb;
let world: ReturnType<typeof apiWorld>;

const prediction = (gpu_uuid: string, ts: number, p: number, changes: Partial<Prediction> = {}): Prediction => ({
  ts,
  gpu_uuid,
  node: 'n1',
  instance: '',
  failure_prob_7d: p,
  failure_prob_30d: Math.min(1, p + 0.05),
  failure_prob_90d: Math.min(1, p + 0.1),
  predicted_failure_type: 'other',
  estimated_ttf_days: null,
  ttf_low_days: null,
  ttf_high_days: null,
  confidence: 1,
  model_name: 'heuristic',
  model_version: '1',
  contributions: [],
  explanation: 'planted',
  ...changes,
});
const label = (gpu_uuid: string, day: number, changes: Partial<FailureLabel> = {}): FailureLabel => ({
  ts: at(day),
  gpu_uuid,
  node: 'n1',
  failed_at: at(day),
  type: 'memory',
  source: 'hand',
  note: '',
  status: 'confirmed',
  ...changes,
});

async function store(rows: readonly Prediction[]): Promise<void> {
  const sink = tableSink<Prediction>(GPU_FAILURE_PREDICTIONS, {
    ...questdb.delivery(),
    rows_max: 1_000,
    waiting_max: 100_000,
  });
  for (const row of rows) sink.write(row);
  await sink.flush();
  await sink.close();
  await questdb.visible(GPU_FAILURE_PREDICTIONS.name);
}

async function items(query = ''): Promise<Record<string, unknown>[]> {
  const { status, body } = await world.json(`${PATH}${query}`);
  expect(body.code).toBeUndefined();
  expect(status).toBe(200);
  return body.items;
}

beforeAll(async () => {
  questdb = await startTestQuestdb();
  await prepareDatabase(questdb.database);
  const rows: Prediction[] = [];
  for (let day = 0; day < 14; day++) {
    // Every day has one at six that says nonsense and one at noon that counts.
    for (const uuid of ['GPU-0', 'GPU-1', 'GPU-2', 'GPU-3']) rows.push(prediction(uuid, at(day + 0.25), 0.95));
    rows.push(prediction('GPU-0', at(day + 0.5), day >= 6 && day < 10 ? 0.8 : 0.2));
    // A sliced board is judged by its lowest instance: 10 comes after 2.
    rows.push(prediction('GPU-1', at(day + 0.5), 0.2));
    rows.push(prediction('GPU-2', at(day + 0.5), day === 3 ? 0.6 : 0.2, { instance: '2' }));
    rows.push(prediction('GPU-2', at(day + 0.5), 0.99, { instance: '10' }));
    // Of another model, and retired before its horizons have passed.
    rows.push(prediction('GPU-3', at(day + 0.5), 0.7, { model_name: 'ensemble', model_version: '2026-01-01' }));
  }
  await store(rows.filter(({ gpu_uuid, ts }) => gpu_uuid !== 'GPU-2' || ts % DAY !== DAY / 4));
  await questdb.database.query(
    `INSERT INTO gpu_assets (ts, gpu_uuid, node, status, registered_at, retired_at) VALUES ('2025-01-01', 'GPU-3', 'n1', 'retired', '2025-01-01', '2026-01-14T23:00:00Z')`,
  );
  await questdb.visible('gpu_assets');
  await writeLabels(questdb.database, [
    label('GPU-0', 10.5),
    label('GPU-1', 12.5),
    label('GPU-2', 9, { status: 'rejected' }),
    label('GPU-2', 8, { status: 'suggested' }),
    label('GPU-unheard', 5),
  ]);
}, 180_000);
afterAll(async () => {
  await questdb?.stop();
});
beforeEach(() => {
  world = apiWorld({ database: questdb.database });
  // Event time has gone on: every horizon of 7 days has passed.
  world.sample('GPU-0', { power_watts: 1 }, { ts: at(30.5) });
});

describe('GET /models/performance on a real database', () => {
  it('answers what was computed by hand', async () => {
    const found = await items('?horizon=7&threshold=0.5');
    expect(found).toHaveLength(2);
    const heuristic = found.find(({ model_name }) => model_name === 'heuristic') ?? {};
    // Before their failure within 7 days: days 3 to 9 of GPU-0, 5 to 11 of GPU-1; alarms: GPU-0 on 6 to 9, GPU-2 on 3.
    expect(heuristic).toMatchObject({
      model_version: '1',
      horizon_days: 7,
      from: new Date(at(0.5)).toISOString(),
      to: new Date(at(13.5)).toISOString(),
      predictions: 42,
      settled: 42,
      effective: 42,
      gpus: 3,
      failures: 2,
      failures_in_time: 1,
      threshold: 0.5,
      threshold_source: 'given',
      precision: 0.8,
      lead_time_days: { low: 4, median: 4, high: 4 },
      alarms: [],
    });
    expect(heuristic.recall).toBeCloseTo(4 / 14, 12);
    expect(heuristic.auc).toBeCloseTo((4 * 28 + 10 * 13.5) / (14 * 28), 12);
    const brier = heuristic.brier as { score: number };
    expect(brier.score).toBeCloseTo((4 * 0.04 + 10 * 0.64 + 0.36 + 27 * 0.04) / 42, 12);
    expect(heuristic.calibration).toMatchObject([
      { from: 0.2, to: 0.3, predictions: 37, gpus: 3, observed: 10 / 37 },
      { from: 0.5, to: 0.7, predictions: 1, gpus: 1, observed: 0 },
      { from: 0.7, to: 1, predictions: 4, gpus: 1, observed: 1 },
    ]);
    expect(heuristic.months).toMatchObject([{ month: '2026-01', predictions: 42, precision: 0.8 }]);
    // Retired on day 13: of 14 days only those to day 6 could be followed for a week.
    const ensemble = found.find(({ model_name }) => model_name === 'ensemble') ?? {};
    expect(ensemble).toMatchObject({
      predictions: 14,
      settled: 7,
      gpus: 1,
      failures: 0,
      precision: 0,
      recall: null,
      auc: null,
    });
  });

  it('tells by horizon, span and model, and knows nothing of survival before its time', async () => {
    const all = await items('?model_name=heuristic');
    expect(all.map(({ horizon_days }) => horizon_days)).toEqual([7, 30, 90]);
    // Within 30 days every prediction before its failure counts: days 0 to 9 and 0 to 11; none else is over but day 0.
    expect(all[1]).toMatchObject({ predictions: 42, settled: 22 + 1, failures: 2 });
    expect(all[2]).toMatchObject({
      predictions: 42,
      settled: 22,
      failures: 2,
      brier: null,
      precision: null,
      auc: null,
    });
    const span = `from=${at(3)}&to=${new Date(at(7)).toISOString()}`;
    const some = await items(`?horizon=7&model_version=1&${span}&threshold=0.5`);
    expect(some).toMatchObject([{ predictions: 12, precision: 1 / 2, failures: 2 }]);
    expect(await items('?horizon=7&from=2027-01-01')).toEqual([]);
  });

  it('chooses alarms by cost, and takes another price', async () => {
    const [byDefault] = await items('?horizon=7&model_name=heuristic');
    expect(byDefault).toMatchObject({ threshold_source: 'prior', threshold: 250 / 2_750, recall: 1, precision: 1 / 3 });
    const dear = 'cost_false_alarm_usd=3000&cost_missed_failure_usd=1000';
    const [cautious] = await items(`?horizon=7&model_name=heuristic&${dear}`);
    expect(cautious).toMatchObject({ threshold: 0.75, precision: 1, failures_in_time: 1 });
  });

  it('follows labels at once and predictions within a minute', async () => {
    const [before] = await items('?horizon=7&model_name=heuristic&threshold=0.5');
    expect(before).toMatchObject({ failures: 2 });
    await writeLabels(questdb.database, [label('GPU-2', 4)]);
    const [after] = await items('?horizon=7&model_name=heuristic&threshold=0.5');
    expect(after).toMatchObject({ failures: 3, failures_in_time: 2, precision: 1 });
    await writeLabels(questdb.database, [label('GPU-2', 4, { status: 'rejected' })]);
    await store([prediction('GPU-2', at(14.5), 0.9, { instance: '2' })]);
    world.clock.advance(61_000);
    const [later] = await items('?horizon=7&model_name=heuristic&threshold=0.5');
    expect(later).toMatchObject({ failures: 2, predictions: 43 });
  });

  it.each([
    ['horizon=8', 'horizon'],
    ['threshold=2', 'threshold'],
    ['cost_false_alarm_usd=-1', 'cost_false_alarm_usd'],
    ['cost_missed_failure_usd=0', 'cost_missed_failure_usd'],
    ['from=2026-02-01&to=2026-01-01', 'from'],
  ])('refuses %s', async (query, field) => {
    const { status, body } = await world.json(`${PATH}?${query}`);
    expect([status, body.code]).toEqual([400, 'GV-API-001']);
    expect(JSON.stringify(body)).toContain(field);
  });

  it('shows its main figures to Prometheus', async () => {
    const metric = async (): Promise<string> => (await world.get('/metrics')).text();
    expect(await metric()).toContain('# TYPE gpu_vitals_prediction_brier_score gauge');
    await vi.waitFor(async () => {
      const text = await metric();
      const names = ['brier_score', 'precision', 'recall', 'lead_time_days', 'calibration_error', 'drift_alarms'];
      for (const name of names) {
        expect(text).toMatch(
          new RegExp(`gpu_vitals_prediction_${name}\\{model="heuristic",version="1",horizon="7"\\} [\\d.e-]+\\n`),
        );
      }
      // Of 90 days nothing can be told yet.
      expect(text).not.toMatch(/prediction_brier_score\{model="heuristic",version="1",horizon="90"\}/);
    });
  });

  it('answers 503 without the database, and figures are gone from Prometheus', async () => {
    const lost = apiWorld();
    lost.setAway(true);
    expect(await lost.json(PATH)).toMatchObject({ status: 503, body: { code: 'GV-API-003' } });
    expect(await (await lost.get('/metrics')).text()).not.toContain('prediction_precision{');
  });
});
