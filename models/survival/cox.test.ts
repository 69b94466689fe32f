import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type CoxModel, type CoxOptions, fitCox } from './cox.ts';
import { type CoxData, coxRows } from './cox-rows.ts';
import { coxSweep } from './cox-sweep.ts';
import { partialLogLikelihood } from './partial-likelihood.fixture.ts';
import { isThere, madeRows, readTable, rowMajor, type Table } from './survival-data.fixture.ts';

interface LifelinesFit {
  readonly names: readonly string[];
  readonly coefficients: readonly number[];
  readonly standard_errors: readonly number[];
  readonly log_likelihood: number;
}

const fixture: {
  readonly made: Readonly<Record<string, readonly number[]>>;
  readonly made_fits: Readonly<Record<string, LifelinesFit>>;
  readonly sets: Readonly<Record<string, LifelinesFit>>;
} = JSON.parse(readFileSync(join(import.meta.dirname, 'lifelines.fixture.json'), 'utf8'));

const TIES = ['efron', 'breslow'] as const;

const worst = (a: ArrayLike<number>, b: ArrayLike<number>): number => {
  expect(a.length).toBe(b.length);
  return Array.from(a, (x, i) => Math.abs(x - (b[i] as number))).reduce((max, x) => Math.max(max, x), 0);
};

function expectFit(model: CoxModel, fit: LifelinesFit | undefined): void {
  expect(model.names).toEqual(fit?.names);
  expect(worst(model.coefficients, fit?.coefficients ?? [])).toBeLessThan(1e-6);
  expect(worst(model.standard_errors, fit?.standard_errors ?? [])).toBeLessThan(1e-6);
  expect(model.log_likelihood).toBeCloseTo(fit?.log_likelihood ?? Number.NaN, 6);
}

describe('against lifelines, on made-up rows', () => {
  const numbers = (name: string): Float64Array => Float64Array.from(fixture.made[name] ?? []);
  const base: CoxData = {
    stop: numbers('stop'),
    events: Uint8Array.from(numbers('event')),
    names: ['a', 'b', 'flag'],
    covariates: rowMajor([numbers('a'), numbers('b'), numbers('flag')]),
  };
  const start = numbers('start');
  const strata = Int32Array.from(numbers('stratum'));
  const cases: [name: string, data: CoxData][] = [
    ['plain', base],
    ['entry', { ...base, start }],
    ['strata', { ...base, strata }],
    ['weights', { ...base, weights: numbers('weight') }],
    ['entry, strata', { ...base, start, strata }],
  ];
  it.each(cases)('%s', (name, data) => {
    expectFit(fitCox(data), fixture.made_fits[name]);
  });
});

describe.skipIf(!isThere('survival'))('on public sets (skipped without ../shared/data/survival)', () => {
  const dataOf = (table: Table, columns: readonly string[], stop: string, event: string): CoxData => ({
    stop: table.numbers(stop),
    events: Uint8Array.from(table.numbers(event)),
    names: columns,
    covariates: rowMajor(columns.map((column) => table.numbers(column))),
  });
  const ROSSI = ['fin', 'age', 'race', 'wexp', 'mar', 'paro', 'prio'];

  it.each(TIES)('rossi as R has it, %s', (ties) => {
    const model = fitCox(dataOf(readTable('survival/rossi.csv'), ROSSI, 'week', 'arrest'), { ties });
    const reference = readTable(`survival/R_rossi_${ties}.csv`);
    expect(reference.text('term')).toEqual(ROSSI);
    expect(worst(model.coefficients, reference.numbers('coef'))).toBeLessThan(1e-8);
    expect(worst(model.standard_errors, reference.numbers('se'))).toBeLessThan(1e-8);
    if (ties === 'breslow') return;
    expect(worst(model.z, reference.numbers('z'))).toBeLessThan(1e-7);
    expect(worst(model.p, reference.numbers('p'))).toBeLessThan(1e-8);
  });

  it('has the baseline hazard that R has', () => {
    const { coefficients, means, baselines } = fitCox(dataOf(readTable('survival/rossi.csv'), ROSSI, 'week', 'arrest'));
    const reference = readTable('survival/R_rossi_efron_basehaz_uncentered.csv');
    const to_zero = Math.exp(-coefficients.reduce((sum, b, j) => sum + b * (means[j] as number), 0));
    const [baseline] = baselines;
    const hazards = reference.numbers('hazard');
    let compared = 0;
    reference.numbers('time').forEach((time, i) => {
      const at = baseline?.times.indexOf(time) ?? -1;
      if (at < 0) return;
      expect((baseline?.cumulative_hazard[at] as number) * to_zero).toBeCloseTo(hazards[i] as number, 7);
      compared++;
    });
    expect(compared).toBe(baseline?.times.length);
  });

  it('larynx', () => {
    const names = ['age', 'Stage_II', 'Stage_III', 'Stage_IV'];
    expectFit(fitCox(dataOf(readTable('survival/larynx.csv'), names, 'time', 'death')), fixture.sets.larynx);
  });

  it('lung, rows with missing values left out', () => {
    const names = ['age', 'sex', 'ph.ecog', 'wt.loss'];
    const { stop, events, covariates } = dataOf(readTable('survival/lung.csv'), names, 'time', 'status');
    const kept = Array.from(stop, (_, i) => i).filter((i) =>
      covariates.subarray(i * names.length, (i + 1) * names.length).every(Number.isFinite),
    );
    const model = fitCox({
      names,
      stop: Float64Array.from(kept, (i) => stop[i] as number),
      events: Uint8Array.from(kept, (i) => events[i] as number),
      covariates: Float64Array.from(
        kept.flatMap((i) => [...covariates.subarray(i * names.length, (i + 1) * names.length)]),
      ),
    });
    expectFit(model, fixture.sets.lung);
  });

  it('veterans', () => {
    const table = readTable('survival/veterans_lung_cancer.csv');
    const names = fixture.sets.veterans?.names ?? [];
    const data = dataOf(table, names, 'Survival_label_lower_bound', 'Survival_label_lower_bound');
    const events = Uint8Array.from(table.text('Survival_label_upper_bound'), (cell) => (cell === 'inf' ? 0 : 1));
    expectFit(fitCox({ ...data, events }), fixture.sets.veterans);
  });

  it('stanford_heart: covariates that change with time', () => {
    const table = readTable('survival/stanford_heart.csv');
    const data = dataOf(table, ['age', 'year', 'surgery', 'transplant'], 'stop', 'event');
    expectFit(fitCox({ ...data, start: table.numbers('start') }), fixture.sets.stanford_heart);
  });

  it('rossi, strata', () => {
    const table = readTable('survival/rossi.csv');
    const names = ROSSI.filter((name) => name !== 'race');
    const strata = Int32Array.from(table.numbers('race'));
    expectFit(fitCox({ ...dataOf(table, names, 'week', 'arrest'), strata }), fixture.sets['rossi, strata of race']);
  });
});

describe('against the definition', () => {
  const made = madeRows({ rows: 70, seed: 3, truth: [0.7, -0.4, 0], grain: 0.25 });
  const { strata, weights, start, ...plain } = made;
  const cases: [name: string, data: CoxData][] = [
    ['plain', plain],
    ['starts', { ...plain, start }],
    ['all', made],
    ['some weights 0', { ...made, weights: weights.map((w) => w - 1) }],
  ];
  it.each(cases.flatMap(([name, data]) => TIES.map((ties) => ({ name, data, ties }))))(
    'has likelihood, slopes and curvature: $name, $ties',
    ({ data, ties }) => {
      const rows = coxRows(data);
      const raw = [0.5, -0.8, 0.3];
      const at = (beta: readonly number[]): number => partialLogLikelihood(data, beta, ties);
      const scaled = Float64Array.from(raw, (b, j) => b / (rows.factor[j] as number));
      const sweep = coxSweep(rows, scaled, ties);
      expect(sweep.log_likelihood).toBeCloseTo(at(raw), 9);
      const h = 1e-4;
      const moved = (...moves: [j: number, by: number][]): number =>
        at(raw.map((b, j) => b + moves.reduce((sum, [k, by]) => sum + (k === j ? by : 0), 0)));
      raw.forEach((_, a) => {
        const slope = (moved([a, h]) - moved([a, -h])) / (2 * h);
        expect((sweep.gradient[a] as number) / (rows.factor[a] as number)).toBeCloseTo(slope, 4);
        raw.forEach((_, b) => {
          const curve =
            (moved([a, h], [b, h]) - moved([a, h], [b, -h]) - moved([a, -h], [b, h]) + moved([a, -h], [b, -h])) /
            (4 * h * h);
          const scale = (rows.factor[a] as number) * (rows.factor[b] as number);
          expect((sweep.information[a * 3 + b] as number) / scale).toBeCloseTo(-curve, 3);
        });
      });
    },
  );

  it('keeps its digits where the risk of those who left was all there was', () => {
    const rows = 40;
    const data: CoxData = {
      names: ['x'],
      start: Float64Array.from({ length: rows }, (_, i) => i),
      stop: Float64Array.from({ length: rows }, (_, i) => i + 2.5),
      events: new Uint8Array(rows).fill(1),
      covariates: Float64Array.from({ length: rows }, (_, i) => (i > rows / 2 ? 12 : 0) + (i % 3)),
    };
    const ordered = coxRows(data);
    const beta = 2.5;
    const sweep = coxSweep(ordered, Float64Array.of(beta / (ordered.factor[0] as number)), 'efron');
    expect(sweep.log_likelihood).toBeCloseTo(partialLogLikelihood(data, [beta], 'efron'), 8);
  });
});

describe('laws', () => {
  const made = madeRows({ rows: 400, seed: 11, truth: [0.9, -0.6], grain: 0.1 });
  const fitted = (data: CoxData, options: Partial<CoxOptions> = {}): CoxModel => fitCox(data, options);
  const whole = fitted(made);

  it('does not look at the order of the rows', () => {
    const order = Array.from(made.stop, (_, i) => i).sort((a, b) => ((a * 7919) % 400) - ((b * 7919) % 400));
    const model = fitted({
      ...made,
      stop: Float64Array.from(order, (i) => made.stop[i] as number),
      start: Float64Array.from(order, (i) => made.start[i] as number),
      events: Uint8Array.from(order, (i) => made.events[i] as number),
      strata: Int32Array.from(order, (i) => made.strata[i] as number),
      weights: Float64Array.from(order, (i) => made.weights[i] as number),
      covariates: Float64Array.from(order.flatMap((i) => [...made.covariates.subarray(i * 2, i * 2 + 2)])),
    });
    expect(worst(model.coefficients, whole.coefficients)).toBeLessThan(1e-9);
  });

  it('takes units and offsets of a covariate as they come', () => {
    const model = fitted({ ...made, covariates: made.covariates.map((x, at) => (at % 2 === 0 ? 1e6 + x * 1e-3 : x)) });
    expect((model.coefficients[0] as number) * 1e-3).toBeCloseTo(whole.coefficients[0] as number, 6);
    expect(model.z[0]).toBeCloseTo(whole.z[0] as number, 6);
  });

  it('does not care where rows of a subject are cut', () => {
    const twice = <T extends Float64Array | Int32Array>(values: T): T => {
      const both = values.constructor as new (length: number) => T;
      const result = new both(values.length * 2);
      result.set(values);
      result.set(values, values.length);
      return result;
    };
    const middle = made.stop.map((stop, i) => (stop + (made.start[i] as number)) / 2);
    const cut: CoxData = {
      ...made,
      start: Float64Array.from([...made.start, ...middle]),
      stop: Float64Array.from([...middle, ...made.stop]),
      events: Uint8Array.from([...new Uint8Array(made.stop.length), ...made.events]),
      strata: twice(made.strata),
      weights: twice(made.weights),
      covariates: twice(made.covariates),
    };
    const model = fitted(cut);
    expect(worst(model.coefficients, whole.coefficients)).toBeLessThan(1e-9);
    expect(model.log_likelihood).toBeCloseTo(whole.log_likelihood, 7);
  });

  it('has as many expected as real events', () => {
    const { start, weights, strata, ...plain } = made;
    const { baselines, coefficients, means } = fitted(plain, { ties: 'breslow' });
    const [baseline] = baselines;
    let expected = 0;
    made.stop.forEach((stop, i) => {
      const at = (baseline?.times ?? []).findLastIndex((time) => time <= stop);
      const eta = coefficients.reduce(
        (sum, b, j) => sum + b * ((made.covariates[i * 2 + j] as number) - (means[j] as number)),
        0,
      );
      if (at >= 0) expected += (baseline?.cumulative_hazard[at] as number) * Math.exp(eta);
    });
    expect(expected).toBeCloseTo(
      made.events.reduce((sum, event) => sum + event, 0),
      6,
    );
  });

  it('draws coefficients to 0 the more the ridge is', () => {
    const sizes = [0, 1, 10, 100, 1e4].map((ridge) => Math.hypot(...fitted(made, { ridge }).coefficients));
    expect(sizes).toEqual(sizes.toSorted((a, b) => b - a));
    expect(sizes.at(-1)).toBeLessThan(0.1 * (sizes[0] as number));
  });

  it('finds the truth', () => {
    const { weights, strata, ...data } = madeRows({ rows: 20_000, seed: 5, truth: [0.9, -0.6], grain: 0.001 });
    const { coefficients, standard_errors } = fitted(data);
    expect(Math.abs((coefficients[0] as number) - 0.9)).toBeLessThan(4 * (standard_errors[0] as number));
    expect(Math.abs((coefficients[1] as number) + 0.6)).toBeLessThan(4 * (standard_errors[1] as number));
    expect(standard_errors[0]).toBeLessThan(0.02);
  });
});
