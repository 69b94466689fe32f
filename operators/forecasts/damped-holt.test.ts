import { describe, expect, it } from 'vitest';
import { random } from '../core/laws.fixture.ts';
import { dampedHolt, HOLT_CELLS } from './damped-holt.ts';

const OPTIONS = { alpha: 0.2, beta: 0.02, phi: 0.95 };

describe('damped holt', () => {
  it('forecasts by its recursion, stepped one by one', () => {
    const holt = dampedHolt(OPTIONS);
    const cells = new Float64Array(HOLT_CELLS);
    const next = random(1);
    for (let i = 0; i < 60; i++) holt.update(cells, 0, 50 + i * 0.3 + next(), 1);
    let [level, trend] = [cells[0] as number, cells[1] as number];
    for (let steps = 1; steps <= 40; steps++) {
      trend *= OPTIONS.phi;
      level += trend;
      expect(holt.expect(cells, 0, steps)).toBeCloseTo(level, 9);
    }
  });

  it('has the band that simulated futures of its own model have', () => {
    const holt = dampedHolt(OPTIONS);
    const cells = Float64Array.of(0, 0, 1, 100);
    const next = random(2);
    const normal = (): number => Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next());
    const horizon = 12;
    let squares = 0;
    for (let run = 0; run < 20_000; run++) {
      let [level, trend, reading] = [0, 0, 0];
      for (let step = 0; step < horizon; step++) {
        const error = normal();
        reading = level + OPTIONS.phi * trend + error;
        level = level + OPTIONS.phi * trend + OPTIONS.alpha * error;
        trend = OPTIONS.phi * trend + OPTIONS.beta * error;
      }
      squares += reading * reading;
    }
    expect(holt.deviation(cells, 0, horizon)).toBeCloseTo(Math.sqrt(squares / 20_000), 1);
  });

  it('learns a slope, skips gaps, and does not believe a wild reading', () => {
    const holt = dampedHolt({ alpha: 0.1, beta: 0.005, phi: 1 - 1e-9 });
    const cells = new Float64Array(HOLT_CELLS + 2);
    const next = random(3);
    const reading = (i: number): number => 40 + 0.25 * i + next();
    for (let i = 0; i < 600; i++) {
      if (i % 7 === 0) continue;
      holt.update(cells, 2, i === 590 ? 4_000 : reading(i), i % 7 === 1 ? 2 : 1);
    }
    expect(cells[3] as number).toBeCloseTo(0.25, 1);
    expect(Math.abs(holt.expect(cells, 2, 10) - (40.5 + 0.25 * 609))).toBeLessThan(2);
    expect([cells[0], cells[1]]).toEqual([0, 0]);
  });
});
