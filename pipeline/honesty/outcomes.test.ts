import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { censoringCurve, uncensoredAt } from '../../models/survival/censoring-weights.ts';
import { columnsOf, DAY_MS, drawnFleet, fatesOf, noon, T0 } from './honesty.fixture.ts';
import { outcomeWeights } from './outcome-weights.ts';
import { FAILED, LOST, outcomesOf, PENDING, SURVIVED } from './outcomes.ts';

const HORIZON = 30 * DAY_MS;

describe('what became of a prediction', () => {
  it.each<[string, number, number[], number | undefined, number, number, number]>([
    // what, made on day, failures, retired, newest day, state, days followed
    ['its horizon has not passed', 0, [], undefined, 20, PENDING, 19.5],
    ['its horizon has passed', 0, [], undefined, 31, SURVIVED, 30],
    ['its horizon passes just now', 0, [], undefined, 30.5, SURVIVED, 30],
    ['it failed', 0, [10], undefined, 12, FAILED, 9.5],
    ['it failed at the end of the horizon', 0, [30.5], undefined, 60, FAILED, 30],
    ['it failed after the horizon', 0, [30.6], undefined, 60, SURVIVED, 30],
    ['it failed before, and this is its next life', 12, [10], undefined, 60, SURVIVED, 30],
    ['it failed at that very moment', 12, [12.5], undefined, 60, SURVIVED, 30],
    ['it failed twice', 12, [10, 20], undefined, 60, FAILED, 7.5],
    ['it was retired', 0, [], 10, 60, LOST, 9.5],
    ['it was retired before', 12, [], 10, 60, LOST, 0],
    ['it was retired after the horizon', 0, [], 50, 60, SURVIVED, 30],
    ['it failed and was retired for it', 0, [10], 15, 60, FAILED, 9.5],
    ['it is to be retired', 0, [], 25, 20, PENDING, 19.5],
  ])('%s', (_, made, failures, retired, newest, state, days) => {
    const columns = columnsOf([[made, 0, 0.5]]);
    const fates = fatesOf(1, { 0: failures }, retired === undefined ? {} : { 0: retired });
    const outcomes = outcomesOf(columns, fates, HORIZON, T0 + newest * DAY_MS);
    expect([outcomes.state[0], (outcomes.follow_ms[0] ?? 0) / DAY_MS]).toEqual([state, days]);
    expect(Number.isNaN(outcomes.failed_at[0])).toBe(state !== FAILED);
  });
});

describe('a board of which nothing is predicted any more', () => {
  it.each<[string, number[], number | undefined, number, number, number]>([
    // what, failures, retired, last prediction of the others, state, days followed
    ['is lost at its last prediction', [], undefined, 60.5, LOST, 9],
    ['is lost even where it is retired later', [], 20, 60.5, LOST, 9],
    ['is lost at its retirement where that was before', [], 5, 60.5, LOST, 4.5],
    ['has failed where a label says so', [20], undefined, 60.5, FAILED, 19.5],
    ['has survived where it failed later: it was there until then', [40], undefined, 60.5, SURVIVED, 30],
    ['is as others where all are silent', [], undefined, 9.5, SURVIVED, 30],
    ['is as others for a day', [], undefined, 10.4, SURVIVED, 30],
  ])('%s', (_, failures, retired, others, state, days) => {
    const columns = columnsOf([[0, 0, 0.5]]);
    const fates = fatesOf(2, { 0: failures }, retired === undefined ? {} : { 0: retired }, { 0: 9.5, 1: others });
    const outcomes = outcomesOf(columns, fates, HORIZON, noon(90));
    expect([outcomes.state[0], (outcomes.follow_ms[0] ?? 0) / DAY_MS]).toEqual([state, days]);
  });

  it('is followed no further while its horizon has not passed, and has survived one that had', () => {
    const columns = columnsOf([
      [0, 0, 0.5],
      [25, 0, 0.5],
    ]);
    const fates = fatesOf(2, {}, {}, { 0: 35.5, 1: 40.5 });
    const { state, follow_ms } = outcomesOf(columns, fates, HORIZON, noon(40));
    expect([...state]).toEqual([SURVIVED, LOST]);
    expect([...follow_ms].map((ms) => ms / DAY_MS)).toEqual([30, 10]);
  });
});

describe('weights of outcomes', () => {
  const all = (rows: number): Uint32Array => Uint32Array.from({ length: rows }, (_, i) => i);

  it('are by hand', () => {
    // Four followed to the end, one failed on day 10; of three others one was cut on day 5 and two on day 20.
    const columns = columnsOf([0, 1, 2, 3, 4, 5, 6, 7].map((gpu) => [0, gpu, 0.1]));
    const fates = fatesOf(8, { 4: [10.5] }, { 5: 5.5, 6: 20.5, 7: 20.5 });
    const outcomes = outcomesOf(columns, fates, HORIZON, noon(40));
    const weights = outcomeWeights(outcomes, all(8)) ?? new Float64Array();
    const day5 = 1 - 1 / 8;
    const day20 = day5 * (1 - 2 / 6);
    expect([...weights].map((x) => x.toFixed(12))).toEqual(
      [1 / day20, 1 / day20, 1 / day20, 1 / day20, 1 / day5, 0, 0, 0].map((x) => x.toFixed(12)),
    );
    expect(weights.reduce((a, b) => a + b, 0)).toBeCloseTo(8, 12);
  });

  it('are all 1 where everything could be followed', () => {
    const columns = columnsOf([0, 1, 2].map((gpu) => [0, gpu, 0.1]));
    const outcomes = outcomesOf(columns, fatesOf(3, { 1: [4] }), HORIZON, noon(90));
    expect([...(outcomeWeights(outcomes, all(3)) ?? [])]).toEqual([1, 1, 1]);
  });

  it('are none while no horizon has passed, however many have failed', () => {
    const columns = columnsOf([0, 1, 2].map((gpu) => [0, gpu, 0.1]));
    const outcomes = outcomesOf(columns, fatesOf(3, { 0: [4], 1: [4] }), HORIZON, noon(29));
    expect(outcomeWeights(outcomes, all(3))).toBeNull();
  });

  it('are those of the survival models, just before the time of each', () => {
    const row = fc.record({ day: fc.integer({ min: 0, max: 60 }), fails: fc.option(fc.integer({ min: 0, max: 70 })) });
    fc.assert(
      fc.property(fc.array(row, { minLength: 1, maxLength: 60 }), (rows) => {
        const columns = columnsOf(rows.map(({ day }, gpu) => [day, gpu, 0.5]));
        const fates = fatesOf(
          rows.length,
          Object.fromEntries(rows.flatMap(({ fails }, gpu) => (fails === null ? [] : [[gpu, [fails]]]))),
        );
        const outcomes = outcomesOf(columns, fates, HORIZON, noon(62));
        const weights = outcomeWeights(outcomes, all(rows.length));
        const known = (state: number | undefined): number => (state === FAILED || state === SURVIVED ? 1 : 0);
        const curve = censoringCurve({ times: outcomes.follow_ms, events: outcomes.state.map(known) });
        if (!outcomes.state.includes(SURVIVED)) {
          expect(weights).toBeNull();
          return;
        }
        rows.forEach((_, i) => {
          const expected =
            known(outcomes.state[i]) === 0 ? 0 : 1 / uncensoredAt(curve, (outcomes.follow_ms[i] as number) - 0.5);
          expect(weights?.[i]).toBeCloseTo(expected, 9);
        });
      }),
      { seed: 11, numRuns: 200 },
    );
  });

  it('give the share of failures that will be seen when all have come, where counting alike does not', () => {
    const horizon_days = 90;
    const { columns, fates } = drawnFleet({ gpus: 1_500, days: 300, horizon_days, seed: 4 });
    const share = (until_day: number, weighed: boolean): number => {
      const rows = columns.ts.findIndex((ts) => ts > noon(119.9));
      const some = {
        ts: columns.ts.subarray(0, rows),
        gpu: columns.gpu.subarray(0, rows),
        p: columns.p.subarray(0, rows),
      };
      const early = { ...fates, failures: fates.failures.map((list) => list.filter((at) => at <= noon(until_day))) };
      const outcomes = outcomesOf(some, early, horizon_days * DAY_MS, noon(until_day));
      const weights = outcomeWeights(outcomes, all(rows)) ?? new Float64Array(rows);
      let [failed, known] = [0, 0];
      outcomes.state.forEach((state, i) => {
        const weight = weighed ? (weights[i] as number) : state === PENDING ? 0 : 1;
        known += weight;
        if (state === FAILED) failed += weight;
      });
      return failed / known;
    };
    const truth = share(299, false);
    expect(Math.abs(share(120, true) / truth - 1)).toBeLessThan(0.1);
    expect(share(120, false) / truth).toBeGreaterThan(1.3);
  });
});
