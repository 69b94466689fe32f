import { describe, expect, it } from 'vitest';
import { chaosPlan, FAULT_KINDS, PARTS } from './chaos-plan.ts';

const SEEDS = Array.from({ length: 300 }, (_, seed) => seed);

describe('plans of faults', () => {
  it('follow from the seed, and all kinds, parts and pairs come', () => {
    const plans = SEEDS.map((seed) => chaosPlan(seed, 120));
    expect(plans.map(({ faults }) => faults)).toEqual(SEEDS.map((seed) => chaosPlan(seed, 120).faults));
    expect(new Set(plans.flatMap(({ kinds }) => kinds))).toEqual(new Set(FAULT_KINDS));
    const kills = plans.flatMap(({ faults }) => faults.flatMap(({ fault }) => (fault.kind === 'kill' ? [fault] : [])));
    expect(new Set(kills.flatMap(({ parts }) => parts))).toEqual(new Set(PARTS));
    expect(kills.some(({ parts }) => parts.length === 2)).toBe(true);
    expect(kills.some(({ again_ms }) => again_ms !== null)).toBe(true);
    expect(plans.every(({ faults }) => faults.length > 0 && faults.every(({ tick }) => tick < 108))).toBe(true);
  });

  it('lose what is left out, and nothing else moves', () => {
    for (const seed of SEEDS.slice(0, 50)) {
      const whole = chaosPlan(seed, 120);
      const less = chaosPlan(seed, 120, ['kill', 'skew']);
      expect(less.faults).toEqual(whole.faults.filter(({ fault }) => fault.kind !== 'kill'));
      expect(less.skewOf('engine', 1)).toBeNull();
      expect(less.engine_threads).toBe(whole.engine_threads);
    }
  });
});
