import { describe, expect, it } from 'vitest';
import type { Anomaly } from '../pipeline/contract/events.ts';
import { minutes } from '../pipeline/contract/time.ts';
import { GroupState } from './core/group-state.ts';
import { batchOf, describeLaws, random, type SampleRow, START_MS } from './core/laws.fixture.ts';
import { runOperator } from './core/lift.ts';
import { type ZscoreOptions, zscore } from './zscore.ts';

const OPTIONS: ZscoreOptions = {
  threshold: 3,
  half_life: minutes(30),
  confirm_rows: 3,
  warmup_rows: 30,
  warmup: minutes(10),
  settle: minutes(10),
};

describeLaws('zscore', () => zscore(OPTIONS), { bytes_per_gpu_max: 1_700 });

/** One GPU at 10 s, its temperature drawn by `temperature`, its utilisation by `util`. */
function watch(
  scrapes: number,
  temperature: (i: number) => number,
  util: (i: number) => number = () => 0.9,
  step_ms = 10_000,
): Anomaly[] {
  const rows = Array.from({ length: scrapes }, (_, i): SampleRow => {
    const value = temperature(i);
    const values: Record<string, number> = { gpu_util_ratio: util(i) };
    if (!Number.isNaN(value)) values.gpu_temp_celsius = value;
    return { ts: START_MS + i * step_ms, node: 'n', uuid: 'GPU-a', values };
  });
  const out: Anomaly[] = [];
  const state = new GroupState(0);
  runOperator('zscore', zscore(OPTIONS), state, batchOf(state, rows), (_, item) => out.push(item));
  return out;
}

describe('zscore', () => {
  const noise = random(1);
  const calm = (level = 60): number => level + (noise() - 0.5) * 2;

  it.each<[string, () => Anomaly[], string[]]>([
    ['a calm gauge', () => watch(1_000, () => calm()), []],
    ['one spike', () => watch(1_000, (i) => (i === 500 ? 95 : calm())), []],
    ['two readings in a row', () => watch(1_000, (i) => (i === 500 || i === 501 ? 95 : calm())), []],
    [
      'a step that stays while the work stays',
      () => watch(1_000, (i) => (i >= 500 ? calm(85) : calm())),
      ['open', 'closed'],
    ],
    ['a step that returns', () => watch(1_000, (i) => (i >= 500 && i < 530 ? calm(85) : calm())), ['open', 'closed']],
    ['a step before the warm-up', () => watch(70, (i) => (i >= 30 && i < 50 ? calm(85) : calm())), []],
    [
      'heat that a job brings',
      () =>
        watch(
          1_000,
          (i) => (i >= 500 ? calm(85) : calm(45)),
          (i) => (i >= 500 ? 0.95 : 0),
        ),
      [],
    ],
    [
      'a step an hour after a job has come, at a slow cadence',
      () =>
        watch(
          100,
          (i) => (i < 40 ? calm(30) : i < 70 ? calm(85) : calm(60)),
          (i) => (i < 40 ? 0 : 0.95),
          120_000,
        ),
      ['open', 'closed'],
    ],
    ['a missing gauge', () => watch(1_000, () => Number.NaN), []],
    ['a fall', () => watch(1_000, (i) => (i >= 500 && i < 530 ? calm(35) : calm())), ['open', 'closed']],
  ])('%s', (_, draw, states) => {
    expect(draw().map((anomaly) => anomaly.state)).toEqual(states);
  });

  it('closes what it opened, under the same id and ts, and tells the extreme reading in a sentence', () => {
    const [opened, closed] = watch(1_000, (i) => (i >= 500 && i < 530 ? (i === 515 ? 92 : 85) : 60));
    expect(opened).toMatchObject({
      state: 'open',
      metric: 'gpu_temp_celsius',
      ts: START_MS + 502 * 10_000,
      closed_at: null,
    });
    expect(closed).toMatchObject({
      id: opened?.id,
      ts: opened?.ts,
      state: 'closed',
      observed: 92,
      severity: 'warning',
    });
    expect(closed?.closed_at).toBe(START_MS + 532 * 10_000);
    expect(opened?.explanation).toMatch(
      /^gpu_temp_celsius was 85 C where its last 30m expected 6\d(\.\d+)?: \d+(\.\d+)? sigma above\.$/,
    );
  });

  it('differential: mean and variance follow a slow twin written from the definition', () => {
    const next = random(9);
    const readings = Array.from({ length: 300 }, () => 60 + (next() - 0.5) * 4);
    const rows = readings.map(
      (value, i): SampleRow => ({
        ts: START_MS + i * 10_000,
        node: 'n',
        uuid: 'GPU-a',
        values: { gpu_temp_celsius: value },
      }),
    );
    const state = new GroupState(0);
    const operator = zscore({ ...OPTIONS, threshold: 1e6 });
    runOperator('zscore', operator, state, batchOf(state, rows), () => undefined);
    let mean = readings[0] as number;
    let variance = 0;
    for (let i = 1; i < readings.length; i++) {
      const value = readings[i] as number;
      const weight = Math.max(1 - 0.5 ** (10_000 / OPTIONS.half_life), 1 / (i + 1));
      const before = mean;
      mean = (1 - weight) * before + weight * value;
      variance = (1 - weight) * (variance + weight * (value - before) ** 2);
    }
    const columns = state.columns('zscore', operator.state);
    expect(columns.mean[0]).toBeCloseTo(mean, 9);
    expect(columns.variance[0]).toBeCloseTo(variance, 9);
  });
});
