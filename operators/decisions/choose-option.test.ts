import { describe, expect, it } from 'vitest';
import { chooseOption } from './choose-option.ts';
import { comparison, dollars, percent } from './in-money.ts';

describe('choice', () => {
  it.each([
    // keep, sell, repurpose, decommission, decision, confidence
    [100, 50, 20, 10, 'keep', 0.75],
    [100, 100, 0, 0, 'keep', 0.5],
    [0, 100, -500, 10, 'sell', 0.95],
    [-100, -200, -300, -400, 'keep', 1],
    [-300, -200, -100, -150, 'repurpose', 0.75],
    [0, -1, -1, -1, 'keep', 1],
    [0, 0, 0, 0, 'keep', 0.5],
    [1, -1e9, -1e9, -1e9, 'keep', 1],
    [1, 2, 3, 40, 'decommission', 0.5 + (0.5 * 37) / 40],
  ] as const)('of %d, %d, %d, %d is %s', (keep, sell, repurpose, decommission, decision, confidence) => {
    const told = chooseOption({ keep, sell, repurpose, decommission });
    expect(told).toMatchObject({ decision, expected_value: Math.max(keep, sell, repurpose, decommission) });
    expect(told.confidence).toBeCloseTo(confidence, 12);
  });
});

describe('money in words', () => {
  it.each([
    [1_234_567.8, '$1,234,568'],
    [-450.2, '-$450'],
    [3.2, '$3.20'],
    [0, '$0'],
    [0.00412, '$0.0041'],
    [99.999, '$100.00'],
    [-0.12, '-$0.12'],
  ])('%d is %s', (value, words) => expect(dollars(value)).toBe(words));

  it('compares all four', () => {
    expect(comparison('keep', { keep: 4, sell: 3, repurpose: 200, decommission: 1 }, 6)).toBe(
      'Keep: kept for 6 months it is worth $4.00, against $3.00 sold now, $200 repurposed and $1.00 decommissioned',
    );
    expect(percent(0.4408)).toBe('44.1 %');
  });
});
