import { describe, expect, it } from 'vitest';
import { FEATURE_COUNT, findFeature } from '../../pipeline/contract/features.ts';
import { FAILURE_TYPES } from '../../pipeline/contract/predictions.ts';
import { ageFactor, FAILURES_PER_YEAR, OLDEST_YEARS } from './failure-rates.ts';
import { type Course, type Life, type LivesPlan, planLives } from './plan-lives.ts';
import { simulateLives } from './run-lives.ts';

const DAY_MS = 86_400_000;
const START_MS = Date.UTC(2026, 0, 5);
const planned = (over: Partial<LivesPlan['options']> = {}): LivesPlan =>
  planLives({ gpus: 1_024, days: 120, seed: 5, start_ms: START_MS, failure_rate_scale: 12, ...over });

const failed = (plan: LivesPlan): Life[] => plan.lives.filter(({ end }) => end === 'failed');
const firstLives = (plan: LivesPlan): Life[] => plan.lives.filter(({ from_ms }) => from_ms === START_MS);

/** Probability that a failing life has the larger value than one that does not: 0.5 = it tells nothing. */
function auc(lives: readonly Life[], value: (life: Life) => number): number {
  const sorted = lives.map((life) => ({ bad: life.end === 'failed', x: value(life) })).toSorted((a, b) => a.x - b.x);
  let rank_sum = 0;
  for (let from = 0; from < sorted.length; ) {
    let to = from;
    while (to < sorted.length && sorted[to]?.x === sorted[from]?.x) to++;
    for (let k = from; k < to; k++) if (sorted[k]?.bad) rank_sum += (from + to + 1) / 2;
    from = to;
  }
  const bad = sorted.filter((one) => one.bad).length;
  return (rank_sum - (bad * (bad + 1)) / 2) / (bad * (sorted.length - bad));
}

describe('rates', () => {
  it.each(FAILURE_TYPES)('ages of a fleet raise and lower the hazard of %s, but not its mean', (type) => {
    let sum = 0;
    for (let k = 0; k < 4_000; k++) sum += ageFactor(type, ((k + 0.5) / 4_000) * OLDEST_YEARS) / 4_000;
    expect(sum).toBeGreaterThan(0.9);
    expect(sum).toBeLessThan(1.05);
    expect(ageFactor(type, 0.05)).toBeGreaterThan(ageFactor(type, 1));
    expect(ageFactor(type, 4)).toBeGreaterThan(ageFactor(type, 1.5));
  });

  it.each([
    { failure_rate_scale: 1, gpus: 4_096, days: 180 },
    { failure_rate_scale: 12, gpus: 1_024, days: 120 },
  ])('as many boards fail as the hazards promise, at the published rate times $failure_rate_scale', (options) => {
    const plan = planned(options);
    const count = failed(plan).length;
    expect(Math.abs(count - plan.failures_expected)).toBeLessThan(3.5 * Math.sqrt(plan.failures_expected));
    const in_service_years =
      plan.lives.reduce((sum, { from_ms, to_ms }) => sum + (to_ms - from_ms), 0) / DAY_MS / 365.25;
    const yearly = count / in_service_years / options.failure_rate_scale;
    expect(yearly).toBeGreaterThan(0.6 * FAILURES_PER_YEAR);
    expect(yearly).toBeLessThan(1.5 * FAILURES_PER_YEAR);
  });
});

describe('a plan', () => {
  const plan = planned();

  it('follows from its seed, and from nothing else', () => {
    expect(planned().lives).toEqual(plan.lives);
    expect(planned({ seed: 6 }).lives).not.toEqual(plan.lives);
  });

  it('does not know where the run ends: a longer one begins with the same failures', () => {
    const longer = planned({ days: 160 });
    const until_ms = START_MS + 120 * DAY_MS;
    const key = ({ gpu_uuid, to_ms }: Life): string => `${gpu_uuid} ${to_ms}`;
    expect(
      failed(longer)
        .filter(({ to_ms }) => to_ms < until_ms)
        .map(key),
    ).toEqual(failed(plan).map(key));
  });

  it('gives every slot one life after the other, and a replaced board its own name', () => {
    for (const [index, life] of plan.lives.entries()) {
      const next = plan.lives[index + 1];
      expect(life.to_ms).toBeGreaterThanOrEqual(life.from_ms);
      if (next?.gpu !== life.gpu) continue;
      expect(next.from_ms).toBe(life.back_ms);
      expect(next.gpu_uuid === life.gpu_uuid).toBe(!life.replaced);
      expect(next.board_seed === life.board_seed).toBe(!life.replaced);
    }
  });

  it('has failures out of nothing, failures with a course, courses that people ended and courses that lead nowhere', () => {
    const fails = failed(plan);
    const foretold = new Set(
      plan.courses.filter(({ ends }) => ends === 'failure').map(({ gpu_uuid, until_ms }) => `${gpu_uuid} ${until_ms}`),
    );
    const sudden = fails.filter(({ gpu_uuid, to_ms }) => !foretold.has(`${gpu_uuid} ${to_ms}`)).length / fails.length;
    expect(sudden).toBeGreaterThan(0.15);
    expect(sudden).toBeLessThan(0.4);
    for (const type of FAILURE_TYPES) expect(fails.filter((life) => life.type === type).length).toBeGreaterThan(10);
    const by = (ends: Course['ends']): number => plan.courses.filter((course) => course.ends === ends).length;
    expect(by('maintenance')).toBeGreaterThan(10);
    expect(by('nothing')).toBeGreaterThan(0.5 * by('failure'));
    const lengths = plan.courses.map(({ start_ms, end_ms }) => (end_ms - start_ms) / DAY_MS);
    expect(Math.max(...lengths)).toBeLessThanOrEqual(45.001);
    const end_ms = START_MS + 120 * DAY_MS;
    expect(plan.courses.some((course) => course.ends === 'failure' && course.end_ms > end_ms)).toBe(true);
    expect(plan.courses.some((course) => course.ends === 'failure' && course.start_ms < START_MS)).toBe(true);
  });

  it.each([
    ['place in the fleet', (life: Life) => life.gpu],
    ['slot', (life: Life) => life.gpu % 8],
    [
      'number of readings',
      (life: Life) =>
        plan.layout.nodes[Math.floor(life.gpu / 8)]?.exported.reduce((sum, told) => sum + told, 0) ?? Number.NaN,
    ],
    [
      'exporter release',
      (life: Life) => (plan.layout.nodes[Math.floor(life.gpu / 8)]?.dialect.driver ?? '').charCodeAt(0),
    ],
    ['steady load', (life: Life) => plan.sites[Math.floor(life.gpu / 8)]?.steady_load ?? 0],
  ])('%s says nothing of who fails', (_, value) => {
    // Deviation of an AUC under chance, with about 350 failing of 1,024.
    expect(Math.abs(auc(firstLives(plan), value) - 0.5)).toBeLessThan(0.06);
  });

  it('age says what its hazard says and no more, and heat a little', () => {
    const age = auc(firstLives(plan), ({ deployed_at }) => -deployed_at);
    expect(age).toBeGreaterThan(0.42);
    expect(age).toBeLessThan(0.64);
    const heat = auc(firstLives(plan), ({ gpu }) => plan.sites[Math.floor(gpu / 8)]?.heat_c ?? Number.NaN);
    expect(heat).toBeGreaterThan(0.47);
    expect(heat).toBeLessThan(0.65);
  });
});

describe('simulated lives', () => {
  const options = { gpus: 48, days: 4, seed: 9, failure_rate_scale: 250, every_ms: 3_600_000 } as const;

  it('tell the same vectors again, in order, none of a board that is down', () => {
    const lives = simulateLives(options);
    expect(lives.failures.length).toBeGreaterThan(2);
    const known = new Set(lives.assets.map(({ gpu_uuid }) => gpu_uuid));
    const first = [...lives.vectors()].flat();
    const again = [...simulateLives(options).vectors()].flat();
    expect(first.length).toBeGreaterThan(3_500);
    expect(first.length).toBeLessThanOrEqual(48 * 96);
    expect(again.map(({ ts, gpu_uuid }) => `${ts} ${gpu_uuid}`)).toEqual(
      first.map(({ ts, gpu_uuid }) => `${ts} ${gpu_uuid}`),
    );
    expect(again.at(-1)?.values).toEqual(first.at(-1)?.values);
    let last = 0;
    for (const { ts, gpu_uuid, values } of first) {
      expect(ts).toBeGreaterThanOrEqual(last);
      last = ts;
      expect(known.has(gpu_uuid)).toBe(true);
      expect(lives.isDown(gpu_uuid, ts)).toBe(false);
      expect(values.length).toBe(FEATURE_COUNT);
    }
    for (const { gpu_uuid, failed_at } of lives.failures) expect(lives.isDown(gpu_uuid, failed_at)).toBe(true);
  });

  it('leave a board’s age to its own book entry, also when it comes later', () => {
    const lives = simulateLives({ ...options, days: 6 });
    const age = findFeature('gpu_age_days');
    const assets = new Map(lives.assets.map((asset) => [asset.gpu_uuid, asset]));
    const later = new Set(
      lives.lives.filter(({ from_ms }) => from_ms > lives.start_ms).map(({ gpu_uuid }) => gpu_uuid),
    );
    let seen = 0;
    for (const { ts, gpu_uuid, values } of [...lives.vectors()].flat()) {
      const deployed_at = assets.get(gpu_uuid)?.deployed_at;
      if (deployed_at == null) expect(values[age]).toBeNaN();
      else expect(values[age]).toBeCloseTo((ts - deployed_at) / DAY_MS, 9);
      if (later.has(gpu_uuid)) seen++;
    }
    expect(seen).toBeGreaterThan(10);
  });
});
