import { describe, expect, it } from 'vitest';
import { kolmogorovSmirnov } from '../../models/drift/kolmogorov-smirnov.ts';
import { binCounts } from '../../models/drift/psi.ts';
import { vectorOf } from '../../operators/health/observations.fixture.ts';
import type { FeatureVector } from '../contract/events.ts';
import { driftInputs, type FeatureReference, featureDrift } from './feature-drift.ts';

const HOT = 'gpu_temp_max';
const COUNT = 'thermal_throttle_count';

/** Deterministic draws, 0..1. */
function draws(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}
const normal = (draw: () => number): number =>
  Math.sqrt(-2 * Math.log(draw() + 1e-12)) * Math.cos(2 * Math.PI * draw());

const fleet = (boards: number, known: (board: number) => Record<string, number>): FeatureVector[] =>
  Array.from({ length: boards }, (_, i) => vectorOf({ samples_7d: 1_008, ...known(i) }, { gpu_uuid: `GPU-${i}` }));

function referenceOf(columns: Readonly<Record<string, readonly number[]>>, counted = true): FeatureReference {
  const features = Object.keys(columns);
  const bins = features.map((name) => {
    const known = (columns[name] ?? [])
      .filter((x) => !Number.isNaN(x))
      .map(Math.fround)
      .sort((a, b) => a - b);
    return known.length === 0
      ? []
      : Array.from({ length: 9 }, (_, b) => known[Math.floor(((b + 1) * known.length) / 10)] as number);
  });
  const counts = features.map((name, k) => [
    ...binCounts(Float32Array.from(columns[name] ?? []), [...new Set(bins[k])]),
  ]);
  return { features, bins, counts: counted ? counts : [], importance: features.map(() => 1), gpus: 1_000 };
}

const usual = (count: number, seed: number): number[] => {
  const draw = draws(seed);
  return Array.from({ length: count }, () => 60 + 5 * normal(draw));
};

describe('feature drift', () => {
  it.each([
    ['the same source', 0, false],
    ['a little warmer', 1, false],
    ['a standard deviation warmer', 5, true],
    ['a standard deviation colder', -5, true],
  ])('of %s', (_, shift, alarm) => {
    const reference = referenceOf({ [HOT]: usual(5_000, 1) });
    const today = usual(2_000, 2);
    const [drift] = featureDrift(
      fleet(2_000, (i) => ({ [HOT]: (today[i] as number) + shift })),
      reference,
    );
    expect(drift).toMatchObject({ feature: HOT, alarm, limit: 0.25, missing_ratio: 0, reference_missing_ratio: 0 });
    if (shift === 5) expect(drift?.index).toBeGreaterThan(0.8);
  });

  it('gives a small fleet what chance does in it, and the smallest nothing', () => {
    const reference = referenceOf({ [HOT]: usual(5_000, 1) });
    let alarms = 0;
    for (let seed = 10; seed < 60; seed++) {
      const today = usual(32, seed);
      if (
        featureDrift(
          fleet(32, (i) => ({ [HOT]: today[i] as number })),
          reference,
        )[0]?.alarm
      )
        alarms++;
    }
    expect(alarms).toBe(0);
    const burning = (boards: number) =>
      featureDrift(
        fleet(boards, () => ({ [HOT]: 99 })),
        reference,
      )[0];
    expect(burning(40)).toMatchObject({ alarm: true });
    expect(burning(10)).toMatchObject({ alarm: false });
  });

  it('counts what went missing as drift', () => {
    const reference = referenceOf({ [HOT]: usual(5_000, 1) });
    const today = usual(400, 3);
    const [drift] = featureDrift(
      fleet(400, (i) => (i % 2 === 0 ? { [HOT]: today[i] as number } : {})),
      reference,
    );
    expect(drift).toMatchObject({ alarm: true, missing_ratio: 0.5, reference_missing_ratio: 0 });
    const never = referenceOf({ [HOT]: usual(500, 1).map(() => Number.NaN) });
    expect(
      featureDrift(
        fleet(400, () => ({})),
        never,
      )[0],
    ).toMatchObject({ alarm: false, missing_ratio: 1 });
    expect(
      featureDrift(
        fleet(400, () => ({ [HOT]: 60 })),
        never,
      )[0]?.alarm,
    ).toBe(true);
  });

  it('judges counts that are mostly 0 by how many rows there were, and not at all without', () => {
    const mostly = Array.from({ length: 5_000 }, (_, i) => (i % 20 === 0 ? 3 : 0));
    const today = (share: number) => fleet(1_000, (i) => ({ [COUNT]: i < share * 1_000 ? 4 : 0 }));
    const reference = referenceOf({ [COUNT]: mostly });
    expect(featureDrift(today(0.05), reference)[0]).toMatchObject({ alarm: false });
    expect(featureDrift(today(0.5), reference)[0]).toMatchObject({ alarm: true });
    const uncounted = referenceOf({ [COUNT]: mostly, [HOT]: usual(5_000, 1) }, false);
    const drifts = featureDrift(
      fleet(1_000, () => ({ [COUNT]: 4, [HOT]: 80 })),
      uncounted,
    );
    expect(drifts).toMatchObject([
      { index: null, ks: null, alarm: false, reference_missing_ratio: null },
      { alarm: true, ks: 0.9, reference_missing_ratio: null },
    ]);
  });

  it('knows a value again that single precision has rounded down', () => {
    const reference = referenceOf({ power_usage_cv: Array.from({ length: 500 }, () => 0.7) });
    const [drift] = featureDrift(
      fleet(500, () => ({ power_usage_cv: 0.7 })),
      reference,
    );
    expect(drift?.index).toBeCloseTo(0, 6);
  });

  it('is what a slow reading of the definition says', () => {
    const draw = draws(77);
    for (let round = 0; round < 20; round++) {
      const lumpy = (): number => (draw() < 0.1 ? Number.NaN : Math.fround(Math.round(draw() * 6) * draw()));
      const then = Array.from({ length: 300 }, lumpy);
      const today = Array.from({ length: 200 }, () => lumpy() + round / 10);
      const reference = referenceOf({ [HOT]: then });
      const [drift] = featureDrift(
        fleet(200, (i) => ({ [HOT]: today[i] as number })),
        reference,
      );
      const edges = [Number.NEGATIVE_INFINITY, ...new Set(reference.bins[0]), Number.POSITIVE_INFINITY];
      const sorts = (values: readonly number[]): number[] => [
        ...edges
          .slice(1)
          .map((to, b) => values.filter((x) => Math.fround(x) > (edges[b] as number) && Math.fround(x) <= to).length),
        values.filter(Number.isNaN).length,
      ];
      const [e, a] = [sorts(then), sorts(today)];
      const used = e.map((_, b) => b).filter((b) => e[b] !== 0 || a[b] !== 0);
      const share = (counts: readonly number[], b: number, all: number): number =>
        ((counts[b] as number) + 0.5) / (all + 0.5 * counts.length);
      const slow = used
        .map((b) => [share(e, b, 300), share(a, b, 200)] as const)
        .reduce((sum, [was, is]) => sum + (is - was) * Math.log(is / was), 0);
      expect(drift?.index).toBeCloseTo(slow, 9);
      const placeOf = (x: number): number =>
        Number.isNaN(x) ? x : edges.slice(1).findIndex((to) => Math.fround(x) <= to);
      expect(drift?.ks).toBeCloseTo(kolmogorovSmirnov(then.map(placeOf), today.map(placeOf)).statistic, 12);
      expect(drift?.missing_ratio).toBeCloseTo((a.at(-1) as number) / 200, 12);
      expect(drift?.reference_missing_ratio).toBeCloseTo((e.at(-1) as number) / 300, 12);
    }
  });

  it('has nothing to say of nothing', () => {
    expect(featureDrift([], referenceOf({ [HOT]: usual(500, 1) }))).toMatchObject([
      { index: null, alarm: false, ks: null, ks_p: null, missing_ratio: 0 },
    ]);
    expect(
      featureDrift(
        fleet(30, () => ({})),
        { features: [], bins: [], counts: [], importance: [], gpus: null },
      ),
    ).toEqual([]);
  });

  it('tells counts of samples as the model sees them, whatever the cadence', () => {
    const draw = draws(5);
    const [then, today] = [1_000, 500].map((count) => Array.from({ length: count }, () => Math.floor(draw() * 300)));
    const reference = referenceOf({ [COUNT]: then ?? [] });
    const every10s = fleet(500, (i) => ({ [COUNT]: 60 * (today?.[i] ?? 0), samples_7d: 60_480 }));
    expect(featureDrift(every10s, reference)).toMatchObject([{ alarm: false, missing_ratio: 0 }]);
    expect(featureDrift(every10s, reference)[0]?.ks).toBeLessThan(0.1);
    expect(driftInputs([COUNT, HOT])).toEqual([COUNT, HOT, 'samples_7d']);
  });

  it('takes boards for cases: neither rows of many days nor instances make it surer', () => {
    const today = usual(40, 8);
    const instances = fleet(40, (i) => ({ [HOT]: (today[i] as number) + 5 })).flatMap((vector) =>
      ['1', '2', '3', '4', '5', '6', '7'].map((instance) => ({ ...vector, instance })),
    );
    const reference = referenceOf({ [HOT]: usual(5_000, 1) });
    const p = (vectors: readonly FeatureVector[], gpus: number | null): number =>
      featureDrift(vectors, { ...reference, gpus })[0]?.ks_p ?? Number.NaN;
    const whole = fleet(40, (i) => ({ [HOT]: (today[i] as number) + 5 }));
    expect(p(instances, 1_000)).toBeCloseTo(p(whole, 1_000), 12);
    expect(p(whole, 1_000)).toBeLessThan(1e-3);
    expect(p(whole, 40)).toBeGreaterThan(p(whole, 1_000));
    // Nobody knows how many boards it had: as many as today.
    expect(p(whole, null)).toBe(p(whole, 40));
  });

  it('has a p that is wrong about the same source no oftener than it says', () => {
    const reference = { ...referenceOf({ [HOT]: usual(5_000, 1) }), gpus: 5_000 };
    let low = 0;
    for (let seed = 100; seed < 300; seed++) {
      const today = usual(60, seed);
      const [drift] = featureDrift(
        fleet(60, (i) => ({ [HOT]: today[i] as number })),
        reference,
      );
      if ((drift?.ks_p ?? 0) < 0.1) low++;
    }
    expect(low).toBeGreaterThan(0);
    expect(low).toBeLessThan(30);
  });

  it('does not take the boards of a node for so many cases when one job makes them alike', () => {
    const reference = { ...referenceOf({ [HOT]: usual(5_000, 1) }), gpus: 5_000 };
    const of = (size: number, alike: boolean, seed: number) => {
      const draw = draws(seed);
      let job = 0;
      return featureDrift(
        Array.from({ length: 160 }, (_, i) => {
          if (i % size === 0) job = normal(draw);
          const hot = 60 + 5 * (alike ? job : normal(draw));
          return vectorOf(
            { [HOT]: hot, samples_7d: 1_008 },
            { gpu_uuid: `GPU-${i}`, node: `n${Math.floor(i / size)}` },
          );
        }),
        reference,
      )[0];
    };
    for (let seed = 300; seed < 340; seed++) {
      // Twenty jobs, each on eight boards: what a fleet of twenty boards would be given.
      const told = of(8, true, seed);
      expect(told).toMatchObject({ alarm: false });
      expect(told?.limit).toBeGreaterThan(1);
      expect(told?.ks_p).toBeGreaterThan(1e-5);
      expect(of(8, false, seed)?.limit).toBeLessThan(0.4);
    }
  });
});
