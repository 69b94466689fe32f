import { describe, expect, it } from 'vitest';
import type { FeatureVector } from '../../pipeline/contract/events.ts';
import { FEATURE_COUNT, findFeature } from '../../pipeline/contract/features.ts';
import { METRIC_COUNT } from '../../pipeline/contract/metrics.ts';
import type { FailureLabel } from '../../pipeline/contract/predictions.ts';
import { days, hours } from '../../pipeline/contract/time.ts';
import { asKnownAt, createLandmarkBuilder, LANDMARK_DEFAULTS, outcome } from './landmarks.ts';

const START_MS = Date.UTC(2026, 0, 1);
const FEATURES = ['gpu_temp_max', 'gpu_age_days'];

function vector(day: number, more: Partial<FeatureVector> = {}): FeatureVector {
  const ts = START_MS + day * days(1);
  const values = new Float64Array(FEATURE_COUNT).fill(Number.NaN);
  values[findFeature('gpu_temp_max')] = day;
  return {
    ts,
    gpu_uuid: 'GPU-a',
    node: 'n',
    instance: '',
    model: '',
    job: '',
    values,
    latest: new Float64Array(METRIC_COUNT).fill(Number.NaN),
    latest_ts: ts,
    arrived_at: ts,
    final: false,
    ...more,
  };
}

const failure = (day: number, more: Partial<FailureLabel> = {}): FailureLabel => ({
  ts: START_MS + day * days(1),
  gpu_uuid: 'GPU-a',
  node: 'n',
  failed_at: START_MS + day * days(1),
  type: 'power',
  source: 'hand',
  note: '',
  status: 'confirmed',
  ...more,
});

function build(vectors: readonly FeatureVector[], failures: readonly FailureLabel[], until_day = 1_000) {
  const builder = createLandmarkBuilder({ ...LANDMARK_DEFAULTS, features: FEATURES });
  for (const one of vectors) builder.take(one);
  return builder.finish(failures, START_MS + until_day * days(1));
}
const daily = (from: number, to: number): FeatureVector[] =>
  Array.from({ length: to - from }, (_, i) => vector(from + i));

describe('landmarks', () => {
  it('take one vector a day and board, with the features as they stood', () => {
    const told = build(
      [vector(0), vector(0.5), vector(1.2), vector(1.3, { instance: '1' }), vector(1.9), vector(2)],
      [],
    );
    expect(told.rows).toBe(3);
    expect(Array.from(told.values)).toEqual([0, Number.NaN, Math.fround(1.2), Number.NaN, 2, Number.NaN]);
  });

  it('know how long until the next failure, and leave out what follows one', () => {
    const told = build(daily(0, 20), [failure(5.5), failure(12)]);
    const days_left = Array.from(told.failure_days, (left) => Math.round(left * 10) / 10);
    expect(Array.from(told.ts, (ts) => (ts - START_MS) / days(1))).toEqual([
      0, 1, 2, 3, 4, 5, 8, 9, 10, 11, 14, 15, 16, 17, 18, 19,
    ]);
    expect(days_left.slice(0, 10)).toEqual([5.5, 4.5, 3.5, 2.5, 1.5, 0.5, 4, 3, 2, 1]);
    expect(days_left.slice(10).every(Number.isNaN)).toBe(true);
    expect(Array.from(told.type.slice(9, 11))).toEqual([2, 255]);
    expect(Array.from(told.watched_days.slice(10))).toEqual([5, 4, 3, 2, 1, 0]);
  });

  it('tell an outcome only when it is known', () => {
    const told = build(daily(0, 11), [failure(9)]);
    expect([1, 8, 9, 10].map((horizon) => outcome(told, 0, horizon))).toEqual([0, 0, 1, 1]);
    const unharmed = build(daily(0, 11), []);
    expect([7, 10, 11].map((horizon) => outcome(unharmed, 0, horizon))).toEqual([0, 0, Number.NaN]);
  });

  it('learn nothing from labels that nobody has confirmed, or of failures yet to come', () => {
    for (const other of [failure(5, { status: 'suggested' }), failure(5, { status: 'rejected' }), failure(12)]) {
      expect(Array.from(build(daily(0, 10), [other], 11).failure_days).every(Number.isNaN)).toBe(true);
    }
  });

  it('as they could be known at an instant', () => {
    const whole = build(daily(0, 20), [failure(10)]);
    const then = asKnownAt(whole, START_MS + 8 * days(1));
    expect(then.rows).toBe(8);
    expect(Array.from(then.failure_days).every(Number.isNaN)).toBe(true);
    expect(Array.from(then.watched_days)).toEqual([8, 7, 6, 5, 4, 3, 2, 1]);
    expect(asKnownAt(whole, START_MS + 11 * days(1)).failure_days[0]).toBe(10);
    // Failures of the last days are known, survivors of them are not: neither may be learned from.
    expect([6, 7].map((row) => outcome(asKnownAt(whole, START_MS + 12 * days(1)), row, 5))).toEqual([1, 1]);
    expect(outcome(asKnownAt(whole, START_MS + 11 * days(1)), 7, 5)).toBeNaN();
    // The same as if the history had ended there.
    const ended = build(daily(0, 8), [failure(10)], 8);
    expect(Array.from(then.values)).toEqual(Array.from(ended.values));
  });

  it.each([
    [
      'knows a later reading',
      vector(1, { latest_ts: START_MS + days(1) + hours(1) }),
      /knows a reading of 2026-01-02T01/,
    ],
    ['comes before an earlier one', vector(-1), /not in the order of time/],
  ])('refuses a vector that %s', (_, wrong, says) => {
    const builder = createLandmarkBuilder({ ...LANDMARK_DEFAULTS, features: FEATURES });
    builder.take(vector(0));
    expect(() => builder.take(wrong)).toThrow(says);
  });

  it('refuses features that there are none of', () => {
    expect(() => createLandmarkBuilder({ ...LANDMARK_DEFAULTS, features: ['failed_at'] })).toThrow('no feature');
  });
});
