import { describe, expect, it } from 'vitest';
import { draw, draws } from '../../bench/fleet/random.ts';
import { COMPARE_DEFAULTS, compareModels, type Rivalry } from './compare-models.ts';

const OPTIONS = { ...COMPARE_DEFAULTS, seed: 1, draws: 200 };
const DAYS = 20;

/** GPUs with a risk of their own; `champion` and `challenger` see so much of it. */
function rivalry(gpus: number, sees: { champion: number; challenger: number }): Rivalry {
  const from = draws(5);
  const rows = Array.from({ length: gpus }, (_, gpu) => {
    const risk = draw(from) < 0.1 ? 0.6 : 0.02;
    const noise = [draw(from), draw(from)] as const;
    return Array.from({ length: DAYS }, () => ({
      gpu,
      label: draw(from) < risk ? 1 : 0,
      champion: sees.champion * risk + (1 - sees.champion) * noise[0] * 0.2,
      challenger: sees.challenger * risk + (1 - sees.challenger) * noise[1] * 0.2,
    }));
  }).flat();
  return {
    labels: rows.map(({ label }) => label),
    gpu: rows.map(({ gpu }) => gpu),
    champion: rows.map((row) => row.champion),
    challenger: rows.map((row) => row.challenger),
  };
}

describe('compareModels', () => {
  it('promotes what is clearly better, and says why', () => {
    const told = compareModels(rivalry(200, { champion: 0, challenger: 1 }), OPTIONS);
    expect(told.promote).toBe(true);
    expect(told.precision.low).toBeGreaterThan(0.1);
    expect(told.why).toMatch(/^average precision \+0\.\d{4} \(90 % interval \+0/);
  });

  it.each([
    ['worse', { champion: 1, challenger: 0 }],
    ['the same', { champion: 0.5, challenger: 0.5 }],
  ])('keeps the champion against what is %s', (_, sees) => {
    expect(compareModels(rivalry(200, sees), OPTIONS).promote).toBe(false);
  });

  it('asks for more than chance: a little better on few GPUs is not enough', () => {
    const told = compareModels(rivalry(12, { champion: 0.45, challenger: 0.55 }), OPTIONS);
    expect(told.precision.low).toBeLessThan(told.precision.value);
    expect(told.promote).toBe(false);
  });

  it('asks for the margin', () => {
    const rivals = rivalry(200, { champion: 0.9, challenger: 1 });
    const gain = compareModels(rivals, OPTIONS).precision;
    expect(compareModels(rivals, { ...OPTIONS, margin: gain.high + 0.01 }).promote).toBe(false);
  });

  it('does not take a better order with far worse probabilities', () => {
    const rivals = rivalry(200, { champion: 0, challenger: 1 });
    const shouting = { ...rivals, challenger: Array.from(rivals.challenger, (p) => 0.9 + 0.1 * p) };
    const told = compareModels(shouting, OPTIONS);
    expect(told.precision.low).toBeGreaterThan(0);
    expect(told.promote).toBe(false);
    expect(told.why).toContain('worse probabilities');
  });

  it('says the same each time', () => {
    const rivals = rivalry(40, { champion: 0.3, challenger: 0.6 });
    expect(compareModels(rivals, OPTIONS)).toEqual(compareModels(rivals, OPTIONS));
    expect(compareModels(rivals, { ...OPTIONS, seed: 2 })).not.toEqual(compareModels(rivals, OPTIONS));
  });
});
