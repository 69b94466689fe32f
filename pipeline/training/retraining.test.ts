import { describe, expect, it } from 'vitest';
import type { ModelManifest } from '../../models/registry/manifest.ts';
import { VitalsError } from '../contract/errors.ts';
import { days } from '../contract/time.ts';
import type { DriftSeen } from './drift-seen.ts';
import { retraining, type TrainingCause } from './retraining.ts';

const START = Date.UTC(2026, 0, 1);

type Version = Pick<ModelManifest['lineage'], 'data_to' | 'trigger'>;

function world(every_days = 7) {
  const state = {
    now: Number.NaN,
    /** What judges; a training that is promoted makes another one of it. */
    judges: 'm 1',
    promotes: false,
    drift: [] as readonly DriftSeen[],
    /** What lies in the registry, which a restart leaves. */
    versions: [] as Version[],
    trained: [] as number[],
    causes: [] as TrainingCause[],
    said: [] as string[],
    told: [] as string[],
    fails: null as VitalsError | null,
  };
  const start = () =>
    retraining({
      registry: { list: async () => state.versions.map((lineage) => ({ lineage }) as ModelManifest) },
      every: days(every_days),
      event_time: () => state.now,
      drift: async () => state.drift,
      train: async (cause) => {
        if (state.fails !== null) throw state.fails;
        state.trained.push(state.now);
        state.causes.push({ what: cause.what, why: cause.why });
        state.versions.push({
          data_to: state.now,
          trigger: { what: cause.what, why: cause.why, model: state.judges },
        } as Version);
        if (state.promotes) state.judges = `m ${state.versions.length + 1}`;
      },
      say: (line) => state.said.push(line),
      tell: (error) => state.told.push(error.code),
    }).look;
  let look = start();
  const at = async (day: number): Promise<void> => {
    state.now = START + day * days(1);
    await look();
  };
  return {
    state,
    look: () => look(),
    at,
    restart(): void {
      look = start();
    },
    trainedOn: () => state.trained.map((ts) => (ts - START) / days(1)),
  };
}

const drift = (what: DriftSeen['what'], day: number, model = 'm 1'): DriftSeen => ({
  what,
  at: START + day * days(1),
  model,
  why: `${what} of ${model}`,
});

describe('retraining', () => {
  it('goes by event time, from the first it sees or the last that was learned from', async () => {
    const { state, look, at, trainedOn } = world();
    await look();
    for (const day of [0, 3, 6.9, 7, 8, 13.9, 14, 40, 41]) await at(day);
    expect(trainedOn()).toEqual([7, 14, 40]);
    state.versions.push({ data_to: START + 60 * days(1), trigger: null } as Version);
    for (const day of [61, 66, 67]) await at(day);
    expect(trainedOn()).toEqual([7, 14, 40, 67]);
  });

  it('trains when drift was seen since, once a day at the most', async () => {
    const { state, at, trainedOn } = world(30);
    await at(0);
    state.drift = [drift('prediction', 2), drift('loss', 1)];
    for (const day of [2.5, 2.6, 4, 10]) await at(day);
    expect(trainedOn()).toEqual([2.5]);
    state.drift = [drift('prediction', 2), drift('loss', 9)];
    for (const day of [10, 10.5]) await at(day);
    expect(trainedOn()).toEqual([2.5, 10]);
    expect(state.causes).toEqual([
      { what: 'prediction', why: 'prediction of m 1' },
      { what: 'loss', why: 'loss of m 1' },
    ]);
  });

  it('trains once because of features, until another model judges, whoever restarts', async () => {
    const { state, at, restart, trainedOn } = world(60);
    await at(0);
    for (let day = 2; day < 20; day++) {
      state.drift = [drift('features', day, state.judges)];
      if (day === 6 || day === 7) restart();
      await at(day);
    }
    expect(trainedOn()).toEqual([2]);
    expect(state.causes).toEqual([{ what: 'features', why: 'features of m 1' }]);

    // Another drift is another matter; and by it a new model comes to judge, of which the features may ask once more.
    state.promotes = true;
    state.drift = [drift('features', 20), drift('prediction', 19.5)];
    await at(20);
    state.promotes = false;
    expect([trainedOn(), state.causes.at(-1)?.what]).toEqual([[2, 20], 'prediction']);
    for (let day = 21; day < 30; day++) {
      state.drift = [drift('features', day, state.judges)];
      await at(day);
    }
    expect(trainedOn()).toEqual([2, 20, 21]);
  });

  it('asks once for a challenger that judges most, which the registry does not note', async () => {
    const { state, at, trainedOn } = world(60);
    await at(0);
    for (let day = 2; day < 6; day++) {
      state.drift = [drift('features', day, 'challenger 7')];
      await at(day);
    }
    expect(trainedOn()).toEqual([2]);
  });

  it('tries again a day after a training that failed, and an interval after too little history', async () => {
    const { state, at } = world(10);
    await at(0);
    state.fails = new VitalsError('GV-API-003', 'away', '');
    for (let day = 2; day < 5; day++) {
      state.drift = [drift('features', day)];
      for (const hour of [0, 6, 12]) await at(day + hour / 24);
    }
    expect(state.told).toEqual(['GV-API-003', 'GV-API-003', 'GV-API-003']);
    state.fails = new VitalsError('GV-MDL-303', '12 days are stored', '');
    for (let day = 5; day < 26; day++) {
      state.drift = [drift('features', day), drift('prediction', day)];
      await at(day);
    }
    expect(state.said.filter((line) => line.includes('12 days are stored'))).toHaveLength(3);
  });

  it('says that there is too little, and tries again an interval later', async () => {
    const { state, at } = world();
    state.fails = new VitalsError('GV-MDL-303', '12 days are stored', '');
    for (const day of [0, 7, 8, 9, 14]) await at(day);
    expect(state.said.filter((line) => line.includes('12 days are stored'))).toHaveLength(2);
    expect(state.told).toEqual([]);
    state.fails = new VitalsError('GV-API-003', 'away', '');
    await at(21);
    expect(state.told).toEqual(['GV-API-003']);
  });

  it('never, when it is switched off', async () => {
    const { at, trainedOn } = world(0);
    for (const day of [0, 100]) await at(day);
    expect(trainedOn()).toEqual([]);
  });
});
