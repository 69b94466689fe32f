import { expect, it } from 'vitest';
import type { ModelPerformance } from '../../client/api-client.ts';
import { howWellFigures, settledText } from './how-well-text.ts';

const item: ModelPerformance = {
  model_name: 'm',
  model_version: '1',
  horizon_days: 30,
  from: '2026-01-01T00:00:00.000Z',
  to: '2026-02-01T00:00:00.000Z',
  predictions: 1_200,
  settled: 0,
  gpus: 40,
  failures: 0,
  failures_in_time: 0,
  failure_share: null,
  threshold: 0.0909,
  threshold_source: 'prior',
  precision: null,
  recall: null,
  lead_time_days: null,
  brier: null,
  calibration_error: null,
  auc: null,
  average_precision: null,
  effective: null,
  months: [],
  calibration: [],
  alarms: [],
};
const texts = (changes: Partial<ModelPerformance>): Record<string, string> =>
  Object.fromEntries(howWellFigures({ ...item, ...changes }).map(({ name, text }) => [name, text]));

it('says that it is too early to say', () => {
  expect(texts({})).toEqual({
    Precision: 'not yet',
    Recall: 'not yet',
    'Failures warned of': 'none failed',
    'Warning ahead': 'not yet',
    'Brier score': 'not yet',
    'Calibration error': 'not yet',
    AUC: 'not yet',
    'Alarm from': '9.1 %',
  });
  expect(settledText(item)).toBe(
    '1,200 daily predictions of 40 GPUs; the first of them come true or not by 31 Jan 2026',
  );
});

it('says how good they were', () => {
  expect(
    texts({
      precision: 0.694,
      recall: 1,
      failures: 3,
      failures_in_time: 2,
      lead_time_days: { low: 5.5, median: 6, high: 12.4 },
      brier: { score: 0.00503, reliability: 0, resolution: 0, uncertainty: 0, within_bins: 0 },
      calibration_error: 0.028,
      auc: 0.9491,
    }),
  ).toMatchObject({
    Precision: '69 %',
    Recall: '100 %',
    'Failures warned of': '2 of 3',
    'Warning ahead': '6.0 d (5.5 to 12)',
    'Brier score': '0.0050',
    'Calibration error': '2.8 %',
    AUC: '0.949',
  });
  expect(settledText({ ...item, settled: 640 })).toContain('time has told of 640');
});
