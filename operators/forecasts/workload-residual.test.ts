import { describe, expect, it } from 'vitest';
import { random } from '../core/laws.fixture.ts';
import { dayProfile, HOURS_PER_DAY, LINE_CELLS, workloadLine } from './workload-residual.ts';

describe('workload line', () => {
  it('learns how much heat a watt is, and reduces to one power', () => {
    const next = random(1);
    const cells = new Float64Array(LINE_CELLS);
    for (let i = 0; i < 300; i++) {
      const power = 100 + 550 * next();
      workloadLine.learn(cells, 0, power, 30 + 0.062 * power + next());
    }
    expect(workloadLine.excess(cells, 0, 600) - workloadLine.excess(cells, 0, 200)).toBeCloseTo(0.062 * 400, 0);
  });

  it.each<[string, number[]]>([
    ['one power', [400, 400, 400, 400]],
    ['powers that say the opposite', [400, 401, 400, 401]],
  ])('keeps to what heat sinks do while it knows %s', (_, powers) => {
    const cells = new Float64Array(LINE_CELLS);
    powers.forEach((power, i) => {
      workloadLine.learn(cells, 0, power, 60 - (i % 2));
    });
    expect(workloadLine.excess(cells, 0, 500) / (500 - (cells[5] as number))).toBeCloseTo(0.05, 2);
  });

  it('changes nothing without a power', () => {
    const cells = new Float64Array(LINE_CELLS);
    workloadLine.learn(cells, 0, Number.NaN, 60);
    expect([...cells]).toEqual(new Array(LINE_CELLS).fill(0));
    expect(workloadLine.excess(cells, 0, 500)).toBe(0);
  });
});

describe('day profile', () => {
  it('learns the hours and keeps their sum at 0', () => {
    const hours = new Float32Array(HOURS_PER_DAY * 2);
    const truth = (ts: number): number => 4 * Math.sin((2 * Math.PI * (ts / 3_600_000 - 0.5)) / 24);
    let level = 50;
    for (let step = 1; step <= 24 * 20; step++) {
      const ts = step * 3_600_000 + 1_000;
      const error = 50 + truth(ts) - level - dayProfile.of(hours, HOURS_PER_DAY, ts);
      level += dayProfile.learn(hours, HOURS_PER_DAY, ts, error, Math.floor(step / 24)) + 0.05 * error;
    }
    for (let hour = 1; hour <= 24; hour++) {
      const ts = hour * 3_600_000 + 1_000;
      expect(dayProfile.of(hours, HOURS_PER_DAY, ts)).toBeCloseTo(truth(ts), 0);
    }
    expect(hours.reduce((sum, hour) => sum + hour, 0)).toBeCloseTo(0, 4);
    expect(dayProfile.highest(hours, HOURS_PER_DAY)).toBeCloseTo(4, 0);
    expect([...hours.slice(0, HOURS_PER_DAY)]).toEqual(new Array(HOURS_PER_DAY).fill(0));
  });
});
