import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DECISIONS } from '../../pipeline/contract/predictions.ts';
import { BOOK, H100, SOUND } from './board.fixture.ts';
import { type DecisionInput, evaluateDecision } from './default-profile.ts';
import { DAYS_PER_MONTH, failureHazard, monthlyRisks } from './failure-hazard.ts';
import { findPrices, type ModelPrices } from './price-book.ts';

const MODELS = ['NVIDIA H100 80GB HBM3', 'NVIDIA A100-SXM4-80GB', 'NVIDIA L40S', 'Tesla T4', 'NVIDIA B200', 'other'];
const unit = fc.double({ min: 0, max: 1, noNaN: true });
const boards = fc.record({
  health: fc.double({ min: 0, max: 100, noNaN: true }),
  p30: fc.double({ min: 0, max: 0.95, noNaN: true }),
  utilisation: unit,
  power_watts: fc.option(fc.double({ min: 20, max: 900, noNaN: true })),
  age_days: fc.double({ min: 0, max: 3_000, noNaN: true }),
  warranty_days: fc.constantFrom(0, 100, 800),
  tier: fc.constantFrom('training', 'inference', 'batch') as fc.Arbitrary<DecisionInput['tier']>,
  model: fc.constantFrom(...MODELS),
});
type Drawn = typeof boards extends fc.Arbitrary<infer T> ? T : never;

const inputOf = ({ model: _, p30, ...known }: Drawn): DecisionInput => ({
  ...known,
  p7: p30 / 4,
  p30,
  p90: Math.min(0.99, 2.5 * p30),
  resale_usd: null,
});
const RUNS = { seed: 11, numRuns: 60 };

describe('default decision', () => {
  it('is an annuity and a discounted sale where nothing fails', () => {
    const prices: ModelPrices = { ...H100, failures_per_year: 0 };
    const { npv } = evaluateDecision({ ...SOUND, p7: 0, p30: 0, p90: 0 }, prices);
    const rent = 3.99 * 730 * 0.98 * 0.8;
    const margin = rent - 0.52 * 730 * 0.12 * 1.3 - 50;
    const month = 1.1 ** (-1 / 12);
    let keep = 0;
    for (let i = 0; i < 12; i++) keep += margin * month ** (i + 0.5);
    const share = (days: number): number => {
      const months = days / DAYS_PER_MONTH;
      return months < 24 ? 0.63 - (0.2 * (months - 12)) / 12 : 0.43 - (0.13 * (months - 24)) / 12;
    };
    keep += (40_000 * share(400 + 365.25) * 0.95) / 1.1;
    expect(npv.keep).toBeCloseTo(keep, 6);
    expect(npv.sell).toBeCloseTo(40_000 * share(400) * 0.95, 6);
    expect(npv.decommission).toBeCloseTo(40_000 * share(400) * 0.1, 6);
  });

  it('equals the sum over every course of failures, each restored', () => {
    const months = 7;
    const prices: ModelPrices = { ...H100, horizon_months: months, failures_per_year: 0.8, salvage_ratio: 0 };
    const input = { ...SOUND, p7: 0.1, p30: 0.3, p90: 0.6, warranty_days: 3.2 * DAYS_PER_MONTH };
    const risks = monthlyRisks(failureHazard(input, 0.8), months, 1);
    const usual = 1 - Math.exp((-0.8 * DAYS_PER_MONTH) / 365.25);
    const month = 1.1 ** (-1 / 12);
    const gross = 3.99 * 730 * 0.98 * 0.8 - 0.52 * 730 * 0.12 * 1.3;
    const end = evaluateDecision({ ...input, age_days: 400 + months * DAYS_PER_MONTH }, prices).npv.sell;
    let keep = 0;
    for (let course = 0; course < 2 ** months; course++) {
      let chance = 1;
      let value = end * month ** months;
      let restored = false;
      for (let i = 0; i < months; i++) {
        const fails = restored ? usual : (risks[i] as number);
        const failed = ((course >> i) & 1) === 1;
        chance *= failed ? fails : 1 - fails;
        const days = 0.5 * 1 + 0.5 * (i < 3 ? 14 : 21);
        const cost = (i < 3 ? 250 : 8_000) + gross * (days / DAYS_PER_MONTH) + 1_500;
        value += month ** (i + 0.5) * (failed ? (gross - 50) / 2 - cost : gross - 50);
        restored ||= failed;
      }
      keep += chance * value;
    }
    expect(evaluateDecision(input, prices).npv.keep).toBeCloseTo(keep, 6);
  });

  it('scraps what is not worth its repair', () => {
    const dear: ModelPrices = { ...H100, repair_usd: 1_000_000 };
    const { failure_cost_usd } = evaluateDecision(SOUND, dear);
    expect(failure_cost_usd).toBeLessThan(70_000);
    expect(failure_cost_usd).toBeGreaterThan(evaluateDecision(SOUND, H100).failure_cost_usd);
  });

  const monotone: readonly (readonly [
    string,
    (board: DecisionInput, prices: ModelPrices, by: number) => [DecisionInput, ModelPrices],
    1 | -1,
  ])[] = [
    ['health', (b, p, by) => [{ ...b, health: (b.health ?? 0) + (100 - (b.health ?? 0)) * by }, p], 1],
    ['the rent', (b, p, by) => [b, { ...p, rent_usd_per_hour: times(p.rent_usd_per_hour, 1 + by) }], 1],
    ['the price of a board', (b, p, by) => [b, { ...p, purchase_usd: p.purchase_usd * (1 + by) }], 1],
    ['the price of energy', (b, p, by) => [b, { ...p, energy_usd_per_kwh: p.energy_usd_per_kwh * (1 + by) }], -1],
    ['overhead', (b, p, by) => [b, { ...p, overhead_usd_per_month: p.overhead_usd_per_month * (1 + by) }], -1],
    ['the repair', (b, p, by) => [b, { ...p, repair_usd: p.repair_usd * (1 + by) }], -1],
    ['a disruption', (b, p, by) => [b, { ...p, disruption_usd: times(p.disruption_usd, 1 + by) }], -1],
    ['a fee for selling', (b, p, by) => [b, { ...p, resale_fee_ratio: p.resale_fee_ratio + 0.9 * by }], -1],
  ];
  const times = ({ training, inference, batch }: ModelPrices['rent_usd_per_hour'], by: number) => ({
    training: training * by,
    inference: inference * by,
    batch: batch * by,
  });

  it.each(monotone)('%s moves every option one way', (_, change, direction) => {
    fc.assert(
      fc.property(boards, unit, (drawn, by) => {
        const [board, prices] = [inputOf(drawn), findPrices(BOOK, drawn.model)];
        const before = evaluateDecision(board, prices).npv;
        const after = evaluateDecision(...change(board, prices, by)).npv;
        for (const option of DECISIONS) {
          expect(direction * (after[option] - before[option])).toBeGreaterThanOrEqual(-1e-6);
        }
      }),
      RUNS,
    );
  });

  it('more use is never worth less, and more risk never more, without warranty and at a profit', () => {
    fc.assert(
      fc.property(boards, unit, (drawn, by) => {
        const prices = findPrices(BOOK, drawn.model);
        // An unmeasured draw: what was measured at one use says what it would be at another.
        const board: DecisionInput = { ...inputOf(drawn), power_watts: null, warranty_days: 0 };
        const busier = (board.utilisation ?? 0) + (1 - (board.utilisation ?? 0)) * by;
        const before = evaluateDecision(board, prices).npv;
        expect(
          evaluateDecision({ ...board, utilisation: busier }, prices).npv.keep - before.keep,
        ).toBeGreaterThanOrEqual(-1e-6);
        const profitable = { ...prices, overhead_usd_per_month: 0, energy_usd_per_kwh: 0 };
        const worse = (p: number | null): number => 1 - (1 - (p ?? 0)) ** (1 + 2 * by);
        const risky = { ...board, p7: worse(board.p7), p30: worse(board.p30), p90: worse(board.p90) };
        const safe = evaluateDecision(board, profitable).npv.keep;
        expect(evaluateDecision(risky, profitable).npv.keep - safe).toBeLessThanOrEqual(1e-6);
      }),
      RUNS,
    );
  });

  it('tells flips at which another option does win', () => {
    fc.assert(
      fc.property(boards, (drawn) => {
        const [board, prices] = [inputOf(drawn), findPrices(BOOK, drawn.model)];
        const told = evaluateDecision(board, prices);
        for (const { input, value, flips_at, to } of told.sensitivity) {
          expect(Number.isFinite(value)).toBe(true);
          if (flips_at === null) continue;
          expect(to).not.toBe(told.decision);
          const again = at(board, prices, input, flips_at);
          if (again !== null) expect(again).toBe(to);
        }
      }),
      RUNS,
    );
  });

  it('says what it takes for granted', () => {
    const nothing: DecisionInput = {
      health: null,
      p7: null,
      p30: null,
      p90: null,
      utilisation: null,
      power_watts: null,
      age_days: null,
      warranty_days: null,
      tier: null,
      resale_usd: null,
    };
    const told = evaluateDecision(nothing, findPrices(BOOK, ''));
    expect(told.assumptions).toEqual([
      'prices of a model without an entry',
      'health 85',
      '0.06 failures a year',
      'utilisation',
      'power by utilisation, at most 350 W',
      'age 548 days',
      'no warranty',
      'training work',
    ]);
    expect(told.rationale).toContain('(assumed: prices of a model without an entry, health 85,');
    expect(evaluateDecision(SOUND, H100).assumptions).toEqual([]);
  });

  it('takes the word of whoever knows the market', () => {
    expect(evaluateDecision({ ...SOUND, resale_usd: 10_000 }, H100).npv.sell).toBeCloseTo(9_500, 8);
  });

  it.each([
    ['a busy sound board', SOUND, 'keep'],
    [
      'an idle one in the training pool',
      { ...SOUND, utilisation: 0.02, power_watts: 80, age_days: 1_200 },
      'repurpose',
    ],
    [
      'an idle one in the cheapest pool',
      { ...SOUND, utilisation: 0.02, power_watts: 80, tier: 'batch' as const },
      'sell',
    ],
    ['a worn out one at little use', { ...SOUND, health: 20, p7: 0.6, p30: 0.9, p90: 0.97, utilisation: 0.2 }, 'sell'],
  ])('%s: %s', (_, input, decision) => {
    expect(evaluateDecision(input, H100).decision).toBe(decision);
  });

  it('decommissions what nobody would buy', () => {
    const prices: ModelPrices = {
      ...H100,
      resale_fee_ratio: 1,
      rent_usd_per_hour: times(H100.rent_usd_per_hour, 0.01),
    };
    expect(evaluateDecision(SOUND, prices).decision).toBe('decommission');
  });

  it('costs little for risk under warranty, much without', () => {
    const risky = { ...SOUND, p7: 0.2, p30: 0.5, p90: 0.8 };
    const covered = evaluateDecision({ ...risky, warranty_days: 365 }, H100);
    const bare = evaluateDecision(risky, H100);
    expect(covered.npv.keep - bare.npv.keep).toBeGreaterThan(6_000);
    expect(covered.value_at_risk_usd_per_hour).toBeLessThan(bare.value_at_risk_usd_per_hour / 2);
  });
});

/** Decides again with one input moved, by other means than the sensitivity; null for what cannot be moved from outside. */
function at(board: DecisionInput, prices: ModelPrices, input: string, value: number): string | null {
  const moved = (change: Partial<DecisionInput>, other: Partial<ModelPrices> = {}): string =>
    evaluateDecision({ ...board, ...change }, { ...prices, ...other }).decision;
  const rent = prices.rent_usd_per_hour;
  const tier = board.tier ?? 'training';
  switch (input) {
    case 'health':
      return moved({ health: value });
    case 'utilisation':
      return board.power_watts === null ? moved({ utilisation: value }) : null;
    case 'resale_usd':
      return moved({ resale_usd: value });
    case 'energy_usd_per_kwh':
      return moved({}, { energy_usd_per_kwh: value });
    case 'repair_usd':
      return moved({}, { repair_usd: value });
    case 'rent_usd_per_hour': {
      const by = value / rent[tier];
      return moved(
        {},
        { rent_usd_per_hour: { training: rent.training * by, inference: rent.inference * by, batch: rent.batch * by } },
      );
    }
    case 'p30': {
      const hazard = (p: number | null): number => -Math.log(1 - (p ?? 0));
      const by = hazard(value) / hazard(board.p30);
      if (!Number.isFinite(by)) return null;
      const scaled = (p: number | null): number => 1 - Math.exp(-hazard(p) * by);
      return Math.max(scaled(board.p90), value) > 0.9998
        ? null
        : moved({ p7: scaled(board.p7), p30: value, p90: scaled(board.p90) });
    }
    default:
      throw new RangeError(input);
  }
}
