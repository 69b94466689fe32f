import { describe, expect, it } from 'vitest';
import type { ModelManifest } from '../../models/registry/manifest.ts';
import { apiWorld, NOW } from '../../server/api.fixture.ts';
import type { JudgedReference } from '../../server/model-desk.ts';
import { NO_MODEL_DESK } from '../../server/models.fixture.ts';
import { rowOf } from '../../server/row-of.fixture.ts';
import { days, hours } from '../contract/time.ts';
import { GPU_FEATURES } from '../contract/verdict-tables.ts';
import { type DriftAnswer, driftOfFeatures, FEATURES_ASKED } from './drift-answers.ts';
import { retraining, type TrainingCause } from './retraining.ts';
import { standingShift } from './standing-shift.ts';

const BOARDS = 160;
const ROW = rowOf(GPU_FEATURES, {});
const EDGES = [62, 63.5, 64.5, 65.5, 66.5, 67.5, 68.5, 69.5, 71];

/** A hundred and sixty boards on twenty nodes between 60 and 73 C, as the reference has them. */
const hot = (board: number, day: number): number => 60 + ((board * 37 + day * 11) % BOARDS) / (BOARDS / 13);

/** From the stored vectors over the REST API to the training, with the event time of every look. */
function world(shift: (day: number) => number, promotes: boolean) {
  let judges = 1;
  const reference = (): JudgedReference => ({
    name: 'failure-prediction',
    version: String(judges),
    trained_on: 'real',
    features: ['gpu_temp_max', 'gpu_age_days', 'power_usage_cv'],
    bins: [EDGES, EDGES, EDGES],
    counts: [0, 1, 2].map(() => [...new Array(10).fill(1_000), 0]),
    importance: [0.3, 0.5, 0.2],
    gpus: 400,
  });
  const api = apiWorld({ models: { ...NO_MODEL_DESK, reference: async () => reference() } });
  const causes: (TrainingCause & { readonly day: number })[] = [];
  const versions: ModelManifest[] = [];
  let day = 0;
  const now = (): number => NOW + day * days(1);
  const shiftSeen = standingShift({
    moved_min: 0.15,
    look: async () => driftOfFeatures((await (await api.get(FEATURES_ASKED)).json()) as DriftAnswer),
  });
  const { look } = retraining({
    registry: { list: async () => versions },
    every: days(90),
    event_time: now,
    async drift(at) {
      const seen = await shiftSeen(at);
      return seen === null ? [] : [seen];
    },
    async train(cause) {
      causes.push({ ...cause, what: cause.what, why: cause.why, day });
      const trigger = { what: cause.what, why: cause.why, model: `failure-prediction ${judges}` };
      versions.push({ lineage: { data_to: now(), trigger } } as ModelManifest);
      if (promotes) judges++;
    },
    say: () => undefined,
    tell: (error) => {
      throw error;
    },
  });
  return {
    causes,
    async until(last: number): Promise<void> {
      for (; day <= last; day += 0.25) {
        api.tables.listed.gpu_features = Array.from({ length: BOARDS }, (_, board) => ({
          ...ROW,
          gpu_uuid: `GPU-${board}`,
          node: `n${board % 20}`,
          samples_7d: 1_008,
          gpu_temp_max: hot(board, Math.floor(day)) + shift(day),
          // Everybody grows older, and a reading is gone.
          gpu_age_days: 500 + day,
          power_usage_cv: null,
          first: now(),
          last: now(),
        }));
        api.clock.advance(hours(6));
        await look();
      }
    },
  };
}

describe('from stored features to a training', () => {
  it.each([
    ['a quiet fleet', () => 0],
    ['a warm day', (day: number) => (day >= 3 && day < 4 ? 15 : 0)],
    ['a little warmer', () => 1],
  ] as const)('%s asks for none', async (_, shift) => {
    const { causes, until } = world(shift, true);
    await until(12);
    expect(causes).toEqual([]);
  });

  it('a fleet that has moved asks once, whether or not what comes of it is better', async () => {
    const shift = (day: number): number => (day >= 3 ? 15 : 0);
    const [kept, again] = [world(shift, false), world(shift, false)];
    await kept.until(12);
    await again.until(12);
    expect(kept.causes).toMatchObject([
      {
        day: 4,
        what: 'features',
        why: '60 % of what failure-prediction 1 goes by has moved from its training, as a day before: gpu_temp_max',
      },
    ]);
    expect(again.causes).toEqual(kept.causes);
    // Of each model that comes to judge once more, here with the reference of the one before.
    const promoted = world(shift, true);
    await promoted.until(9);
    expect(promoted.causes.map(({ day }) => day)).toEqual([4, 6, 8]);
  });
});
