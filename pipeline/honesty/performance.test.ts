import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { thresholdAt } from './alarm-thresholds.ts';
import { columnsOf, DAY_MS, drawnFleet, fatesOf, noon, randomOf } from './honesty.fixture.ts';
import { type GpuFates, outcomesOf, type PredictionColumns } from './outcomes.ts';
import { type PerformanceOptions, performanceOf } from './performance.ts';

const COSTS = { false_alarm_usd: 1, missed_failure_usd: 9 };
/** Runs it to its end. */
function judged(columns: PredictionColumns, fates: GpuFates, given: PerformanceOptions) {
  const steps = performanceOf(columns, fates, given);
  for (;;) {
    const { done, value } = steps.next();
    if (done) return value;
  }
}
const options = (newest: number, threshold: number | null = 0.5) => ({
  horizon_days: 7 as const,
  newest,
  costs: COSTS,
  threshold,
});

describe('performance', () => {
  it('is by hand', () => {
    // GPU 0 fails on day 10.5 and is warned of from day 6 on, GPU 1 on day 12.5 without a warning, GPU 2 never.
    const rows: [number, number, number][] = [];
    for (let day = 0; day < 14; day++) {
      rows.push([day, 0, day >= 6 && day < 10 ? 0.8 : 0.2], [day, 1, 0.2], [day, 2, day === 3 ? 0.6 : 0.2]);
    }
    const found = judged(columnsOf(rows), fatesOf(3, { 0: [10.5], 1: [12.5] }), options(noon(30)));
    // Before its failure within 7 days: days 3 to 9 of GPU 0 (day 10 is made at the moment of the failure), 5 to 11 of GPU 1.
    expect(found).toMatchObject({
      from: noon(0),
      to: noon(13),
      predictions: 42,
      settled: 42,
      effective: 42,
      gpus: 3,
      failures: 2,
      failures_in_time: 1,
      precision: 4 / 5,
      recall: 4 / 14,
      lead_time_days: { low: 4, median: 4, high: 4 },
      threshold: { threshold: 0.5, source: 'given' },
      alarms: [],
    });
    expect(found?.failure_share).toBeCloseTo(14 / 42, 12);
    // 4 x (0.8 - 1)^2, 10 x (0.2 - 1)^2, 1 x 0.6^2, 27 x 0.2^2
    expect(found?.calibration?.brier.score).toBeCloseTo((4 * 0.04 + 10 * 0.64 + 0.36 + 27 * 0.04) / 42, 12);
    // Pairs of one before a failure and one not: 4 x 28 right, 10 x 27 ties, 10 x 1 wrong.
    expect(found?.auc).toBeCloseTo((4 * 28 + 10 * 13.5) / (14 * 28), 12);
    expect(found?.average_precision).toBeCloseTo((4 / 14) * 1 + (10 / 14) * (14 / 42), 12);
    expect(found?.months).toHaveLength(1);
    expect(found?.months[0]).toMatchObject({ month: '2026-01', predictions: 42, precision: 4 / 5, source: 'given' });
  });

  it('says nothing of survival before a horizon has passed, but counts what has failed', () => {
    const columns = columnsOf([0, 1, 2].map((gpu) => [0, gpu, 0.9]));
    const fates = fatesOf(3, { 1: [3.5] });
    expect(judged(columns, fates, options(noon(6)))).toMatchObject({
      predictions: 3,
      settled: 1,
      failures: 1,
      failures_in_time: 1,
      precision: null,
      recall: null,
      calibration: null,
      auc: null,
    });
    expect(judged(columns, fates, options(noon(7)))).toMatchObject({ settled: 3, precision: 1 / 3, recall: 1 });
    expect(judged(columnsOf([]), fatesOf(0), options(noon(6)))).toBeNull();
  });

  it('agrees with a slow computation', () => {
    const random = randomOf(3);
    const rows: [number, number, number][] = [];
    for (let day = 0; day < 45; day++)
      for (let gpu = 0; gpu < 12; gpu++) rows.push([day, gpu, Math.round(random() * 20) / 20]);
    const failures = { 1: [5.2, 20.9], 2: [33.3], 7: [1.1, 2.2, 44], 9: [28] };
    const retired = { 3: 12, 2: 40 };
    const found = judged(columnsOf(rows), fatesOf(12, failures, retired), options(noon(80), 0.6));
    if (found === null) throw new Error('there are predictions');
    let [right, alarms, before, known] = [0, 0, 0, 0];
    const leads: number[] = [];
    const failed = new Set<string>();
    for (const [gpu, days] of Object.entries(failures)) {
      for (const [k, day] of days.entries()) {
        const own = rows.filter(
          ([made, of]) =>
            of === Number(gpu) && made + 0.5 < day && day - made - 0.5 <= 7 && !(made + 0.5 < (days[k - 1] ?? -1)),
        );
        if (own.length > 0) failed.add(`${gpu} ${day}`);
        const first = own.find(([, , p]) => p >= 0.6);
        if (first !== undefined) leads.push(day - first[0] - 0.5);
      }
    }
    for (const [made, gpu, p] of rows) {
      const at = made + 0.5;
      const next = (failures[gpu as 1] ?? []).find((day) => day > at);
      const fails = next !== undefined && next - at <= 7;
      const out = retired[gpu as 3];
      if (!fails && out !== undefined && out < at + 7) continue;
      known++;
      if (fails) before++;
      if (p >= 0.6) alarms++;
      if (fails && p >= 0.6) right++;
    }
    expect([found.settled, found.failures, found.failures_in_time]).toEqual([known, failed.size, leads.length]);
    // Retirements are the only ones not followed: they move the weights by less than a tenth.
    expect(Math.abs((found.precision ?? 0) - right / alarms)).toBeLessThan(0.1 * (right / alarms));
    expect(Math.abs((found.recall ?? 0) - right / before)).toBeLessThan(0.1);
    leads.sort((a, b) => a - b);
    const middle = (leads.length - 1) / 2;
    const median = ((leads[Math.floor(middle)] ?? 0) + (leads[Math.ceil(middle)] ?? 0)) / 2;
    expect(found.lead_time_days?.median).toBeCloseTo(median, 9);
  });

  it('of all and of its months is the same when there is one month, and months add up', () => {
    const { columns, fates } = drawnFleet({ gpus: 60, days: 75, horizon_days: 7, seed: 8 });
    const found = judged(columns, fates, options(noon(75), 0.2));
    expect(found?.months.map(({ month }) => month)).toEqual(['2026-01', '2026-02', '2026-03']);
    const sum = (name: 'predictions' | 'settled'): number =>
      found?.months.reduce((n, month) => n + month[name], 0) ?? 0;
    expect([sum('predictions'), sum('settled')]).toEqual([found?.predictions, found?.settled]);
  });

  it('stays within bounds whatever comes', () => {
    const row = fc.tuple(
      fc.integer({ min: 0, max: 40 }),
      fc.integer({ min: 0, max: 4 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
    );
    const days = fc.uniqueArray(fc.integer({ min: 0, max: 50 }), { maxLength: 3 });
    fc.assert(
      fc.property(
        fc.array(row, { maxLength: 60 }),
        fc.array(days, { minLength: 5, maxLength: 5 }),
        fc.option(fc.double({ min: 0, max: 1, noNaN: true })),
        fc.integer({ min: 0, max: 60 }),
        (rows, failures, threshold, newest) => {
          const ordered = rows.toSorted((a, b) => a[0] - b[0]);
          const fates = fatesOf(
            5,
            Object.fromEntries(failures.map((list, gpu) => [gpu, list.toSorted((a, b) => a - b)])),
            { 4: 30 },
          );
          const found = judged(columnsOf(ordered), fates, options(noon(newest), threshold));
          if (found === null) {
            expect(rows).toEqual([]);
            return;
          }
          for (const figures of [found, ...found.months]) {
            const { precision, recall, auc, average_precision, failure_share, calibration } = figures;
            for (const share of [precision, recall, auc, average_precision, failure_share, calibration?.brier.score]) {
              if (share === null || share === undefined) continue;
              expect(share).toBeGreaterThanOrEqual(0);
              expect(share).toBeLessThanOrEqual(1 + 1e-12);
            }
            expect(figures.settled).toBeLessThanOrEqual(figures.predictions);
            expect(figures.failures_in_time).toBeLessThanOrEqual(figures.failures);
            if (figures.lead_time_days !== null) expect(figures.lead_time_days.high).toBeLessThanOrEqual(7);
          }
        },
      ),
      { seed: 6, numRuns: 300 },
    );
  });
});

describe('the threshold of an alarm', () => {
  const HORIZON = 7 * DAY_MS;

  it('is that of the costs while little has come, then what was cheapest by then, and never knows what came later', () => {
    const { columns, fates } = drawnFleet({ gpus: 200, days: 120, horizon_days: 7, seed: 21 });
    const at = (day: number, known = fates) =>
      thresholdAt(columns, outcomesOf(columns, known, HORIZON, noon(day)), HORIZON, COSTS, noon(day));
    expect(at(3)).toEqual({ threshold: 0.1, source: 'prior' });
    const learned = at(60);
    expect(learned.source).toBe('learned');
    // For chances that are true the cheapest threshold is that of the costs, within what 200 GPUs can tell.
    expect(Math.abs(learned.threshold - 0.1)).toBeLessThan(0.08);
    const past = { ...fates, failures: fates.failures.map((list) => list.filter((ts) => ts <= noon(60))) };
    expect(at(60, past)).toEqual(learned);
  });

  it('of each month is what was known at its beginning', () => {
    const { columns, fates } = drawnFleet({ gpus: 200, days: 120, horizon_days: 7, seed: 21 });
    const found = judged(columns, fates, options(noon(120), null));
    expect(found?.months.map(({ source }) => source)).toEqual(['prior', 'learned', 'learned', 'learned']);
    const outcomes = outcomesOf(columns, fates, HORIZON, noon(120));
    const march = thresholdAt(columns, outcomes, HORIZON, COSTS, Date.UTC(2026, 2, 1));
    expect(found?.months[2]).toMatchObject(march);
    expect(found?.threshold).toEqual(thresholdAt(columns, outcomes, HORIZON, COSTS, noon(120)));
  });
});
