import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { DECISIONS, type DecisionOption } from '../../pipeline/contract/predictions.ts';
import { gradeOf } from '../health/verdict.ts';
import { referenceDecision } from './reference-profile.ts';

const GOLDEN = join(import.meta.dirname, '../../../shared/data/golden/expected.json');
const RELATIVE = 1e-9;

interface Golden {
  readonly health: number;
  readonly grade: 'excellent';
  readonly p30: number;
  readonly utilisation: number;
  readonly npv: Readonly<Record<DecisionOption, number>>;
  readonly decision: DecisionOption;
  readonly expected_value: number;
  readonly confidence: number;
}

const near = (got: number, wanted: number): boolean => Math.abs(got - wanted) <= RELATIVE * Math.abs(wanted);

describe('reference decision', () => {
  it.skipIf(!existsSync(GOLDEN))('equals the golden vectors (shared/data/golden)', () => {
    const vectors = (JSON.parse(readFileSync(GOLDEN, 'utf8')) as { economics: readonly Golden[] }).economics;
    expect(vectors).toHaveLength(60);
    const wrong = vectors.filter((vector) => {
      const told = referenceDecision(vector);
      const same = DECISIONS.every((option) => near(told.npv[option], vector.npv[option]));
      return !(
        same &&
        told.decision === vector.decision &&
        near(told.expected_value, vector.expected_value) &&
        near(told.confidence, vector.confidence) &&
        gradeOf(vector.health) === vector.grade
      );
    });
    expect(wrong).toEqual([]);
  });

  it('follows the formula by hand', () => {
    const told = referenceDecision({ health: 100, p30: 0.1, utilisation: 0.5 });
    const rent = 3 * 730 * 0.5;
    const cost = 0.7 * 720 * 0.12 * 1.3 + 50;
    expect(told.npv.keep).toBeCloseTo(12 * (rent - cost) - 0.3 * rent, 8);
    expect(told.npv.sell).toBe(30_400);
    expect(told.npv.repurpose).toBeCloseTo(12 * (1.8 * 730 * 0.5 - (0.4 * 720 * 0.12 * 1.3 + 50)), 8);
    expect(told.npv.decommission).toBe(3_200);
    expect(told.failure_cost_usd).toBeCloseTo(3 * rent, 8);
    expect(told.value_at_risk_usd_per_hour).toBeCloseTo((-Math.log(0.9) / 720) * 3 * rent, 8);
  });

  it('takes a grade that is told before that of the score', () => {
    expect(referenceDecision({ health: 95, p30: 0, utilisation: 0.5, grade: 'poor' }).npv.sell).toBeCloseTo(7_600, 8);
  });

  it('names the limit of a grade where the other option begins to win there, whichever side it is looked at from', () => {
    const options = { p30: 0, utilisation: 0.9 };
    const flipOf = (health: number) => {
      const told = referenceDecision({ health, ...options });
      return { from: told.decision, ...told.sensitivity.find(({ input }) => input === 'health') };
    };
    expect(referenceDecision({ health: 69.999, ...options }).decision).toBe('keep');
    const above = flipOf(72);
    expect(above).toMatchObject({ from: 'sell', to: 'keep' });
    expect(above.flips_at).toBeCloseTo(70, 3);
    expect(above.flips_at).toBeLessThan(70);
    const below = flipOf(69);
    expect(below).toMatchObject({ from: 'keep', to: 'sell', flips_at: 70 });
  });

  it('says so in one sentence with the numbers', () => {
    const { rationale } = referenceDecision({ health: 98.7, p30: 0.4408, utilisation: 0.774 });
    expect(rationale).toBe(
      'Sell: sold now it is worth $30,400, against $16,320 kept for 12 months, $6,642 repurposed and $3,200 decommissioned, at health 98.7 (excellent), 44.1 % risk within 30 days and 77.4 % utilisation',
    );
  });

  it.each([
    [0, 0, 0],
    [100, 1, 1],
    [50, 1, 0],
  ])('stays finite at the ends (health %d, p30 %d, utilisation %d)', (health, p30, utilisation) => {
    const told = referenceDecision({ health, p30, utilisation });
    const numbers = [...Object.values(told.npv), told.confidence, told.value_at_risk_usd_per_hour, told.expected_value];
    expect(numbers.every(Number.isFinite)).toBe(true);
    expect(told.sensitivity.map(({ input }) => input).sort()).toEqual([
      'energy_usd_per_kwh',
      'health',
      'p30',
      'rent_usd_per_hour',
      'resale_usd',
      'utilisation',
    ]);
  });
});
