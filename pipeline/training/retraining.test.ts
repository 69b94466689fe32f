import { describe, expect, it } from 'vitest';
import type { ModelManifest } from '../../models/registry/manifest.ts';
import { VitalsError } from '../contract/errors.ts';
import { days } from '../contract/time.ts';
import { retraining } from './retraining.ts';

const START = Date.UTC(2026, 0, 1);

function world(every_days = 7) {
  const state = {
    now: Number.NaN,
    drift: Number.NaN,
    learned: [] as number[],
    trained: [] as number[],
    said: [] as string[],
    told: [] as string[],
    fails: null as VitalsError | null,
  };
  const look = retraining({
    registry: {
      list: async () => state.learned.map((data_to) => ({ lineage: { data_to } }) as unknown as ModelManifest),
    },
    every: days(every_days),
    event_time: () => state.now,
    drift_at: async () => state.drift,
    train: async () => {
      if (state.fails !== null) throw state.fails;
      state.trained.push(state.now);
      state.learned.push(state.now);
    },
    say: (line) => state.said.push(line),
    tell: (error) => state.told.push(error.code),
  }).look;
  const at = async (day: number): Promise<void> => {
    state.now = START + day * days(1);
    await look();
  };
  return { state, look, at, trainedOn: () => state.trained.map((ts) => (ts - START) / days(1)) };
}

describe('retraining', () => {
  it('goes by event time, from the first it sees or the last that was learned from', async () => {
    const { state, look, at, trainedOn } = world();
    await look();
    for (const day of [0, 3, 6.9, 7, 8, 13.9, 14, 40, 41]) await at(day);
    expect(trainedOn()).toEqual([7, 14, 40]);
    state.learned.push(START + 60 * days(1));
    for (const day of [61, 66, 67]) await at(day);
    expect(trainedOn()).toEqual([7, 14, 40, 67]);
  });

  it('trains when drift was seen since, once a day at the most', async () => {
    const { state, at, trainedOn } = world(30);
    await at(0);
    state.drift = START + 2 * days(1);
    for (const day of [2.5, 2.6, 4, 10]) await at(day);
    expect(trainedOn()).toEqual([2.5]);
    state.drift = START + 9 * days(1);
    for (const day of [10, 10.5]) await at(day);
    expect(trainedOn()).toEqual([2.5, 10]);
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
