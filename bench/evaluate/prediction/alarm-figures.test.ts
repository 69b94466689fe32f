import { describe, expect, it } from 'vitest';
import type { Landmarks } from '../../../models/prediction/landmarks.ts';
import type { FailureLabel, FailureType } from '../../../pipeline/contract/predictions.ts';
import { alarmFigures } from './alarm-figures.ts';

const DAY_MS = 86_400_000;
const START = Date.UTC(2026, 0, 5);
const DAYS = 60;

interface Board {
  readonly name: string;
  readonly fails_day?: number;
  readonly type?: FailureType;
  readonly note?: string;
  /** Days on which it is in alarm. */
  readonly alarms?: readonly number[];
  /** What is said from a day on. */
  readonly says?: FailureType;
}

/** A landmark a day and board until it fails, or until day 60, after which nothing is known. */
function madeOf(boards: readonly Board[]) {
  const rows = boards.flatMap(({ fails_day = Number.NaN, alarms = [], says = 'other' }, gpu) =>
    Array.from({ length: Math.min(DAYS, Number.isNaN(fails_day) ? DAYS : Math.ceil(fails_day)) }, (_, day) => ({
      gpu,
      ts: START + day * DAY_MS,
      left: fails_day - day,
      p30: alarms.includes(day) ? 0.9 : 0.1,
      says,
    })),
  );
  const landmarks: Landmarks = {
    features: ['gpu_age_days'],
    rows: rows.length,
    values: new Float32Array(rows.length),
    taken: Uint32Array.from(rows.keys()),
    gpu: Uint32Array.from(rows, ({ gpu }) => gpu),
    ts: Float64Array.from(rows, ({ ts }) => ts),
    failure_days: Float64Array.from(rows, ({ left }) => left),
    watched_days: Float64Array.from(rows, ({ left, ts }) =>
      Number.isNaN(left) ? (START + DAYS * DAY_MS - ts) / DAY_MS : left,
    ),
    type: new Uint8Array(rows.length),
    gpus: boards.map(({ name }) => name),
    until: START + DAYS * DAY_MS,
  };
  const failures = boards.flatMap(({ name, fails_day, type = 'other', note = '' }): FailureLabel[] => {
    if (fails_day === undefined) return [];
    const failed_at = START + fails_day * DAY_MS;
    return [{ ts: failed_at, gpu_uuid: name, node: 'n', failed_at, type, source: 'test', note, status: 'confirmed' }];
  });
  return alarmFigures({
    landmarks,
    failures,
    p30: rows.map(({ p30 }) => p30),
    type: rows.map(({ says }) => says),
    threshold: 0.5,
    groupsOf: ({ note }) => (note === '' ? [] : [note]),
  });
}

describe('alarms', () => {
  it('are right when a failure follows within 30 days, and early by the first of them', () => {
    const figures = madeOf([
      { name: 'foreseen', fails_day: 40, type: 'memory', says: 'memory', note: 'announced', alarms: [20, 30, 39] },
      { name: 'too early', fails_day: 50, type: 'memory', alarms: [2] },
      { name: 'unseen', fails_day: 35.5, type: 'power', note: 'sudden' },
      { name: 'well' },
    ]);
    expect(figures.failures).toBe(3);
    expect(figures.foreseen).toBe(1);
    expect(figures.lead_days).toEqual({ low: 20, median: 20, high: 20 });
    // Days 0..30 of each board are known; days 10, 20 and 6 of them or later are before a failure.
    expect(figures.gpu_days).toBe(4 * 31);
    expect(figures.alarm_days).toBe(3);
    expect(figures.precision).toBeCloseTo(2 / 3, 12);
    expect(figures.recall).toBeCloseTo(2 / (21 + 11 + 25), 12);
    expect(figures.groups).toEqual([
      { group: 'memory', failures: 2, foreseen: 1, type_right: 1, lead_median_days: 20 },
      { group: 'announced', failures: 1, foreseen: 1, type_right: 1, lead_median_days: 20 },
      { group: 'power', failures: 1, foreseen: 0, type_right: 0, lead_median_days: null },
      { group: 'sudden', failures: 1, foreseen: 0, type_right: 0, lead_median_days: null },
    ]);
  });

  it('count once while they go on, and again after a pause of more than three days', () => {
    const figures = madeOf([{ name: 'well', alarms: [1, 2, 3, 6, 11, 12] }]);
    expect(figures.false_alarms).toBeCloseTo((1_000 * 2) / 31, 9);
    expect(figures.false_alarm_days).toBeCloseTo((1_000 * 6) / 31, 9);
    expect(figures.precision).toBe(0);
    expect(figures.recall).toBeNull();
  });

  it('are not false while nobody knows, nor when they lead to the failure after all', () => {
    const figures = madeOf([
      { name: 'unknown', alarms: [29, 30, 31, 32] },
      { name: 'long', fails_day: 45, alarms: Array.from({ length: 45 }, (_, day) => day) },
    ]);
    expect(figures.false_alarms).toBe(0);
    expect(figures.false_alarm_days).toBeCloseTo((1_000 * (2 + 15)) / 62, 9);
    expect(figures.lead_days?.median).toBe(30);
  });

  it('that never come are precise about nothing', () => {
    const figures = madeOf([{ name: 'unseen', fails_day: 33 }]);
    expect(figures).toMatchObject({ precision: null, recall: 0, foreseen: 0, lead_days: null, false_alarms: 0 });
  });

  it('of a failure on the first day are nobody’s to give', () => {
    expect(madeOf([{ name: 'at once', fails_day: 0 }, { name: 'well' }]).failures).toBe(0);
  });
});
