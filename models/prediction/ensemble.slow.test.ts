import { beforeAll, describe, expect, it } from 'vitest';
import { draw, draws } from '../../bench/fleet/random.ts';
import type { FailureModel } from '../../pipeline/contract/failure-model.ts';
import { auc } from '../classification-metrics.ts';
import { loadBundle, type PredictionBundle, packBundle, readBundle } from './bundle.ts';
import { createEnsemble } from './ensemble.ts';
import { createModelJudge } from './judge-model.ts';
import { createLandmarkBuilder, LANDMARK_DEFAULTS, outcome } from './landmarks.ts';
import { PLANTED_FEATURES, PLANTED_START_MS, plantedDay, plantedHistory, plantedVector } from './planted.fixture.ts';
import { trainEnsemble } from './train-ensemble.ts';

const OPTIONS = {
  name: 'planted',
  trained_on: 'simulated',
  seed: 7,
  params: { num_boost_round: 60, early_stopping_rounds: 15, eta: 0.2 },
  failures_min: 8,
  costs: { false_alarm_usd: 400, missed_failure_usd: 6_000 },
  background_ratio: 1,
  lstm: null,
  say: () => undefined,
} as const;

async function train(): Promise<PredictionBundle> {
  const teacher = plantedHistory({ gpus: 160, days: 150, seed: 1 });
  const builder = createLandmarkBuilder({ ...LANDMARK_DEFAULTS, features: PLANTED_FEATURES });
  for await (const vectors of teacher.vectors()) for (const vector of vectors) builder.take(vector);
  const landmarks = builder.finish(teacher.failures, teacher.until);
  return trainEnsemble(landmarks, plantedHistory({ gpus: 120, days: 150, seed: 2 }), OPTIONS);
}

let bundle: PredictionBundle;
let model: FailureModel;
beforeAll(async () => {
  bundle = await train();
  model = createEnsemble(loadBundle(JSON.parse(JSON.stringify(bundle)), 'test'), '1');
}, 60_000);

const judge = (known: Readonly<Record<string, number>>) =>
  model.judge(plantedVector('GPU-a', PLANTED_START_MS, known), new Float32Array(model.carried_width), 0);
const luck = draws(99);
const calm = plantedDay(null, 1_000, () => draw(luck));

describe('an ensemble', () => {
  it('foresees what was planted, on boards that it has never seen, and is calibrated', async () => {
    const later = plantedHistory({ gpus: 120, days: 150, seed: 3 });
    const asked = createModelJudge(model);
    for await (const vectors of later.vectors()) for (const vector of vectors) asked.take(vector);
    const { landmarks, said } = asked.finish(later.failures, later.until);
    const labels: number[] = [];
    const week: number[] = [];
    for (let row = 0; row < landmarks.rows; row++) {
      const label = outcome(landmarks, row, 7);
      if (Number.isNaN(label)) continue;
      labels.push(label);
      week.push(said[landmarks.taken[row] as number]?.p7 ?? Number.NaN);
    }
    expect(auc(labels, week)).toBeGreaterThan(0.95);
    const mean = (list: readonly number[]): number => list.reduce((sum, one) => sum + one, 0) / list.length;
    expect(mean(week) / mean(labels)).toBeGreaterThan(0.6);
    expect(mean(week) / mean(labels)).toBeLessThan(1.6);
  });

  it('has probabilities that rise with the horizon, whatever it is asked', () => {
    const from = draws(5);
    for (let i = 0; i < 300; i++) {
      const known = Object.fromEntries(
        PLANTED_FEATURES.flatMap((name) => (draw(from) < 0.3 ? [] : [[name, 4_000 * draw(from) ** 3]])),
      );
      const { p7, p30, p90, confidence } = judge(known);
      expect(p7).toBeGreaterThanOrEqual(0);
      expect(p30).toBeGreaterThanOrEqual(p7);
      expect(p90).toBeGreaterThanOrEqual(p30);
      expect(p90).toBeLessThanOrEqual(1);
      expect(confidence).toBeGreaterThanOrEqual(0);
      expect(confidence).toBeLessThanOrEqual(0.95);
    }
  });

  it('names the reason, its type, and what the model was trained on', () => {
    const failing = judge({ ...calm, ecc_sbe_volatile_per_day_7d: 2_500 });
    expect(failing.p30).toBeGreaterThan(5 * judge(calm).p30);
    expect(failing.contributions[0]).toMatchObject({ feature: 'ecc_sbe_volatile_per_day_7d', value: 2_500 });
    expect(failing.contributions[0]?.contribution).toBeGreaterThan(0);
    expect(failing.type).toBe('memory');
    expect(failing.explanation).toMatch(
      /^(over )?\d.* % within 30 days, most likely memory; most of it because ecc_sbe/,
    );
    expect(failing.explanation).toContain('trained on simulated fleets only');
    expect(judge({ ...calm, gpu_temp_max: 92 }).type).toBe('thermal');
    expect(failing.contributions.length).toBeLessThanOrEqual(5);
  });

  it('never sees less risk in more errors', () => {
    let before = 0;
    for (const errors of [0, 1, 10, 100, 1_000, 3_000]) {
      const { p30 } = judge({ ...calm, ecc_sbe_volatile_per_day_7d: errors });
      expect(p30).toBeGreaterThanOrEqual(before - 0.02);
      before = p30;
    }
  });

  it('is less sure the less it knows', () => {
    const sure = judge(calm).confidence;
    const { ecc_sbe_volatile_per_day_7d: _, ...without } = calm;
    expect(judge(without).confidence).toBeLessThan(sure);
    expect(judge({}).confidence).toBe(0);
  });

  it('is trained to the same bytes again', async () => {
    expect(Buffer.from(packBundle(await train())).equals(packBundle(bundle))).toBe(true);
  }, 60_000);
});

describe('a bundle', () => {
  it('comes back from its bytes, zipped or not', () => {
    const zipped = createEnsemble(readBundle(packBundle(bundle), 'zipped'), '1');
    const plain = createEnsemble(readBundle(Buffer.from(JSON.stringify(bundle)), 'plain'), '1');
    const vector = plantedVector('GPU-a', PLANTED_START_MS, calm);
    const told = model.judge(vector, new Float32Array(0), 0);
    for (const other of [zipped, plain]) expect(other.judge(vector, new Float32Array(0), 0)).toEqual(told);
  });

  it.each<[string, (bundle: Record<string, unknown>) => unknown, RegExp]>([
    ['no JSON', () => 'nonsense', /neither JSON/],
    ['another format', (one) => ({ ...one, format: 'x' }), /format/],
    ['features that there are not', (one) => ({ ...one, features: ['a', 'b', 'c', 'd', 'e'] }), /needs the feature a/],
    ['no trees for 30 days', (one) => ({ ...one, trees: { ...(one.trees as object), d30: null } }), /no trees for 30/],
    ['trees of other features', (one) => ({ ...one, features: [...PLANTED_FEATURES].reverse() }), /not its own/],
    ['lists that do not fit', (one) => ({ ...one, importance: [1] }), /do not fit/],
    ['combinations of other parts', (one) => ({ ...one, alone: [] }), /do not fit/],
    ['something besides', (one) => ({ ...one, surprise: 1 }), /surprise/],
    ['a damaged forest', (one) => ({ ...one, novelty: { features: 5 } }), /list is missing|forest/],
    ['a tree that leads nowhere', (one) => ({ ...one, trees: { ...(one.trees as object), d7: { learner: {} } } }), /./],
  ])('is refused when it has %s', (_, change, says) => {
    const changed = change(JSON.parse(JSON.stringify(bundle)));
    const bytes = Buffer.from(typeof changed === 'string' ? changed : JSON.stringify(changed));
    expect(() => readBundle(bytes, 'hostile')).toThrow(says);
  });
});
