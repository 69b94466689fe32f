import { describe, expect, it } from 'vitest';
import { FEATURE_COUNT, findFeature } from '../../pipeline/contract/features.ts';
import { inputReader } from './model-features.ts';

const NAMES = ['thermal_throttle_count', 'gpu_temp_max'];

function read(known: Readonly<Record<string, number>>, counts?: 'stored'): number[] {
  const values = new Float64Array(FEATURE_COUNT).fill(Number.NaN);
  for (const [name, value] of Object.entries(known)) values[findFeature(name)] = value;
  const into = new Float64Array(NAMES.length);
  inputReader(NAMES, counts)(values, into);
  return [...into];
}

describe('counts of samples', () => {
  it.each<[string, Readonly<Record<string, number>>, 'stored' | undefined, number]>([
    ['as of 1,008 samples', { samples_7d: 60_480 }, undefined, 2],
    ['as they are where nobody knows how many samples there were', {}, undefined, 120],
    ['as they are where they are wanted so', { samples_7d: 60_480 }, 'stored', 120],
  ])('are told %s', (_, known, counts, told) => {
    expect(read({ thermal_throttle_count: 120, gpu_temp_max: 91, ...known }, counts)).toEqual([told, 91]);
  });

  it('are unknown where they are', () => {
    expect(read({ samples_7d: 1_008, gpu_temp_max: 91 })).toEqual([Number.NaN, 91]);
  });
});
