import { beforeAll, describe, expect, it } from 'vitest';
import type { PredictionBundle } from '../../models/prediction/bundle.ts';
import { asKnownAt, createLandmarkBuilder, LANDMARK_DEFAULTS } from '../../models/prediction/landmarks.ts';
import { MODEL_FEATURES } from '../../models/training/model-features.ts';
import type { FailureLabel } from '../contract/predictions.ts';
import { days } from '../contract/time.ts';
import { courseHistory } from './course.fixture.ts';
import { type KnownOfHistory, type NetworkRetraining, retrainNetwork } from './retrain-network.ts';
import type { TrainingHistory } from './train-on-history.ts';
import { planTraining } from './training-plan.ts';

const SEED = 5;
const SMALL: NetworkRetraining = {
  when: 'auto',
  minutes_max: 60,
  monotonic: () => 0,
  // Of some eighty that failed fifty, and as many others.
  steps_max: 576_000,
  lstm_options: { layers: 1, units: 6, epochs: 3, lanes: 32, window_steps: 24, learning_rate: 1e-2, backend: 'wasm' },
};
const ours = courseHistory({ gpus: 480, days: 150, seed: 1, failing_share: 0.6 });
const others = courseHistory({ gpus: 480, days: 150, seed: 2, failing_share: 0.6, told_by: 'temperature' });

async function known(history: TrainingHistory): Promise<KnownOfHistory> {
  const plan = planTraining(history.from, history.until);
  const builder = createLandmarkBuilder({ ...LANDMARK_DEFAULTS, features: MODEL_FEATURES });
  const watched_until = new Map<string, number>();
  for await (const vectors of history.vectors(plan.from, plan.train_until, days(1))) {
    for (const vector of vectors) {
      if (plan.side(vector.gpu_uuid) !== 'train') continue;
      builder.take(vector);
      watched_until.set(vector.gpu_uuid, vector.ts);
    }
  }
  const train = asKnownAt(builder.finish(history.failures, plan.train_until), plan.train_until);
  return { train, watched_until, plan };
}

async function retrain(
  history: TrainingHistory,
  lstm: PredictionBundle['lstm'],
  change: Partial<NetworkRetraining> = {},
  simulated = false,
) {
  const said: string[] = [];
  const chosen = await retrainNetwork(history, await known(history), {
    lstm,
    network: { ...SMALL, ...change },
    simulated,
    seed: SEED,
    say: (line) => said.push(line),
  });
  return { ...chosen, said };
}

const textOf = (lstm: PredictionBundle['lstm']): string => JSON.stringify(lstm);

/** As one that is shipped: learned from another fleet, whose failures another reading tells. */
let shipped: PredictionBundle['lstm'];
let ownAfter: Awaited<ReturnType<typeof retrain>>;
beforeAll(async () => {
  const { lstm, said } = await retrain(others, null, {}, true);
  if (lstm === null) throw new Error(said.join('\n'));
  shipped = { document: lstm.document, origin: null };
  ownAfter = await retrain(ours, shipped);
}, 120_000);

describe('a network on the history of its own fleet', () => {
  it('foresees boards that it has not learned from better than the shipped one, and tells where it comes from', () => {
    const { lstm, metrics, said } = ownAfter;
    expect(metrics.network_retrained_loss).toBeLessThan(0.8 * (metrics.network_former_loss as number));
    expect(lstm?.origin).toMatchObject({ trained_on: 'mixed', began_with: 'simulated', backend: 'wasm' });
    expect(lstm?.origin).toMatchObject({
      loss: metrics.network_retrained_loss,
      loss_before: metrics.network_former_loss,
    });
    expect(said.join()).toMatch(/learns from 50 of \d\d boards that failed and 50 of \d+ others/);
    expect(said.join()).toContain('the new one is used');
  });

  it('is a function of its seed', async () => {
    expect(textOf((await retrain(ours, shipped)).lstm)).toBe(textOf(ownAfter.lstm));
  });

  it('begins anew where there is none, or one of another size', async () => {
    const { lstm } = await retrain(ours, null);
    expect(lstm?.origin).toMatchObject({ trained_on: 'real', began_with: 'nothing' });
    const { lstm_options } = SMALL;
    const larger = await retrain(ours, shipped, { lstm_options: { ...lstm_options, units: 7 } });
    expect(larger.lstm?.origin).toMatchObject({ trained_on: 'real', began_with: 'nothing' });
  });

  it('knows nothing of failures that were not known when its part of the history ended', async () => {
    const { plan } = await known(ours);
    const uuids = [...new Set(ours.failures.map(({ gpu_uuid }) => gpu_uuid))];
    const late = uuids.map((gpu_uuid): FailureLabel => {
      const failed_at = plan.train_until + 1;
      return {
        ts: failed_at,
        gpu_uuid,
        node: 'n',
        failed_at,
        type: 'memory',
        source: 'hand',
        note: '',
        status: 'confirmed',
      };
    });
    const failures = [...ours.failures.filter(({ failed_at }) => failed_at <= plan.train_until), ...late];
    expect(failures).not.toEqual(ours.failures);
    expect(textOf((await retrain({ ...ours, failures }, shipped)).lstm)).toBe(textOf(ownAfter.lstm));
  });

  it('stays as it is where the new one is not better', async () => {
    const { lstm, metrics, said } = await retrain(ours, ownAfter.lstm, {
      lstm_options: { ...SMALL.lstm_options, learning_rate: 3 },
    });
    expect(lstm).toBe(ownAfter.lstm);
    expect(said.join('\n')).toMatch(/it goes on as it is, .*loss on boards left out is/);
    expect(Object.values(metrics).every(Number.isFinite)).toBe(true);
  });

  it('ends when its time is over, and says so', async () => {
    let now = 0;
    const { lstm, said } = await retrain(ours, shipped, { minutes_max: 1, monotonic: () => (now += 1_000) });
    expect(said.join('\n')).toContain('its time was over');
    expect(lstm?.origin?.ended ?? 'time').toBe('time');
  });
});
