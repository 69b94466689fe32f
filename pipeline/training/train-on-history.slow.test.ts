import { beforeAll, describe, expect, it } from 'vitest';
import { loadBundle, type PredictionBundle } from '../../models/prediction/bundle.ts';
import { createEnsemble } from '../../models/prediction/ensemble.ts';
import { createModelJudge } from '../../models/prediction/judge-model.ts';
import { outcome } from '../../models/prediction/landmarks.ts';
import { modelCard } from '../../models/prediction/model-card.ts';
import { heuristic } from '../../operators/prediction/heuristic.ts';
import { hours } from '../contract/time.ts';
import { courseHistory } from './course.fixture.ts';
import { type TrainedModel, type TrainOnHistoryOptions, trainOnHistory } from './train-on-history.ts';
import { planTraining } from './training-plan.ts';

const SEED = 5;
const ours = courseHistory({ gpus: 480, days: 150, seed: 1, failing_share: 0.6 });
const others = courseHistory({ gpus: 480, days: 150, seed: 2, failing_share: 0.6, told_by: 'temperature' });

const train = (
  history: typeof ours,
  lstm: PredictionBundle['lstm'],
  when: TrainOnHistoryOptions['network']['when'],
  simulated = false,
): Promise<TrainedModel> =>
  trainOnHistory(history, {
    seed: SEED,
    params: { num_boost_round: 10, max_depth: 2 },
    costs: { false_alarm_usd: 250, missed_failure_usd: 2_500 },
    simulated,
    champion: heuristic,
    lstm,
    network: {
      when,
      minutes_max: 60,
      monotonic: () => 0,
      // Fewer of those that live on than there are: what is learned is put back on the odds of all.
      steps_max: 432_000,
      lstm_options: {
        layers: 1,
        units: 6,
        epochs: 3,
        lanes: 32,
        window_steps: 24,
        learning_rate: 1e-2,
        backend: 'wasm',
      },
    },
    failures_min: 5,
    margin: 0,
    say: () => undefined,
  });

let shipped: PredictionBundle['lstm'];
let kept: TrainedModel;
let own: TrainedModel;
beforeAll(async () => {
  const simulation = await train(others, null, 'always', true);
  expect(simulation.bundle.trained_on).toBe('simulated');
  if (simulation.bundle.lstm === null) throw new Error('it learned nothing');
  shipped = { document: simulation.bundle.lstm.document, origin: null };
  kept = await train(ours, shipped, 'never');
  own = await train(ours, shipped, 'always');
}, 240_000);

/** Of the boards that judge, in the last part of the history: failures within 30 days as foreseen and as they came. */
async function foreseen({
  bundle,
}: TrainedModel): Promise<{ told: number; came: number; upper: number; upper_came: number }> {
  const plan = planTraining(ours.from, ours.until);
  const judge = createModelJudge(createEnsemble(loadBundle(bundle, 'test'), 'test'));
  for await (const vectors of ours.vectors(plan.calibrate_until, plan.until, hours(1))) {
    for (const vector of vectors) if (plan.side(vector.gpu_uuid) === 'judge') judge.take(vector);
  }
  const { landmarks, said } = judge.finish(ours.failures, plan.until);
  const rows: [number, number][] = [];
  for (let row = 0; row < landmarks.rows; row++) {
    const label = outcome(landmarks, row, 30);
    if (!Number.isNaN(label)) rows.push([said[landmarks.taken[row] as number]?.p30 ?? Number.NaN, label]);
  }
  const sum = (some: typeof rows, k: 0 | 1): number => some.reduce((total, one) => total + one[k], 0) / some.length;
  const upper = rows.toSorted((a, b) => b[0] - a[0]).slice(0, Math.floor(rows.length / 5));
  return { told: sum(rows, 0), came: sum(rows, 1), upper: sum(upper, 0), upper_came: sum(upper, 1) };
}

describe('a bundle whose network has learned from its own fleet', () => {
  it('foresees boards that taught nobody better than with the shipped network', () => {
    expect(own.metrics.auc_30d).toBeGreaterThan((kept.metrics.auc_30d as number) + 0.1);
    expect(own.metrics.brier_30d).toBeLessThan(kept.metrics.brier_30d as number);
  });

  it('means what it says, though it learned from a sample', async () => {
    const { told, came, upper, upper_came } = await foreseen(own);
    console.info({ told, came, upper, upper_came }, own.metrics, kept.metrics);
    expect(told / came).toBeGreaterThan(0.6);
    expect(told / came).toBeLessThan(1.6);
    expect(upper / upper_came).toBeGreaterThan(0.6);
    expect(upper / upper_came).toBeLessThan(1.6);
  });

  it('says what its network has seen, and one that was shipped goes on saying so', () => {
    expect([kept.bundle.trained_on, own.bundle.trained_on]).toEqual(['mixed', 'mixed']);
    expect(kept.network).toBe('as shipped, trained on simulated fleets');
    expect(own.network).toMatch(/^trained on simulated fleets first, then this fleet's own history, 2026-/);
    const facts = { command: 'c', seed: 1, data: [], metrics: {}, judged: [] };
    expect(modelCard(kept.bundle, facts)).toContain('The recurrent network: as shipped, trained on simulated fleets.');
    expect(modelCard(own.bundle, facts)).toContain(own.network);
    for (const { bundle } of [kept, own]) expect(modelCard(bundle, facts)).toContain('Trained in part on simulated');
    expect(kept.metrics).not.toHaveProperty('network_retrained_loss');
    expect(own.metrics.network_retrained_loss).toBeLessThan(own.metrics.network_former_loss as number);
  });

  it('is real in whole once no network of it began with a simulation, and then says nothing of one', async () => {
    const real = await train(ours, null, 'always');
    expect(real.bundle.trained_on).toBe('real');
    expect(modelCard(real.bundle, { command: 'c', seed: 1, data: [], metrics: {}, judged: [] })).not.toContain(
      'imulat',
    );
    // A byte for a byte: the whole bundle is a function of history and seed.
    expect(Buffer.from((await train(ours, null, 'always')).bytes).equals(Buffer.from(real.bytes))).toBe(true);
  });
});
