import { describe, expect, it } from 'vitest';
import { asKnownAt, createLandmarkBuilder, LANDMARK_DEFAULTS } from '../../models/prediction/landmarks.ts';
import { days } from '../contract/time.ts';
import { courseHistory } from './course.fixture.ts';
import { NETWORK_FAILING_MIN } from './network-policy.ts';
import { type NetworkRetraining, retrainNetwork } from './retrain-network.ts';
import { planTraining } from './training-plan.ts';

const lstm = { document: { no: 'network' }, origin: null };

async function retrain(change: Partial<Parameters<typeof courseHistory>[0]>, when: NetworkRetraining['when']) {
  const history = courseHistory({ gpus: 40, days: 140, seed: 1, failing_share: 0.6, every_hours: 24, ...change });
  const plan = planTraining(history.from, history.until);
  const builder = createLandmarkBuilder({ ...LANDMARK_DEFAULTS, features: ['gpu_temp_max'] });
  for await (const vectors of history.vectors(plan.from, plan.train_until, days(1))) {
    for (const vector of vectors) if (plan.side(vector.gpu_uuid) === 'train') builder.take(vector);
  }
  const train = asKnownAt(builder.finish(history.failures, plan.train_until), plan.train_until);
  const said: string[] = [];
  const chosen = await retrainNetwork(
    history,
    { train, watched_until: new Map(), plan },
    {
      lstm,
      network: { when, minutes_max: 1, monotonic: () => 0 },
      simulated: false,
      seed: 5,
      say: (line) => said.push(line),
    },
  );
  return { ...chosen, said: said.join('\n'), reads: history.reads };
}

describe('a network that is not trained', () => {
  it.each([
    ['where nobody wants it', {}, 'never', /goes on as it is, nobody asked/, 0],
    [
      'while too few have failed',
      {},
      'auto',
      new RegExp(`, \\d boards failed .*, ${NETWORK_FAILING_MIN} are needed`),
      0,
    ],
    ['while none has failed', { failing_share: 0 }, 'always', /no board failed/, 0],
    ['where vectors are too rare', {}, 'always', /seen 1\.0 times a day, it needs them every hour/, 1],
  ] as const)('stays as it is %s', async (_, change, when, why, reads) => {
    const chosen = await retrain(change, when);
    expect(chosen.said).toMatch(why);
    expect(chosen.lstm).toBe(lstm);
    expect(chosen.metrics).toEqual({});
    expect(chosen.reads).toHaveLength(reads);
  });
});
