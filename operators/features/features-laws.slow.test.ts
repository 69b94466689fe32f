import { days, hours, minutes } from '../../pipeline/contract/time.ts';
import { describeLaws, START_MS, sampleRows } from '../core/laws.fixture.ts';
import { type FeaturesOptions, features } from './features.ts';

const OPTIONS: FeaturesOptions = {
  lateness_max: minutes(5),
  every: minutes(5),
  history: { age_min: days(30), every: hours(1) },
  assets: { get: () => undefined, edition: () => 0 },
};

// A day instead of half an hour: panes of every tier close, and rows come later than allowed.
describeLaws('features over a day', () => features(OPTIONS), {
  bytes_per_gpu_max: 25_400,
  rows: (seed) =>
    sampleRows(seed).map((row) => ({ ...row, ts: START_MS + (row.ts - START_MS) * 60, arrived_at: START_MS })),
});
