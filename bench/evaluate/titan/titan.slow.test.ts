import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { studyFigures, titanFigures } from './titan-figures.ts';
import { madeDay, madeHistory } from './titan-history.fixture.ts';
import { monthStarts, type TitanRecord } from './titan-records.ts';
import { titanStudy } from './titan-study.ts';

const FOLDER = join(import.meta.dirname, '../../../../shared/data/titan');

describe.skipIf(!existsSync(FOLDER))('real GPUs (skipped without ../shared/data/titan)', () => {
  it('are foreseen by models that learn every month, and less and less by those that learned once', () => {
    const figures = titanFigures(FOLDER, { seed: 1 });
    expect(figures?.gpus).toBe(30_207);
    const of = (model: string, year: number) =>
      figures?.years.find((one) => one.model === model && one.year === year && one.horizon_days === 30);
    for (const year of [2016, 2017, 2018, 2019]) {
      for (const kind of ['boosting', 'cox']) {
        const retrained = of(`${kind} retrained`, year);
        expect(retrained?.auc, `${kind} ${year}`).toBeGreaterThan(0.82);
        expect(retrained?.foreseen_per_failure, `${kind} ${year}`).toBeGreaterThan(0.7);
        expect(retrained?.foreseen_per_failure, `${kind} ${year}`).toBeLessThan(1.4);
        if (year > 2016) expect(of(`${kind} once`, year)?.auc).toBeLessThan((retrained?.auc ?? 0) - 0.05);
      }
    }
    expect(figures?.drift.some(({ alarms }) => alarms.length > 0)).toBe(true);
  }, 900_000);
});

describe('a made-up machine that changes its ways', () => {
  const history = madeHistory({ gpus: 1_200, months: 30, seed: 2, turn_day: 500 });
  let figures: ReturnType<typeof studyFigures>;
  beforeAll(() => {
    figures = studyFigures(history, { once_at: madeDay(365), one_in: 4, failures_min: 30, seed: 1 });
  }, 300_000);
  const figure = (model: string, year: number) =>
    figures.years.find((one) => one.model === model && one.year === year && one.horizon_days === 30);

  it('is foreseen well by those who go on learning', () => {
    for (const model of ['boosting retrained', 'cox retrained', 'position rate']) {
      expect(figure(model, 2015)?.auc, model).toBeGreaterThan(0.75);
      expect(figure(model, 2017)?.auc, model).toBeGreaterThan(0.75);
    }
    expect(figure('cox retrained', 2017)?.foreseen_per_failure).toBeGreaterThan(0.6);
    expect(figure('cox retrained', 2017)?.foreseen_per_failure).toBeLessThan(1.6);
  });

  it('and badly by the trees that learned once', () => {
    expect(figure('boosting once', 2017)?.auc).toBeLessThan((figure('boosting retrained', 2017)?.auc ?? 0) - 0.1);
    expect(figure('boosting once', 2015)).toBeUndefined();
  });

  it('rings for what drifts', () => {
    expect(figures.once_at).toBe('2016-01');
    const alarms = figures.drift.filter((one) => one.alarms.length > 0);
    expect(alarms.length).toBeGreaterThan(0);
    for (const { alarms, foreseen_psi } of figures.drift) {
      if (alarms.includes('foreseen')) expect(foreseen_psi).toBeGreaterThan(0.25);
    }
  });

  it('has bins that add up to all rows', () => {
    for (const { model, horizon_days, bins } of figures.reliability) {
      const late = figures.years.filter(
        (one) => one.model === model && one.horizon_days === horizon_days && one.year >= 2016,
      );
      expect(bins.reduce((sum, { rows }) => sum + rows, 0)).toBe(late.reduce((sum, { rows }) => sum + rows, 0));
    }
  });
});

it('foresees the same until a month, whatever happens after it', () => {
  const history = madeHistory({ gpus: 300, months: 14, seed: 6, turn_day: 1e9 });
  const options = { once_at: madeDay(200), one_in: 2, failures_min: 10, seed: 3 };
  const [, , , , , , , , , , cut = 0] = monthStarts(history.records[0]?.at ?? 0, history.until);
  const before = history.records.filter(({ at }) => at < cut);
  const planted = before.map(({ gpu, place }): TitanRecord => ({ at: cut + 1, kind: 'DBE', gpu, place }));
  const run = (records: readonly TitanRecord[]) =>
    titanStudy({ ...history, records }, options).landmarks.filter(({ rows }) => rows.at <= cut);
  const as_was = run(history.records);
  const otherwise = run([...before, ...planted]);
  expect(as_was).toHaveLength(11);
  expect(otherwise.map(({ foreseen }) => foreseen)).toEqual(as_was.map(({ foreseen }) => foreseen));
  expect(otherwise.at(-1)?.foreseen.size).toBe(10);
  expect(otherwise.at(-1)?.outcomes.get(30)?.labels).not.toEqual(as_was.at(-1)?.outcomes.get(30)?.labels);
});
