import { describe, expect, it } from 'vitest';
import type { LstmInput, LstmShape } from './lstm-model.ts';
import { maskedInput } from './masked-input.ts';

const input = (over: Partial<LstmInput>): LstmInput => ({
  name: 'x',
  transform: 'linear',
  mean: 10,
  std: 2,
  half_life_steps: 4,
  group: 0,
  ...over,
});
const shape = (inputs: readonly LstmInput[]): LstmShape => ({ inputs, layers: 1, units: 4, state_half_life_steps: 8 });

/** Steps of one GPU: what entered the network at each, and what the cells kept. */
function through(
  inputs: readonly LstmInput[],
  steps: readonly { readonly raw: readonly number[]; readonly elapsed: number }[],
) {
  const masked = maskedInput(shape(inputs));
  const memory = new Float32Array(masked.memory_width);
  return steps.map(({ raw, elapsed }) => {
    const out = new Float32Array(masked.network_width);
    const kept = masked.prepare(Float32Array.from(raw), 0, elapsed, memory, 0, out, 0);
    return { out: [...out], kept };
  });
}

describe('masked input', () => {
  it.each([
    { raw: 10, transform: 'linear', z: 0 },
    { raw: 14, transform: 'linear', z: 2 },
    { raw: 1e9, transform: 'linear', z: 5 },
    { raw: -1e9, transform: 'linear', z: -5 },
    { raw: Math.expm1(12), transform: 'log1p', z: 1 },
    { raw: -Math.expm1(2), transform: 'log1p', z: -5 },
    { raw: Number.NaN, transform: 'linear', z: 0 },
    { raw: Number.POSITIVE_INFINITY, transform: 'linear', z: 0 },
  ] as const)('makes $z of $raw ($transform)', ({ raw, transform, z }) => {
    const [step] = through([input({ transform })], [{ raw: [raw], elapsed: 0 }]);
    expect(step?.out[0]).toBeCloseTo(z, 5);
    expect(step?.out[1]).toBe(Number.isFinite(raw) ? 1 : 0);
  });

  it('lets a missing value fade towards the mean by its age, gaps counted', () => {
    const missing = [Number.NaN];
    const steps = through(
      [input({})],
      [
        { raw: [16], elapsed: 0 },
        { raw: missing, elapsed: 1 },
        { raw: missing, elapsed: 3 },
        { raw: missing, elapsed: 4 },
        { raw: [8], elapsed: 1 },
        { raw: missing, elapsed: 4 },
      ],
    );
    const wanted = [3, 3 * 0.5 ** 0.25, 1.5, 0.75, -1, -0.5];
    steps.forEach(({ out }, t) => {
      expect(out[0]).toBeCloseTo(wanted[t] as number, 5);
    });
    expect(steps.map(({ out }) => out[1])).toEqual([1, 0, 0, 0, 1, 0]);
  });

  it('says what share of a group is there', () => {
    const inputs = ['a', 'b', 'c'].map((name, i) => input({ name, group: i < 2 ? 0 : 1 }));
    const [step] = through(inputs, [{ raw: [10, Number.NaN, 10], elapsed: 0 }]);
    expect(step?.out.slice(3, 5)).toEqual([0.5, 1]);
  });

  it('keeps half of what cells remember per half-life missed, and nothing at a beginning', () => {
    const kept = through(
      [input({})],
      [0, 1, 9, 17, 0.5, -1, Number.NaN, 1].map((elapsed) => ({ raw: [10], elapsed })),
    ).map((step) => step.kept);
    [0, 1, 0.5, 0.25, 1, 0, 0, 1].forEach((wanted, t) => {
      expect(kept[t]).toBeCloseTo(wanted, 10);
    });
  });

  it('tells steps gone by and steps seen as doublings of ten', () => {
    const steps = through(
      [input({})],
      Array.from({ length: 8 }, (_, t) => ({ raw: [10], elapsed: t === 0 ? 0 : 2 ** t })),
    );
    steps.forEach(({ out }, t) => {
      expect(out[2]).toBeCloseTo(t / 10, 6);
      expect(out[3]).toBeCloseTo(Math.log2(1 + t) / 10, 6);
    });
    const [, late] = through(
      [input({})],
      [
        { raw: [10], elapsed: 0 },
        { raw: [10], elapsed: 1e30 },
      ],
    );
    expect(late?.out[2]).toBe(2);
  });

  it('begins anew where a first step comes again', () => {
    const steps = through(
      [input({})],
      [
        { raw: [16], elapsed: 0 },
        { raw: [Number.NaN], elapsed: 0 },
      ],
    );
    expect(steps[1]?.out).toEqual([0, 0, 0, 0]);
  });
});
