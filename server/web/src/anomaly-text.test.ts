import { expect, it } from 'vitest';
import { anomalyOf } from '../../../sinks/live/fleet.fixture.ts';
import type { AnomalyAnswer } from '../../schemas.ts';
import { anomalyMore, anomalySource, anomalyText } from './anomaly-text.ts';

const anomaly = (changes: Partial<AnomalyAnswer>): AnomalyAnswer => ({
  ...anomalyOf({ gpu_uuid: 'GPU-a', id: 'a' }),
  ts: '2026-01-01T00:00:00.000Z',
  opened_at: '2026-01-01T00:00:00.000Z',
  closed_at: null,
  ...changes,
});

it.each<[Partial<AnomalyAnswer>, string]>([
  [{}, 'GPU temperature 91 °C, expected 63 °C'],
  [{ metric: 'sm_clock_mhz', observed: 345, expected: 1_972.4 }, 'SM clock 345 MHz, expected 1,972 MHz'],
  [{ metric: 'fb_used_bytes', observed: 2_147_483_648, expected: 0 }, 'Framebuffer used 2.0 GiB, expected 0.0 GiB'],
  [{ metric: 'gpu_util_ratio', observed: 1, expected: 0.034 }, 'GPU utilisation 100 %, expected 3.4 %'],
  [{ metric: 'pcie_replay_total', observed: 12, expected: 0 }, 'PCIe replay 12, expected 0'],
  [{ expected: null, explanation: 'It fell off the bus.' }, 'It fell off the bus'],
  [{ metric: 'of_tomorrow', explanation: 'Something else.' }, 'Something else'],
  [
    {
      metric: 'ecc_sbe_volatile_total',
      detector: 'conditions',
      explanation:
        'Corrected memory errors came at up to 10.05 per second (limit 10 per second), since 2026-01-01T00:16:00Z (17 h). Drain the GPU.',
    },
    'Corrected memory errors came at up to 10.05 per second (limit 10 per second)',
  ],
  [
    {
      detector: 'cusum',
      explanation: 'Errors went from 4.06 a minute to 41 a minute, since about 2026-01-01 01:02 UTC.',
    },
    'Errors went from 4.06 a minute to 41 a minute',
  ],
  [
    {
      detector: 'conditions',
      explanation:
        '1.7 GPU-hours went by without work, from 2026-11-21T08:18:00Z until 2026-11-21T09:58:00Z (100 min). It is over.',
    },
    '1.7 GPU-hours went by without work',
  ],
  [
    {
      detector: 'absence',
      explanation: 'GPU-a on n1 is missing since 2026-11-21T02:08:00.000Z: 3 scrapes came without it.',
    },
    'Is missing: 3 scrapes came without it',
  ],
])('says %j as people do', (changes, text) => {
  expect(anomalyText(anomaly(changes))).toBe(text);
});

it('tells the detector, the distance and the part of the board', () => {
  expect(anomalySource(anomaly({}))).toBe('zscore 4.2, 1h');
  expect(anomalySource(anomaly({ score: -39.73, instance: '3' }))).toBe('zscore 39.7 below, 1h, MIG 3');
  expect(anomalySource(anomaly({ score: null, window: '' }))).toBe('zscore');
  expect(anomalySource(anomaly({ score: 1e6, window: '' }))).toBe('zscore');
});

it('tells what the detector says beyond that', () => {
  const explanation = 'Errors came at 10.05 per second. Drain the GPU. Then test it.';
  expect(anomalyMore(anomaly({ detector: 'conditions', explanation }))).toBe('Drain the GPU. Then test it.');
  expect(anomalyMore(anomaly({ detector: 'conditions', explanation: 'It is gone.' }))).toBe('');
  expect(anomalyMore(anomaly({ explanation }))).toBe(explanation);
});
