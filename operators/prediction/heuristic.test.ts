import { expect, it } from 'vitest';
import { vectorOf } from '../health/observations.fixture.ts';
import { heuristic } from './heuristic.ts';

const judge = (known: Readonly<Record<string, number>>) => heuristic.judge(vectorOf(known), new Float32Array(0), 0);

const CALM = { gpu_temp_max: 70, thermal_throttle_count: 0, ecc_dbe_event_count: 0, gpu_age_days: 100 };

it.each<[string, Readonly<Record<string, number>>, number, string]>([
  ['nothing', CALM, 0.02, 'other'],
  [
    'at the limits, which do not count',
    { gpu_temp_max: 85, thermal_throttle_count: 20, gpu_age_days: 1_095 },
    0.02,
    'other',
  ],
  ['heat', { ...CALM, gpu_temp_max: 86 }, 0.42, 'thermal'],
  ['throttling', { ...CALM, thermal_throttle_count: 21 }, 0.32, 'thermal'],
  ['uncorrectable errors', { ...CALM, ecc_dbe_event_count: 1 }, 0.52, 'memory'],
  ['age', { ...CALM, gpu_age_days: 1_096 }, 0.22, 'other'],
  ['heat and memory: the larger term', { ...CALM, gpu_temp_max: 90, ecc_dbe_event_count: 2 }, 0.92, 'memory'],
  ['age and throttling', { ...CALM, gpu_age_days: 2_000, thermal_throttle_count: 50 }, 0.52, 'thermal'],
  [
    'everything',
    { gpu_temp_max: 99, thermal_throttle_count: 99, ecc_dbe_event_count: 9, gpu_age_days: 9_999 },
    0.99,
    'memory',
  ],
])('foresees from %s', (_, known, p30, type) => {
  const judgement = judge(known);
  expect(judgement.p30).toBeCloseTo(p30, 12);
  expect(judgement.p7).toBeCloseTo(0.25 * p30, 12);
  expect(judgement.p90).toBeCloseTo(Math.min(0.99, 2.5 * p30), 12);
  expect(judgement.type).toBe(type);
  const sum = judgement.contributions.reduce((total, { contribution }) => total + contribution, 0.02);
  expect(Math.min(0.99, sum)).toBeCloseTo(p30, 12);
});

it('is less sure the less it knows, and never holds a missing feature against a GPU', () => {
  expect(judge(CALM).confidence).toBe(0.5);
  expect(judge({ gpu_temp_max: 70 }).confidence).toBe(0.125);
  expect(judge({})).toMatchObject({ p30: 0.02, confidence: 0, type: 'other' });
  expect(judge({}).contributions.every(({ value }) => value === null)).toBe(true);
});

it('says why, with numbers', () => {
  expect(judge({ ...CALM, gpu_temp_max: 91, ecc_dbe_event_count: 3 }).explanation).toBe(
    'By rule of thumb (no trained model): 92 % within 30 days, because it reached 91 C in the last 7 days (limit 85 C), and uncorrectable memory errors rose in 3 samples of the last 7 days.',
  );
  expect(judge(CALM).explanation).toContain('the base rate, since nothing speaks for a failure');
});
