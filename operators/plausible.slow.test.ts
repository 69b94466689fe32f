import { describe, expect, it } from 'vitest';
import type { Batch } from '../pipeline/contract/batch.ts';
import type { Anomaly } from '../pipeline/contract/events.ts';
import { METRIC_COUNT, metricIndex } from '../pipeline/contract/metrics.ts';
import { GroupState } from './core/group-state.ts';
import { batchOf, describeLaws, random, type SampleRow, START_MS } from './core/laws.fixture.ts';
import { runOperator } from './core/lift.ts';
import { plausible } from './plausible.ts';

describeLaws('plausible', plausible, { bytes_per_gpu_max: 56 });

const MINUTE = 60_000;
const TEMP = metricIndex('gpu_temp_celsius');

interface Course {
  readonly cadence_ms?: number;
  readonly span_ms?: number;
  readonly instances?: readonly string[];
  readonly at: (t: number, scrape: number) => Record<string, number>;
}

function follow({ cadence_ms = 30_000, span_ms = 120 * MINUTE, instances = [''], at }: Course) {
  const rows: SampleRow[] = [];
  for (let t = 0; t <= span_ms; t += cadence_ms) {
    for (const instance of instances) {
      const sound = { gpu_temp_celsius: 60, memory_temp_celsius: 68, power_watts: 500 + (t % 7) };
      const values = { ...sound, ...at(t, t / cadence_ms) };
      rows.push({ ts: START_MS + t, node: 'n', uuid: 'GPU-a', instance, values });
    }
  }
  const state = new GroupState(0);
  const anomalies: Anomaly[] = [];
  const temps: number[] = [];
  runOperator('plausible', plausible(), state, batchOf(state, rows), (port, item) => {
    if (port === 'anomalies') anomalies.push(item as Anomaly);
    else
      for (let row = 0; row < (item as Batch).rows; row++)
        temps.push((item as Batch).values[row * METRIC_COUNT + TEMP] as number);
  });
  return { anomalies, temps };
}
const brief = (anomalies: readonly Anomaly[]): string[] =>
  anomalies.map(({ type, metric, severity, state }) => `${type} ${metric} ${severity} ${state}`);
const LIES = ['sensor_lying gpu_temp_celsius warning open', 'sensor_lying gpu_temp_celsius warning closed'];
const sick = (t: number): boolean => t >= 30 * MINUTE && t < 60 * MINUTE;

describe('plausible', () => {
  it.each([1_000, 10_000, 30_000, 120_000])('tells a sensor that jumps about from heat, every %i ms', (cadence_ms) => {
    const next = random(5);
    const { anomalies, temps } = follow({
      cadence_ms,
      at: (t) => (sick(t) ? { gpu_temp_celsius: [60, 0, 149][Math.floor(3 * next())] as number } : {}),
    });
    expect(brief(anomalies)).toEqual(LIES);
    expect((anomalies[0]?.ts ?? 0) - START_MS - 30 * MINUTE).toBeLessThanOrEqual(10 * cadence_ms);
    expect(temps.some((temp) => temp > 70 || temp < 50)).toBe(false);
    expect(temps.at(-1)).toBe(60);
    expect(anomalies[0]?.explanation).toMatch(
      /^The GPU temperature read what cannot be, 3 times since 2026-01-01T00:3\S+Z, lately (0 C beside memory at 68 C|149 C, which no die survives): the sensor lies,/,
    );
  });

  it('tells one that jumps within what a die can have, at the same power', () => {
    const { anomalies, temps } = follow({ at: (t, i) => (sick(t) && i % 2 === 1 ? { gpu_temp_celsius: 105 } : {}) });
    expect(brief(anomalies)).toEqual(LIES);
    expect(temps.some((temp) => temp > 70)).toBe(false);
    expect(anomalies[0]?.explanation).toContain('lately 105 C 30 s after 60 C at the same power');
  });

  it('believes nothing of a reading that is always too high', () => {
    const { anomalies, temps } = follow({ at: (t) => (t >= 30 * MINUTE ? { gpu_temp_celsius: 148 } : {}) });
    expect(brief(anomalies)).toEqual(LIES.slice(0, 1));
    expect(temps.filter((temp) => !Number.isNaN(temp))).toEqual(Array.from({ length: 60 }, () => 60));
  });

  it('tells once of a board that is cut into instances', () => {
    const told = follow({ instances: ['1', '2'], at: (t) => (sick(t) ? { gpu_temp_celsius: 0 } : {}) });
    expect(brief(told.anomalies)).toEqual(LIES);
    expect(told.anomalies[0]?.instance).toBe('1');
    expect(told.temps).not.toContain(0);
  });

  it.each<[string, Course]>([
    ['a steady board', { at: () => ({}) }],
    ['one impossible scrape', { at: (t) => (t === 30 * MINUTE ? { gpu_temp_celsius: 0 } : {}) }],
    [
      'bursts of work that heat and cool the die at once',
      {
        at: (_, i) =>
          i % 6 < 3 ? { gpu_temp_celsius: 78, power_watts: 1_000 } : { gpu_temp_celsius: 33, power_watts: 140 },
      },
    ],
    [
      'heat that comes a scrape after its power',
      {
        at: (_, i) => ({ gpu_temp_celsius: i % 8 < 4 ? 80 : 35, power_watts: (i + 1) % 8 < 4 ? 1_000 : 150 }),
      },
    ],
    [
      'a cold idle board that reads 0',
      { at: () => ({ gpu_temp_celsius: 0, memory_temp_celsius: 0, power_watts: 40 }) },
    ],
    ['no memory sensor', { at: () => ({ memory_temp_celsius: 0 }) }],
  ])('stays silent: %s', (_, course) => {
    expect(brief(follow(course).anomalies)).toEqual([]);
  });

  it('takes a single impossible reading for a missing one', () => {
    const { temps } = follow({ span_ms: 5 * MINUTE, at: (_, i) => (i === 4 ? { gpu_temp_celsius: 149 } : {}) });
    expect(temps.map((temp, i) => (Number.isNaN(temp) ? i : -1)).filter((i) => i >= 0)).toEqual([4]);
  });

  it('believes coolant that is lost: a jump that the next scrape repeats', () => {
    const { anomalies, temps } = follow({ at: (t) => (t >= 30 * MINUTE ? { gpu_temp_celsius: 104 } : {}) });
    expect(anomalies).toEqual([]);
    expect(temps.filter((temp) => temp === 104).length).toBe(180);
  });
});
