import { expect, it } from 'vitest';
import { FEATURE_COUNT, findFeature } from '../../pipeline/contract/features.ts';
import { observedHours } from './observed-hours.ts';

const vector = (known: Readonly<Record<string, number>>): Float64Array => {
  const values = new Float64Array(FEATURE_COUNT).fill(Number.NaN);
  for (const [name, value] of Object.entries(known)) values[findFeature(name)] = value;
  return values;
};

it.each([
  ['counted, whatever the cadence is by now', { samples_7d: 5_100, cadence_seconds: 10, samples_hours_7d: 168 }, 168],
  ['of a vector that was stored before they were counted', { samples_7d: 360, cadence_seconds: 10 }, 1],
  [
    'of a stored one whose cadence has slowed down, not more than its week',
    { samples_7d: 60_480, cadence_seconds: 60 },
    168,
  ],
  ['of the first sample, which stands for no time', { samples_7d: 1, samples_hours_7d: 0 }, 0],
  ['of a vector that says nothing', {}, Number.NaN],
])('hours in samples: %s', (_, known, hours) => {
  expect(observedHours(vector(known))).toBe(hours);
});
