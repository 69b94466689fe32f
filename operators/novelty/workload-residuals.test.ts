import { describe, expect, it } from 'vitest';
import { random } from '../core/laws.fixture.ts';
import { inputIndex, type KeptRow, NOVELTY_FEATURES } from './novelty-features.ts';
import { learnResiduals, observedAndExpected, remaindersOf } from './workload-residuals.ts';

const INPUTS = Math.max(...NOVELTY_FEATURES.flatMap(({ name, given }) => [name, ...given]).map(inputIndex)) + 1;
const featureAt = (name: string): number => NOVELTY_FEATURES.findIndex((feature) => feature.name === name);

const TEMP = 'gpu_temp_celsius_mean_1h';
const POWER = 'power_watts_mean_1h';
const MEMORY = 'memory_temp_celsius_mean_1h';
const DRAM = 'dram_active_ratio_mean_1h';
const SBE = 'ecc_sbe_volatile_per_day_24h';

function rowOf(values: Readonly<Record<string, number>>): KeptRow {
  const row: (number | null)[] = new Array(INPUTS).fill(null);
  for (const [name, value] of Object.entries(values)) row[inputIndex(name)] = value;
  return row;
}

const next = random(11);
/** 30 C and 0.06 C per watt; memory 20 C, 0.05 C per watt and 15 C at full use; a tenth of the boards is far off. */
const rows = Array.from({ length: 300 }, (_, i) => {
  const power = 70 + next() * 600;
  const dram = next();
  const off = i % 10 === 0 ? 30 : 0;
  return rowOf({
    [POWER]: power,
    [DRAM]: dram,
    [TEMP]: 30 + 0.06 * power + off + (next() - 0.5),
    [MEMORY]: 20 + 0.05 * power + 15 * dram + (next() - 0.5),
    [SBE]: 0,
  });
});
const learned = learnResiduals(rows);
const remainders = (values: Record<string, number>, rounding: 'whole' | 'exact'): Float64Array =>
  remaindersOf(learned, rowOf(values), new Float64Array(NOVELTY_FEATURES.length), rounding);

describe('workload residuals', () => {
  it('know what the work explains, although a tenth of the boards is sick', () => {
    for (const power of [80, 300, 650]) {
      const { expected } = observedAndExpected(learned, rowOf({ [POWER]: power, [TEMP]: 99 }), featureAt(TEMP));
      expect(Math.abs(expected - (30 + 0.06 * power))).toBeLessThan(0.5);
      const memory = rowOf({ [POWER]: power, [DRAM]: 0.5, [MEMORY]: 99 });
      const { observed, expected: usual } = observedAndExpected(learned, memory, featureAt(MEMORY));
      expect(observed).toBe(99);
      expect(Math.abs(usual - (27.5 + 0.05 * power))).toBeLessThan(0.5);
    }
  });

  it('tell what remains in spreads of at least a floor', () => {
    const hot = remainders({ [POWER]: 400, [TEMP]: 54 + 12 }, 'exact')[featureAt(TEMP)] as number;
    expect(hot).toBeGreaterThan(3.7);
    expect(hot).toBeLessThan(4.3);
    for (const [celsius, spreads] of [
      [54 + 2, 0],
      [54 - 2, 0],
      [54 + 13, 4],
      [54 - 13, -4],
    ] as const) {
      expect(remainders({ [POWER]: 400, [TEMP]: celsius }, 'whole')[featureAt(TEMP)]).toBe(spreads);
    }
  });

  it('know nothing where the reading or what explains it is missing', () => {
    expect(remainders({ [TEMP]: 80 }, 'exact')[featureAt(TEMP)]).toBeNaN();
    expect(remainders({ [POWER]: 300 }, 'whole')[featureAt(TEMP)]).toBeNaN();
    expect(remainders({ [POWER]: 300, [MEMORY]: 80 }, 'exact')[featureAt(MEMORY)]).toBeNaN();
  });

  it('take rates as factors and tell them as rates', () => {
    const row = rowOf({ [SBE]: Math.log1p(1_000) });
    const { observed, expected } = observedAndExpected(learned, row, featureAt(SBE));
    expect(observed).toBeCloseTo(1_000, 6);
    expect(expected).toBeCloseTo(0, 9);
    expect(remainders({ [SBE]: Math.log1p(1_000) }, 'whole')[featureAt(SBE)]).toBe(9);
  });

  it.each<[string, KeptRow[]]>([
    ['no rows', []],
    ['one row', [rows[1] as KeptRow]],
    [
      'rows of one workload',
      Array.from({ length: 20 }, () => rowOf({ [POWER]: 300, [DRAM]: 0, [TEMP]: 50, [MEMORY]: 60 })),
    ],
  ])('are finite from %s', (_, few) => {
    const found = remaindersOf(
      learnResiduals(few),
      rows[2] as KeptRow,
      new Float64Array(NOVELTY_FEATURES.length),
      'exact',
    );
    expect(Number.isFinite(found[featureAt(TEMP)])).toBe(true);
    expect(Number.isFinite(found[featureAt(MEMORY)])).toBe(true);
  });
});
