import { beforeAll, describe, expect, it } from 'vitest';
import { type LoadedBundle, loadBundle } from '../../../models/prediction/bundle.ts';
import { createEnsemble } from '../../../models/prediction/ensemble.ts';
import { createModelJudge, type JudgedLandmarks } from '../../../models/prediction/judge-model.ts';
import { createLandmarkBuilder, LANDMARK_DEFAULTS } from '../../../models/prediction/landmarks.ts';
import { PLANTED_FEATURES, plantedHistory } from '../../../models/prediction/planted.fixture.ts';
import { trainEnsemble } from '../../../models/prediction/train-ensemble.ts';
import { heuristic } from '../../../operators/prediction/heuristic.ts';
import { hours } from '../../../pipeline/contract/time.ts';
import { simulateLives } from '../../lives/run-lives.ts';
import { ENSEMBLE, type FleetReport, HEURISTIC, judgeFleet } from './judge-fleet.ts';
import { simulatedPrediction } from './simulated-prediction.ts';
import { standInModel } from './stand-in-model.ts';
import { createFleetWatch } from './watch-fleet.ts';

const COSTS = { false_alarm_usd: 400, missed_failure_usd: 6_000 };
const silent = (): void => undefined;

let planted: LoadedBundle;
beforeAll(async () => {
  const teacher = plantedHistory({ gpus: 160, days: 150, seed: 1 });
  const builder = createLandmarkBuilder({ ...LANDMARK_DEFAULTS, features: PLANTED_FEATURES });
  for await (const vectors of teacher.vectors()) for (const vector of vectors) builder.take(vector);
  const bundle = await trainEnsemble(
    builder.finish(teacher.failures, teacher.until),
    plantedHistory({ gpus: 120, days: 150, seed: 2 }),
    {
      name: 'planted',
      trained_on: 'simulated',
      seed: 7,
      params: { num_boost_round: 60, early_stopping_rounds: 15, eta: 0.2 },
      failures_min: 8,
      background_ratio: 1,
      costs: COSTS,
      lstm: null,
      say: silent,
    },
  );
  planted = loadBundle(JSON.parse(JSON.stringify(bundle)), 'test');
}, 60_000);

describe('a fleet whose failures were planted', () => {
  let report: FleetReport;
  beforeAll(async () => {
    const history = plantedHistory({ gpus: 100, days: 150, seed: 3 });
    const watch = createFleetWatch(planted);
    for await (const vectors of history.vectors()) for (const vector of vectors) watch.take(vector);
    report = judgeFleet(watch.finish(history.failures, history.until), history.failures, planted, {
      seed: 1,
      draws: 20,
      costs: COSTS,
      groupsOf: () => [],
    });
  });
  const of = (days: number, model: string) =>
    report.horizons.find((one) => one.days === days)?.reports.find((one) => one.model === model);

  it('is foreseen by the ensemble at every horizon, beside the heuristic', () => {
    expect(report.gpus).toBe(100);
    expect(of(7, ENSEMBLE)?.auc?.value).toBeGreaterThan(0.95);
    for (const days of [7, 30, 90]) {
      expect(of(days, ENSEMBLE)?.average_precision?.value).toBeGreaterThan(
        of(days, HEURISTIC)?.average_precision?.value ?? 1,
      );
      expect(of(days, ENSEMBLE)?.rows).toBe(of(days, HEURISTIC)?.rows);
    }
    expect(of(7, ENSEMBLE)?.rows).toBeGreaterThan(of(90, ENSEMBLE)?.rows ?? 0);
  });

  it('has ablations of the parts that there are', () => {
    const names = report.ablations.map(({ model }) => model);
    expect(names[0]).toBe(ENSEMBLE);
    expect(names).toEqual(expect.arrayContaining(['trees alone', 'cox alone', 'without trees', 'without cox']));
    expect(names.join()).not.toContain('lstm');
    const ap = (model: string) => report.ablations.find((one) => one.model === model)?.average_precision?.value ?? 0;
    expect(report.ablations[0]?.average_precision).toEqual(of(30, ENSEMBLE)?.average_precision);
    expect(ap('without trees')).toBeLessThan(ap(ENSEMBLE));
  });

  it('has alarms that tell which kind of failure comes, in time', () => {
    const [cheapest] = report.alarms;
    expect(cheapest).toMatchObject({ model: ENSEMBLE, threshold: planted.bundle.threshold_30d });
    expect(cheapest?.foreseen).toBeGreaterThan(0.9 * (cheapest?.failures ?? 0));
    expect(cheapest?.lead_days?.median).toBeGreaterThan(5);
    for (const { group, foreseen, type_right } of cheapest?.groups ?? []) {
      expect(['memory', 'thermal']).toContain(group);
      expect(type_right).toBeGreaterThan(0.8 * foreseen);
    }
    const recalls = report.alarms.filter(({ model, at }) => model === ENSEMBLE && at.startsWith('recall'));
    expect(recalls.map(({ at }) => at)).toEqual(['recall 0.3', 'recall 0.5', 'recall 0.7']);
    for (const { at, recall } of recalls) expect(recall).toBeGreaterThanOrEqual(Number(at.slice(7)));
  });
});

describe('a simulated fleet', () => {
  it('is seen as the running system would see it: what is carried between days is carried', async () => {
    const size = { gpus: 40, days: 36, failure_rate_scale: 40, interval_ms: hours(1), every_ms: hours(2) };
    const loaded = await standInModel(
      { ...size, rounds: 10, chunks: 8, epochs: 1 },
      { seed: 5, costs: COSTS, say: silent, monotonic: () => 0 },
    );
    expect(loaded.lstm).not.toBeNull();
    const lives = simulateLives({ ...size, gpus: 16, days: 8, seed: 9 });
    const watch = createFleetWatch(loaded);
    const plain = [createEnsemble(loaded, 'plain'), heuristic].map(createModelJudge);
    for (const vectors of lives.vectors()) {
      for (const vector of vectors) for (const one of [watch, ...plain]) one.take(vector);
    }
    const watched = watch.finish(lives.failures, lives.end_ms);
    const [ensemble, rule] = plain.map((one) => one.finish(lives.failures, lives.end_ms)) as [
      JudgedLandmarks,
      JudgedLandmarks,
    ];
    expect(watched.landmarks).toEqual(ensemble.landmarks);
    expect(watched.ensemble).toEqual(ensemble.said);
    expect(watched.heuristic).toEqual(rule.said);
    expect(watched.inputs).toHaveLength(ensemble.said.length);
  }, 120_000);

  it('gives the same figures for the same seed, others for another', () => {
    const run = (seed: number) =>
      simulatedPrediction(planted, {
        fleet: { gpus: 24, days: 40 },
        other: { gpus: 24, days: 40 },
        seed,
        interval_ms: hours(1),
        every_ms: hours(3),
        failure_rate_scale: 20,
        draws: 5,
        costs: COSTS,
        say: silent,
      });
    const once = run(3);
    expect(once.fleet.horizons.map(({ days }) => days)).toEqual([7, 30, 90]);
    expect(once.fleet.gpu_days).toBeGreaterThan(0.8 * 24 * 38);
    expect(once.other.gpus).toBe(24);
    expect(run(3)).toEqual(once);
    expect(run(4)).not.toEqual(once);
  }, 60_000);
});
