import { describe, expect, it } from 'vitest';
import { VitalsError } from '../../pipeline/contract/errors.ts';
import { fitCox } from './cox.ts';
import type { CoxData } from './cox-rows.ts';

describe('what no model can be fitted to', () => {
  const good: CoxData = {
    stop: Float64Array.of(1, 2, 3, 4, 5, 6),
    events: Uint8Array.of(1, 1, 1, 1, 0, 1),
    names: ['x', 'y'],
    covariates: Float64Array.of(1, 0, 3, 1, 2, 0, 1, 0, 2, 1, 3, 1),
  };
  const put = (at: number, x: number): Float64Array => good.covariates.map((value, i) => (i === at ? x : value));
  const cases: [why: string, data: CoxData][] = [
    ['y of row 1 is NaN', { ...good, covariates: put(3, Number.NaN) }],
    ['x of row 2 is Infinity', { ...good, covariates: put(4, Number.POSITIVE_INFINITY) }],
    ['there is no event', { ...good, events: new Uint8Array(6) }],
    ['row 2 begins at 3, not before its end at 3', { ...good, start: Float64Array.of(0, 0, 3, 0, 0, 0) }],
    ['row 0 ends at NaN', { ...good, stop: Float64Array.of(Number.NaN, 2, 3, 4, 5, 6) }],
    ['row 1 has the weight -1', { ...good, weights: Float64Array.of(1, -1, 1, 1, 1, 1) }],
    ['3 events where 6 are needed', { ...good, events: Uint8Array.of(1, 1, 1) }],
    ['there is no covariate', { ...good, names: [], covariates: new Float64Array() }],
    ['y is the same in all rows', { ...good, covariates: good.covariates.map((x, at) => (at % 2 ? 7 : x)) }],
    [
      'y tells nothing beyond',
      {
        ...good,
        covariates: good.covariates.map((_, at) => (good.covariates[at - (at % 2)] as number) * (1 + (at % 2))),
      },
    ],
    ['y alone tells who has the event', { ...good, events: Uint8Array.of(1, 0, 1, 1, 0, 0) }],
  ];
  it.each(cases)('%s', (why, data) => {
    expect(() => fitCox(data)).toThrow(VitalsError);
    expect(() => fitCox(data)).toThrow(why);
  });

  it('is taken with a ridge where only the columns are at fault', () => {
    for (const [, data] of cases.slice(-3)) {
      const { coefficients, standard_errors } = fitCox(data, { ridge: 0.1 });
      expect([...coefficients, ...standard_errors].every(Number.isFinite)).toBe(true);
    }
  });

  it('is nothing of this', () => {
    expect(fitCox(good).events).toBe(5);
  });
});
