import { describe, expect, it } from 'vitest';
import type { Decision } from '../../pipeline/contract/predictions.ts';
import { minutes } from '../../pipeline/contract/time.ts';
import { bytesPerGpu } from '../core/group-state.ts';
import { random } from '../core/laws.fixture.ts';
import { DECISION_STATE } from './decision-state.ts';
import {
  at,
  BUSY,
  type Event,
  GPUS,
  minuteOf,
  prediction,
  row,
  run,
  runAtOnce,
  score,
  vector,
} from './decisions.fixture.ts';
import { referenceDecision } from './reference-profile.ts';

describe('when decisions are told', () => {
  it('with the first vector, then once in every half hour, and with the final one', () => {
    const events = Array.from({ length: 48 }, (_, i) => row(3 + 5 * i, 90, 0.02)).flat();
    const [first, ...later] = run(events).map(minuteOf);
    expect(first).toBe(3);
    expect(later[0]).toBeLessThanOrEqual(33);
    expect(later.slice(1).map((minute, i) => minute - (later[i] as number))).toEqual(later.slice(1).map(() => 30));
    expect(run(events, { every: minutes(10) })).toHaveLength(1 + 24 - 1);
    expect(run([...row(3, 90, 0.02), ...row(4, 90, 0.02, {}, true)]).map(minuteOf)).toEqual([3, 4]);
  });

  it('spread over the half hour by their boards', () => {
    const events = (gpu_uuid: string): Event[] =>
      Array.from({ length: 8 }, (_, i) => row(3 + 5 * i, 90, 0.02, { gpu_uuid })).flat();
    const seconds = ['GPU-a', 'GPU-b', 'GPU-w'].map((gpu_uuid) => minuteOf(run(events(gpu_uuid))[1] as Decision));
    expect(new Set(seconds).size).toBeGreaterThan(1);
  });

  it('once however long the silence was, and not for what is older', () => {
    expect(run([...row(3, 90, 0.02), ...row(4_000, 90, 0.02), ...row(3_900, 90, 0.02)]).map(minuteOf)).toEqual([
      3, 4_000,
    ]);
  });

  it('after the score and the prediction of their row', () => {
    const [told] = run([vector(3), score(3, 61.5), prediction(3, 0.2)]);
    expect(told).toMatchObject({
      ts: at(3),
      health: 61.5,
      p30: 0.2,
      utilisation: 0.8,
      profile: 'default',
      instance: '',
    });
  });

  it('not before a health is known, and then with the next prediction', () => {
    const told = run([...row(3, null, 0.1), ...row(8, null, 0.1), ...row(13, 88, 0.1), ...row(18, null, 0.1)]);
    expect(told.map(({ ts, health }) => [ts, health])).toEqual([[at(13), 88]]);
    expect(run([vector(3), score(3, null), prediction(3, 0.1)])).toEqual([]);
  });

  it('from the newest score at or before it, when scores come more seldom or ahead of the row', () => {
    const ahead = score(36, 20);
    const told = run([
      ...row(3, 90, 0.02),
      score(20, 80),
      ...row(28, null, 0.02),
      ahead,
      ...row(33, null, 0.02),
      ...row(63, null, 0.02),
    ]);
    expect(told.map(({ health }) => health)).toEqual([90, 80, 20]);
    expect(run([vector(33), score(33, 70), score(10, 99), score(33, 50), prediction(33, 0.1)])[0]?.health).toBe(50);
  });

  it('with a prediction that is older than the vector: no', () => {
    expect(run([vector(3), score(3, 90), prediction(2, 0.1)])).toEqual([]);
  });

  it('of a GPU that nobody knows: no', () => {
    expect(run(row(3, 90, 0.1, { gpu_uuid: 'GPU-x' }))).toEqual([]);
  });
});

describe('what decisions are made from', () => {
  it.each([
    [{ gpu_util_ratio_mean_7d: 0.3, gr_engine_active_ratio_mean_7d: 0.6 }, 0.3],
    [{ gr_engine_active_ratio_mean_7d: 0.6 }, 0.6],
    [{ power_usage_mean: 300 }, 0.9],
  ])('utilisation of %o is %d', (known, utilisation) => {
    expect(run([vector(3, known), score(3, 90), prediction(3, 0.1)])[0]?.utilisation).toBe(utilisation);
  });

  it.each([
    ['a few samples', { samples_7d: 30, cadence_seconds: 10 }, 0.9],
    ['a day of them', { samples_7d: 8_640, cadence_seconds: 10 }, 0],
    ['a day of them before the cadence changed', { samples_7d: 760, cadence_seconds: 10, samples_hours_7d: 24 }, 0],
  ])('takes no use from %s', (_, seen, utilisation) => {
    const idle = { gpu_util_ratio_mean_7d: 0, ...seen };
    const [told] = run([vector(3, idle), score(3, 95), prediction(3, 0.01)]);
    expect(told?.utilisation).toBe(utilisation);
  });

  it('the reference profile is the formula', () => {
    const [told] = run([vector(3), score(3, 77.7), prediction(3, 0.123)], { profile: 'reference' });
    const wanted = referenceDecision({ health: 77.7, p30: 0.123, utilisation: 0.8 });
    expect(told).toMatchObject({
      npv_keep: wanted.npv.keep,
      npv_sell: wanted.npv.sell,
      npv_repurpose: wanted.npv.repurpose,
      salvage_value: wanted.npv.decommission,
      expected_value: wanted.expected_value,
      confidence: wanted.confidence,
      decision: wanted.decision,
      profile: 'reference',
    });
  });

  it('warranty and the action that health asks for make the advice', () => {
    const bad = (known: Record<string, number>): Decision | undefined =>
      run([vector(3, known), score(3, 40, { action: 'replace_gpu' }), prediction(3, 0.4)])[0];
    expect(bad(BUSY)?.advice).toBe('rma');
    expect(bad(BUSY)?.rationale).toMatch(
      /^Return it under warranty, 300 days are left: .*; \w+: .* decommissioned, at .*\.$/,
    );
    expect(bad({ ...BUSY, warranty_remaining_days: -1 })?.advice).toBe('drain');
  });

  it('one GPU is nothing to another', () => {
    const other = row(3, 10, 0.9, { gpu_uuid: 'GPU-b' });
    expect(run([...other, ...row(3, 90, 0.02)]).filter(({ gpu_uuid }) => gpu_uuid === 'GPU-a')).toEqual(
      run(row(3, 90, 0.02)),
    );
  });
});

describe('boards in instances', () => {
  const slice = (minute: number, instance: string, overall: number, p30: number, use: number): Event[] => {
    const who = { gpu_uuid: 'GPU-m', instance };
    return [
      vector(minute, { gr_engine_active_ratio_mean_7d: use, power_usage_mean: 500 }, who),
      score(minute, overall, who),
      prediction(minute, p30, who),
    ];
  };

  it('get one decision, from their weakest instance and highest risk at the mean of their use', () => {
    const first = [...slice(3, '1', 90, 0.02, 0.2), ...slice(3, '2', 60, 0.3, 0.6)];
    const told = run([...first, ...slice(33, '1', 90, 0.02, 0.2), ...slice(33, '2', 60, 0.3, 0.6)]);
    expect(told.map((d) => [minuteOf(d), d.gpu_uuid, d.instance, d.health, d.p30, d.utilisation])).toEqual([
      [3, 'GPU-m', '', 90, 0.02, 0.2],
      [33, 'GPU-m', '', 60, 0.3, 0.4],
    ]);
  });

  it('wait for the predictions of all instances, whose vectors come first', () => {
    const both = ['1', '2'].map((instance) => ({ gpu_uuid: 'GPU-m', instance }));
    const scrape = (minute: number, risks: readonly number[]): Event[] => [
      ...both.map((who) => vector(minute, BUSY, who)),
      ...both.map((who) => score(minute, 90, who)),
      ...both.map((who, i) => prediction(minute, risks[i] as number, who)),
    ];
    const told = run([...scrape(3, [0.02, 0.3]), ...scrape(8, [0.02, 0.4]), ...scrape(33, [0.02, 0.6])]);
    expect(told.map((d) => [minuteOf(d), d.p30])).toEqual([
      [3, 0.3],
      [33, 0.6],
    ]);
  });

  it('go on with another instance when the lowest is gone', () => {
    const told = run([
      ...slice(3, '1', 90, 0.02, 0.2),
      ...slice(3, '2', 90, 0.02, 0.2),
      ...slice(300, '2', 80, 0.02, 0.2),
    ]);
    expect(told.map((d) => [minuteOf(d), d.health])).toEqual([
      [3, 90],
      [300, 80],
    ]);
  });

  it('are spoken for by their own row where there is one, at the use of the instances', () => {
    const whole = { gpu_uuid: 'GPU-w' };
    const part = { gpu_uuid: 'GPU-w', instance: '1' };
    const told = run([
      vector(3, { power_usage_mean: 300 }, whole),
      score(3, 85, whole),
      prediction(3, 0.05, whole),
      vector(3, { gr_engine_active_ratio_mean_7d: 0.5 }, part),
      score(3, 30, part),
      prediction(3, 0.5, part),
      vector(33, { power_usage_mean: 300 }, whole),
      prediction(33, 0.05, whole),
      vector(33, { gr_engine_active_ratio_mean_7d: 0.5 }, part),
      prediction(33, 0.5, part),
    ]);
    expect(told.map((d) => [minuteOf(d), d.health, d.p30, d.utilisation])).toEqual([
      [3, 85, 0.05, 0.9],
      [33, 85, 0.05, 0.5],
    ]);
  });
});

describe('decisions laws', () => {
  const drawn = (seed: number): Event[] => {
    const next = random(seed);
    return Array.from({ length: 60 }, (_, i) => i).flatMap((i) =>
      GPUS.flatMap(([gpu_uuid, instance]) => {
        if (next() < 0.1) return [];
        const minute = i * 5 + Math.floor(next() * 4);
        const who = { gpu_uuid, instance };
        const health =
          next() < 0.3
            ? [score(minute - (next() < 0.2 ? 3 : 0), next() < 0.1 ? null : Math.round(1_000 * next()) / 10, who)]
            : [];
        const known = next() < 0.2 ? {} : { ...BUSY, gpu_util_ratio_mean_7d: next() };
        return [vector(minute, known, { ...who, final: i === 59 }), ...health, prediction(minute, next(), who)];
      }),
    );
  };

  it('goes on after a snapshot as if nothing had happened, and gives the same twice', () => {
    for (const seed of [1, 2]) {
      const events = drawn(seed);
      const whole = run(events);
      expect(whole.length).toBeGreaterThan(20);
      expect(run(events)).toEqual(whole);
      for (const every of [2, 7]) expect(run(events, {}, every)).toEqual(whole);
    }
  });

  it('gives the same however the stream was cut into batches', () => {
    expect(runAtOnce(drawn(5))).toEqual(run(drawn(5)));
  });

  it('tells finite numbers, the best option, and probabilities as confidence', () => {
    for (const told of [...run(drawn(4)), ...run(drawn(4), { profile: 'reference' })]) {
      const values = [told.npv_keep, told.npv_sell, told.npv_repurpose, told.salvage_value];
      expect([...values, told.value_at_risk_usd_per_hour].every(Number.isFinite)).toBe(true);
      expect(told.expected_value).toBe(Math.max(...values));
      expect(told.confidence).toBeGreaterThanOrEqual(0);
      expect(told.confidence).toBeLessThanOrEqual(1);
      expect(JSON.parse(JSON.stringify(told))).toEqual(told);
    }
  });

  it('keeps 139 B per GPU', () => {
    expect(bytesPerGpu(DECISION_STATE)).toBe(139);
  });
});
