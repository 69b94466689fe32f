import { findFeature } from '../../pipeline/contract/features.ts';

const OBSERVED = findFeature('samples_hours_7d');
const SAMPLES = findFeature('samples_7d');
const CADENCE = findFeature('cadence_seconds');

/** Hours in samples of a vector's week. One that was stored before they were counted is read as if its cadence had never changed. */
export function observedHours(values: ArrayLike<number>): number {
  const observed = values[OBSERVED] as number;
  return Number.isNaN(observed) ? ((values[SAMPLES] as number) * (values[CADENCE] as number)) / 3_600 : observed;
}
