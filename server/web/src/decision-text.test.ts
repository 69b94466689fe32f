import { describe, expect, it } from 'vitest';
import { atRiskText, flipTexts, inputText } from './decision-text.ts';
import { money } from './money-text.ts';
import { type WhatIfBasis, whatIfRequest } from './what-if-request.ts';

describe('money', () => {
  it.each([
    [0, '$0'],
    [0.0041, '$0.0041'],
    [0.42, '$0.42'],
    [99.999, '$100.00'],
    [12_300, '$12,300'],
    [-450, '−$450'],
    [1_423_000, '$1.42M'],
    [-2.5e8, '−$250M'],
  ])('%d', (usd, text) => {
    expect(money(usd)).toBe(text);
  });
  it('at risk', () => {
    expect(atRiskText(0.5)).toBe('$0.50 an hour, $365 a month');
  });
});

it('says what would flip a decision, and leaves out what would not', () => {
  const flips = flipTexts([
    { input: 'repair_usd', value: 4_500, flips_at: 12_300.4, to: 'sell' },
    { input: 'p30', value: 0.02, flips_at: 0.3175, to: 'decommission' },
    { input: 'health', value: 100, flips_at: null, to: null },
    { input: 'rent_usd_per_hour', value: 2, flips_at: 0.85, to: 'sell' },
  ]);
  expect(flips.map(({ when, to }) => `${to}: ${when}`)).toEqual([
    'Sell: Repair above $12,300, now $4,500',
    'Decommission: Risk within 30 days above 31.75 %, now 2 %',
    'Sell: Rent below $0.85/h, now $2/h',
  ]);
  expect([inputText('p30', 0.0312345), inputText('health', 99.96), inputText('energy_usd_per_kwh', 0.1)]).toEqual([
    '3.12',
    '100',
    '0.1',
  ]);
});

describe('what if', () => {
  const basis: WhatIfBasis = {
    decision: { health: 90, p30: 0.05, utilisation: 0.8, profile: 'default' },
    prediction: { failure_prob_7d: 0.01, failure_prob_30d: 0.05, failure_prob_90d: 0.12 },
    model: 'H100',
    power_watts: 400,
    age_days: -1,
    warranty_days: 30,
  };
  it('asks with what the decision was made of', () => {
    expect(whatIfRequest(basis, {})).toEqual({
      health: 90,
      p30: 0.05,
      utilisation: 0.8,
      p7: 0.01,
      p90: 0.12,
      model: 'H100',
      profile: 'default',
      power_watts: 400,
      age_days: 0,
      warranty_days: 30,
    });
  });
  it('puts prices apart, and drops the other horizons with another risk', () => {
    const request = whatIfRequest(basis, { p30: 0.5, repair_usd: 9_000 });
    expect(request).toMatchObject({ p30: 0.5, prices: { repair_usd: 9_000 } });
    expect(request).not.toHaveProperty('p7');
    const newer = { failure_prob_7d: 0.01, failure_prob_30d: 0.06, failure_prob_90d: 0.2 };
    expect(whatIfRequest({ ...basis, prediction: newer }, {})).not.toHaveProperty('p7');
  });
  it('leaves out what the reference profile refuses', () => {
    expect(whatIfRequest({ ...basis, decision: { ...basis.decision, profile: 'reference' } }, { health: 10 })).toEqual({
      health: 10,
      p30: 0.05,
      utilisation: 0.8,
      model: 'H100',
      profile: 'reference',
      warranty_days: 30,
    });
  });
});
