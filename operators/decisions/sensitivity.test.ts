import { describe, expect, it } from 'vitest';
import type { OptionValues } from './choose-option.ts';
import { decisionFlips, type FlipInput } from './sensitivity.ts';

const at =
  (keep: (value: number) => number, sell = 0): ((value: number) => OptionValues) =>
  (value) => ({
    keep: keep(value),
    sell,
    repurpose: -100,
    decommission: -100,
  });
const input = (name: string, value: number, keep: (value: number) => number): FlipInput => ({
  input: name,
  value,
  from: 0,
  to: 100,
  at: at(keep),
});

describe('decision flips', () => {
  it('are found below, above and nowhere, the nearest first', () => {
    const flips = decisionFlips('keep', [
      input('nowhere', 50, () => 1),
      input('below', 50, (value) => value - 20.5),
      input('above', 50, (value) => 61.25 - value),
    ]);
    expect(flips.map(({ input: name, to }) => [name, to])).toEqual([
      ['above', 'sell'],
      ['below', 'sell'],
      ['nowhere', null],
    ]);
    expect(flips[0]?.flips_at).toBeCloseTo(61.25, 3);
    expect(flips[1]?.flips_at).toBeCloseTo(20.5, 3);
    expect(flips[2]?.flips_at).toBeNull();
  });

  it.each([
    [40, 44, 44],
    [36, 60, 60],
    [46, 54, 46],
    [47, 52, 52],
    [0.5, 99, 99],
  ])('take the nearer of %d and %d', (low, high, nearest) => {
    const [flip] = decisionFlips('keep', [
      input('x', nearest === 44 ? 43 : 50, (value) => (value > low && value < high ? 1 : -1)),
    ]);
    expect(flip?.flips_at).toBeCloseTo(nearest, 3);
  });

  it('lie where the other option wins, also at a step', () => {
    const [flip] = decisionFlips('keep', [input('step', 95, (value) => (value >= 60 ? 1 : -1))]);
    expect(flip?.flips_at).toBeLessThan(60);
    expect(flip?.flips_at).toBeGreaterThan(59.999);
  });

  it.each([
    [72, 69.9, 70],
    [65, 69.9, 70],
    [70, 69.99, 70],
    [93, 12, 13],
  ])('from %d are found where what is told of jumps for a moment only', (value, low, high) => {
    const wins = (at: number): number => (at >= low && at < high ? -1 : 1);
    const [flip] = decisionFlips('keep', [{ ...input('jump', value, wins), breaks: [90, low, high, 50] }]);
    expect(flip?.to).toBe('sell');
    expect(flip?.flips_at).toBeCloseTo(value < low ? low : high, 3);
    expect(decisionFlips('keep', [input('jump', value, wins)])[0]?.flips_at).toBeNull();
  });

  it('are found where another option wins between two looks only', () => {
    const [flip] = decisionFlips('keep', [input('hill', 50, (value) => Math.abs(value - 79.5) - 1.5)]);
    expect(flip?.to).toBe('sell');
    expect(flip?.flips_at).toBeCloseTo(78, 3);
  });

  it('cost few looks', () => {
    let looks = 0;
    for (let border = 1; border < 100; border += 0.37) {
      const side = border < 50 ? 1 : -1;
      const [flip] = decisionFlips('keep', [
        input('x', 50, (value) => {
          looks++;
          return side * (value - border) * (1 + value ** 2 / 1e4);
        }),
      ]);
      expect(flip?.flips_at).toBeCloseTo(border, 3);
    }
    expect(looks / 268).toBeLessThan(19);
  });

  it('look no further than an end that is reached', () => {
    const ends = [input('low', 0, (value) => 1 - value / 50), input('high', 100, (value) => value / 50 - 1)];
    expect(decisionFlips('keep', ends).map(({ flips_at }) => Math.round(flips_at ?? -1))).toEqual([50, 50]);
  });
});
