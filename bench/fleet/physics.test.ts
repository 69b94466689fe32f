import { describe, expect, it } from 'vitest';
import { GPU_MODELS } from './gpu-models.ts';
import { CLOCK_FLOOR, clockForShare, powerShare, relax, secondsAbove, settledDie } from './physics.ts';

describe('clock and power', () => {
  it('finds the clock that draws a share of the power', () => {
    for (let f = CLOCK_FLOOR + 0.01; f <= 1; f += 0.01) expect(clockForShare(powerShare(f))).toBeCloseTo(f, 6);
    expect(clockForShare(2)).toBe(1);
    expect(clockForShare(0)).toBe(CLOCK_FLOOR);
  });

  it.each(Object.values(GPU_MODELS))('puts $name between idle and limit', (model) => {
    expect(model.idle_watts).toBeLessThan(model.held_watts);
    expect(model.held_watts + model.work_watts).toBeGreaterThan(model.power_limit_watts);
    const hottest = settledDie(model, 27, 1.1, model.power_limit_watts);
    expect(hottest).toBeLessThan(model.slowdown_c);
  });
});

describe('thermal mass', () => {
  it('covers 63 % of the way in one time constant, in one step or in many', () => {
    expect((relax(30, 60, 32, 32) - 30) / 30).toBeCloseTo(1 - Math.exp(-1), 12);
    let steps = 30;
    for (let i = 0; i < 12; i++) steps = relax(steps, 60, 10, 32);
    expect(steps).toBeCloseTo(relax(30, 60, 120, 32), 9);
  });

  it.each([
    [30, 90, 80],
    [95, 60, 80],
    [85, 90, 80],
    [30, 70, 80],
    [80, 80, 80],
  ])('counts the seconds from %d towards %d above %d', (from, to, limit) => {
    let seconds = 0;
    for (let t = 0; t < 12_000; t++) if (relax(from, to, (t + 0.5) / 100, 32) > limit) seconds += 0.01;
    expect(secondsAbove(from, to, limit, 120, 32)).toBeCloseTo(seconds, 1);
  });
});
