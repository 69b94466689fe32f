import { describe, expect, it } from 'vitest';
import { H100, SOUND } from './board.fixture.ts';
import { type DecisionInput, evaluateDecision } from './default-profile.ts';
import { type Condition, lifecycleAdvice } from './lifecycle-advice.ts';

const CALM: Condition = {
  health: 95,
  health_confidence: 0.9,
  action: 'none',
  p7: 0.005,
  p30: 0.02,
  prediction_confidence: 0.9,
  warranty_days: null,
};
const advise = (condition: Partial<Condition>, board: Partial<DecisionInput> = {}) =>
  lifecycleAdvice({ ...CALM, ...condition }, evaluateDecision({ ...SOUND, ...board }, H100));

describe('lifecycle advice', () => {
  it.each<[string, Partial<Condition>, Partial<DecisionInput>, string]>([
    ['a sound board', {}, {}, 'keep'],
    ['a sound board that nothing is foreseen of', { p7: null, p30: null }, {}, 'keep'],
    ['nothing known at all', { health: null, p7: null, p30: null }, {}, 'keep'],
    ['a raised risk', { p30: 0.15 }, {}, 'watch'],
    ['a high risk of a board that shows nothing', { p7: 0.6, p30: 0.9 }, {}, 'watch'],
    ['weak health', { health: 65 }, {}, 'watch'],
    ['weak health and a high risk this week', { health: 65, p7: 0.4, p30: 0.7 }, {}, 'drain'],
    [
      'the same of a model that is not sure',
      { health: 65, p7: 0.4, p30: 0.7, prediction_confidence: 0.3 },
      {},
      'watch',
    ],
    ['the same under warranty', { health: 65, p7: 0.4, p30: 0.7, warranty_days: 10 }, {}, 'rma'],
    ['critical health', { health: 30, action: 'reboot_node' }, {}, 'drain'],
    [
      'critical health that a reset may cure, under warranty',
      { health: 30, action: 'reset_gpu', warranty_days: 99 },
      {},
      'drain',
    ],
    ['critical health of little evidence', { health: 30, health_confidence: 0.2 }, {}, 'watch'],
    ['a board to be replaced, under warranty', { health: 40, action: 'replace_gpu', warranty_days: 400.7 }, {}, 'rma'],
    ['a board to be replaced, warranty over', { health: 40, action: 'replace_gpu', warranty_days: -3 }, {}, 'drain'],
    ['a board to be replaced, warranty unknown', { health: 80, action: 'replace_gpu' }, {}, 'drain'],
    ['an idle board', {}, { utilisation: 0.02, age_days: 1_200 }, 'repurpose'],
    ['an idle board in the cheapest pool', {}, { utilisation: 0.02, tier: 'batch' }, 'sell'],
    ['an idle board that is critical now', { health: 20 }, { utilisation: 0.02 }, 'drain'],
  ])('%s: %s', (_, condition, board, advice) => {
    expect(advise(condition, board).advice).toBe(advice);
  });

  it('has the numbers in it', () => {
    expect(advise({ health: 40, action: 'replace_gpu', warranty_days: 400.7 }).reason).toMatch(
      /^Return it under warranty, 400 days are left: health 40 asks for a replacement, and a failure would cost \$[\d,]+$/,
    );
    expect(advise({ health: 65, p7: 0.4, p30: 0.7 }).reason).toMatch(
      /^Take work off it now: the risk of a failure is 40 % within 7 days and 70 % within 30 days at health 65, and every hour risks \$[\d.]+$/,
    );
    expect(advise({ p30: 0.15 }).reason).toMatch(
      /^Watch it: the risk of a failure is 0\.5 % within 7 days and 15 % within 30 days at health 95, \$[\d.]+ are at risk a day$/,
    );
    expect(advise({}).reason).toBe('');
  });

  it('moves no board for a gain that is not worth it', () => {
    const valuation = evaluateDecision(SOUND, H100);
    const npv = { keep: 10_000, sell: 10_300, repurpose: 0, decommission: 0 };
    const close = { ...valuation, npv, decision: 'sell' as const, expected_value: 10_300 };
    expect(lifecycleAdvice(CALM, close)).toEqual({
      advice: 'keep',
      reason: 'Keep it: $300 more is not worth moving it',
    });
    expect(lifecycleAdvice(CALM, { ...close, npv: { ...npv, sell: 11_000 }, expected_value: 11_000 }).advice).toBe(
      'sell',
    );
  });
});
