import { describe, expect, it } from 'vitest';
import { draw, draws } from '../../bench/fleet/random.ts';
import { type Landmarks, NO_TYPE } from './landmarks.ts';
import { refuseLeaks } from './leak-guard.ts';

const ROWS = 2_000;

/** Landmarks of which one in 20 fails within the month; `feature` makes a value of the outcome. */
function landmarksWith(feature: (fails: boolean, luck: number) => number): Landmarks {
  const from = draws(11);
  const fails = Array.from({ length: ROWS }, () => draw(from) < 0.05);
  return {
    features: ['harmless', 'suspect'],
    rows: ROWS,
    values: Float32Array.from(fails.flatMap((one) => [draw(from), feature(one, draw(from))])),
    taken: new Uint32Array(ROWS),
    gpu: new Uint32Array(ROWS),
    ts: new Float64Array(ROWS),
    failure_days: Float64Array.from(fails, (one) => (one ? 10 : Number.NaN)),
    watched_days: new Float64Array(ROWS).fill(100),
    type: new Uint8Array(ROWS).fill(NO_TYPE),
    gpus: ['GPU-a'],
    until: Number.POSITIVE_INFINITY,
  };
}

describe('refuseLeaks', () => {
  it.each<[string, (fails: boolean, luck: number) => number]>([
    ['a date of replacement', (fails) => (fails ? 1 : 0)],
    ['hours left', (fails, luck) => (fails ? luck * 240 : 240 + luck * 1_000)],
    ['a field that only the repair fills', (fails, luck) => (fails ? luck : Number.NaN)],
  ])('refuses %s', (_, feature) => {
    expect(() => refuseLeaks(landmarksWith(feature), 30)).toThrow(/too well to be true/);
  });

  it.each<[string, (fails: boolean, luck: number) => number]>([
    ['nothing', (_, luck) => luck],
    ['a good precursor', (fails, luck) => (fails && luck < 0.8 ? 5 + luck : luck)],
    ['one that is often missing', (_, luck) => (luck < 0.7 ? Number.NaN : luck)],
  ])('takes %s', (_, feature) => {
    expect(() => refuseLeaks(landmarksWith(feature), 30)).not.toThrow();
  });

  it('does not judge by a handful of failures', () => {
    const leaky = landmarksWith((fails) => (fails ? 1 : 0));
    const few = { ...leaky, rows: 100 };
    expect(() => refuseLeaks(few, 30)).not.toThrow();
  });
});
