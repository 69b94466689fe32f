import { findFeature } from '../../pipeline/contract/features.ts';

const OBSERVED = findFeature('samples_hours_7d');
const SAMPLES = findFeature('samples_7d');
const CADENCE = findFeature('cadence_seconds');
const WEEK_HOURS = 168;

/** Hours in samples of a week. Where they were not counted yet when it was stored: as if the cadence had never changed. */
export const hoursInSamples = (counted_hours: number, samples: number, cadence_s: number): number =>
  Number.isNaN(counted_hours) ? Math.min(WEEK_HOURS, (samples * cadence_s) / 3_600) : counted_hours;

/** Those of a vector's week. */
export const observedHours = (values: ArrayLike<number>): number =>
  hoursInSamples(values[OBSERVED] as number, values[SAMPLES] as number, values[CADENCE] as number);
