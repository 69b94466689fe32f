import { describe, expect, it } from 'vitest';
import { isWithinRanges, learnInputRanges } from './input-ranges.ts';
import { inputIndex, type KeptRow, NOVELTY_FEATURES } from './novelty-features.ts';

const INPUTS = Math.max(...NOVELTY_FEATURES.flatMap(({ name, given }) => [name, ...given]).map(inputIndex)) + 1;
const featureAt = (name: string): number => NOVELTY_FEATURES.findIndex((feature) => feature.name === name);

function rowOf(values: Readonly<Record<string, number>>): KeptRow {
  const row: (number | null)[] = new Array(INPUTS).fill(null);
  for (const [name, value] of Object.entries(values)) row[inputIndex(name)] = value;
  return row;
}

const POWER = 'power_watts_mean_1h';
const DRAM = 'dram_active_ratio_mean_1h';
/** 96 busy boards and four that idle. */
const rows = Array.from({ length: 100 }, (_, i) => rowOf({ [POWER]: i < 4 ? 70 : 600 + (i % 50), [DRAM]: i / 100 }));
const ranges = learnInputRanges(rows);
const isWithin = (feature: string, values: Record<string, number>): boolean =>
  isWithinRanges(ranges, rowOf(values), featureAt(feature));

describe('input ranges', () => {
  it.each<[number, boolean]>([
    [600, true],
    [649, true],
    [580, true],
    [670, true],
    [500, false],
    [70, false],
    [900, false],
  ])('of busy boards: %d W lies within is %s', (power, expected) => {
    expect(isWithin('gpu_temp_celsius_mean_1h', { [POWER]: power })).toBe(expected);
  });

  it('need every input', () => {
    const memory = 'memory_temp_celsius_mean_1h';
    expect(isWithin(memory, { [POWER]: 620, [DRAM]: 0.5 })).toBe(true);
    expect(isWithin(memory, { [POWER]: 620 })).toBe(false);
    expect(isWithin(memory, { [POWER]: 620, [DRAM]: 9 })).toBe(false);
  });

  it('do not matter where the workload does not', () => {
    expect(isWithin('pcie_replay_per_day_24h', {})).toBe(true);
  });

  it('know nothing of inputs that no row knew', () => {
    expect(isWithin('gpu_temp_celsius_mean_6h', { power_watts_mean_6h: 300 })).toBe(false);
    expect(isWithinRanges(learnInputRanges([]), rowOf({ [POWER]: 600 }), featureAt('gpu_temp_celsius_mean_1h'))).toBe(
      false,
    );
  });
});
