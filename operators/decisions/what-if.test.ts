import { describe, expect, it } from 'vitest';
import { BOOK, H100, SOUND } from './board.fixture.ts';
import { evaluateDecision } from './default-profile.ts';
import { referenceDecision } from './reference-profile.ts';
import { evaluateWhatIf, whatIfSchema } from './what-if.ts';

const asked = { health: 95, p30: 0.02, utilisation: 0.8, model: 'NVIDIA H100 80GB HBM3' };
const FULL = {
  ...asked,
  p7: 0.005,
  p90: 0.06,
  power_watts: 520,
  age_days: 400,
  warranty_days: 0,
  tier: 'training' as const,
};

describe('what if', () => {
  it('is the default profile with the price book', () => {
    const told = evaluateWhatIf(whatIfSchema.parse(FULL), BOOK);
    const { npv, ...wanted } = evaluateDecision(SOUND, H100);
    expect(told).toMatchObject({
      decision: wanted.decision,
      npv_keep: npv.keep,
      npv_sell: npv.sell,
      npv_repurpose: npv.repurpose,
      salvage_value: npv.decommission,
      confidence: wanted.confidence,
      sensitivity: wanted.sensitivity,
      advice: 'keep',
      profile: 'default',
      health: 95,
      assumptions: [],
    });
  });

  it('is the reference formula when asked for or configured', () => {
    const wanted = referenceDecision({ health: 95, p30: 0.02, utilisation: 0.8 }).npv.keep;
    expect(evaluateWhatIf({ ...asked, profile: 'reference' }, BOOK).npv_keep).toBe(wanted);
    expect(evaluateWhatIf(asked, BOOK, 'reference')).toMatchObject({ npv_keep: wanted, profile: 'reference' });
    expect(evaluateWhatIf({ ...asked, profile: 'default' }, BOOK, 'reference').npv_keep).not.toBe(wanted);
  });

  it('takes the other risks of a request for the reference formula too, whose advice looks at them', () => {
    const { npv_keep, advice } = evaluateWhatIf(
      { ...asked, health: 65, p7: 0.4, p30: 0.45, p90: 0.6 },
      BOOK,
      'reference',
    );
    expect(npv_keep).toBe(referenceDecision({ health: 65, p30: 0.45, utilisation: 0.8 }).npv.keep);
    expect(advice).toBe('drain');
  });

  it.each([
    ['rent', { rent_usd_per_hour: 0.1 }],
    ['resale', { resale_usd: 90_000 }],
  ])('sells when %s says so', (_, prices) => {
    expect(evaluateWhatIf({ ...FULL, prices }, BOOK)).toMatchObject({ decision: 'sell', advice: 'sell' });
  });

  it.each([
    ['energy_usd_per_kwh', 0.5],
    ['pue', 2],
    ['overhead_usd_per_month', 500],
    ['repair_usd', 15_000],
    ['replacement_lead_days', 90],
    ['disruption_usd', 20_000],
    ['failures_per_year', 2],
    ['purchase_usd', 20_000],
    ['discount_rate_per_year', 0.4],
    ['rent_usd_per_hour', 2],
  ] as const)('a worse %s makes keeping worth less', (name, value) => {
    const before = evaluateWhatIf(FULL, BOOK).npv_keep;
    expect(evaluateWhatIf({ ...FULL, prices: { [name]: value } }, BOOK).npv_keep).toBeLessThan(before);
  });

  it('moves the rents of all tiers together, and takes one where the book has none', () => {
    const half = evaluateWhatIf({ ...FULL, prices: { rent_usd_per_hour: 3.99 / 2 } }, BOOK);
    expect(half.npv_repurpose).toBeLessThan(evaluateWhatIf(FULL, BOOK).npv_repurpose);
    const free = structuredClone(BOOK);
    for (const tier of Object.values(free.models.h100_sxm?.rent_usd_per_hour ?? {})) tier.value = 0;
    expect(evaluateWhatIf({ ...FULL, prices: { rent_usd_per_hour: 3.99 } }, free).npv_keep).toBeCloseTo(
      evaluateWhatIf(FULL, BOOK).npv_keep,
      6,
    );
  });

  it('leaves the price book as it was', () => {
    const before = structuredClone(BOOK);
    evaluateWhatIf({ ...FULL, prices: { purchase_usd: 1, rent_usd_per_hour: 1, disruption_usd: 1 } }, BOOK);
    expect(BOOK).toEqual(before);
  });

  it('refuses prices for the reference profile', () => {
    expect(() => evaluateWhatIf({ ...FULL, prices: { pue: 2 }, profile: 'reference' }, BOOK)).toThrow(
      expect.objectContaining({ code: 'GV-API-001', message: expect.stringContaining('power_watts') }),
    );
  });

  it('asks a board that is failing to be returned under warranty', () => {
    const told = evaluateWhatIf({ ...asked, health: 55, p30: 0.7, warranty_days: 60 }, BOOK);
    expect(told.advice).toBe('rma');
    expect(told.rationale).toMatch(/^Return it under warranty, 60 days are left: .*\.$/);
  });
});

describe('the request', () => {
  it.each([
    ['nothing', {}, ['health', 'p30', 'utilisation']],
    ['a health of 101', { ...asked, health: 101 }, ['health']],
    ['texts for numbers', { ...asked, p30: '0.2' }, ['p30']],
    ['no number', { ...asked, utilisation: Number.NaN }, ['utilisation']],
    ['infinity', { ...asked, prices: { pue: Number.POSITIVE_INFINITY } }, ['prices.pue']],
    ['an unknown price', { ...asked, prices: { gold_usd: 1 } }, ['prices']],
    ['an unknown field', { ...asked, gpu: 1 }, ['']],
    ['a risk that falls', { ...asked, p7: 0.5, p90: 0.001 }, ['p7', 'p90']],
    ['half months', { ...asked, prices: { horizon_months: 1.5 } }, ['prices.horizon_months']],
    ['an unknown tier', { ...asked, tier: 'gaming' }, ['tier']],
  ])('of %s is refused where it is wrong', (_, body, places) => {
    const { error } = whatIfSchema.safeParse(body);
    expect(error?.issues.map(({ path }) => path.join('.'))).toEqual(places);
  });

  it('needs three numbers', () => {
    expect(whatIfSchema.safeParse({ health: 90, p30: 0.1, utilisation: 0.5 }).success).toBe(true);
  });
});
