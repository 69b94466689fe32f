import { expect, it } from 'vitest';
import { ago, forecastAnswer, NOW } from './answers.fixture.ts';
import { forecastTitle, horizonText, isNear, limitText, metricForecasts } from './forecast-text.ts';
import { timeText } from './format-time.ts';

it('puts forecasts that reach a limit first, soonest first, and drops those that were not renewed', () => {
  const metrics = metricForecasts([
    forecastAnswer({ metric: 'power_watts', limit: null, horizon_ms: 259_200_000 }),
    forecastAnswer({ metric: 'power_watts', limit: null }),
    forecastAnswer({ metric: 'memory_temp_celsius', eta_ts: ago(-600) }),
    forecastAnswer({ eta_ts: ago(-60) }),
    forecastAnswer({ metric: 'pcie_replay_total', ts: ago(3_000) }),
  ]);
  expect(metrics.map(({ metric, horizons }) => [metric, horizons.length])).toEqual([
    ['gpu_temp_celsius', 1],
    ['memory_temp_celsius', 1],
    ['power_watts', 2],
  ]);
  expect(metrics[2]?.horizons.map(({ horizon_ms }) => horizon_ms)).toEqual([86_400_000, 259_200_000]);
  expect(metricForecasts([])).toEqual([]);
});

it('tells the workload that a forecast is for, and what is near', () => {
  const title = (explanation: string): string[] =>
    metricForecasts([forecastAnswer({ explanation })]).map(forecastTitle);
  expect(title('GPU temperature at 701 W: 76.6 C in 24 h')).toEqual(['GPU temperature at 701 W']);
  expect(title('GPU temperature: 76.6 C in 24 h')).toEqual(['GPU temperature']);
  const near = (hours: number): boolean[] =>
    metricForecasts([forecastAnswer({ eta_ts: ago(-60 * hours) })]).map((one) => isNear(one, NOW));
  expect([near(71), near(73)]).toEqual([[true], [false]]);
});

it.each([
  [forecastAnswer(), 'in 1 d 71 °C (68 to 75)', 'Does not reach the limit of 88 °C within two weeks.'],
  [
    forecastAnswer({ eta_ts: ago(-90) }),
    'in 1 d 71 °C (68 to 75)',
    `Reaches the limit of 88 °C in 1 h 30 min, ${timeText(NOW + 5_400_000, NOW)}.`,
  ],
  [
    forecastAnswer({ metric: 'ecc_sbe_volatile_total', expected: 1_234.5, low: 0, high: 2_000, limit: 100_000 }),
    'in 1 d 1,235 a day (0 to 2,000)',
    'Does not reach the limit of 100,000 a day within two weeks.',
  ],
  [
    forecastAnswer({ metric: 'power_watts', expected: 300, low: 280, high: 320, limit: null }),
    'in 1 d 300 W (280 to 320)',
    '',
  ],
])('tells %j', (forecast, horizon, limit) => {
  const [metric] = metricForecasts([forecast]);
  expect(horizonText(forecast)).toBe(horizon);
  expect(metric === undefined ? null : limitText(metric, NOW)).toBe(limit);
});
