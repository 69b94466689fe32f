import { expect, it } from 'vitest';
import { ago, forecastAnswer, NOW } from './answers.fixture.ts';
import { forecastLines, plotLimits } from './plot-marks.ts';
import { PLOTS } from './plot-specs.ts';

const DAY_MS = 86_400_000;
const plot = (id: string) => {
  const spec = PLOTS.find((one) => one.id === id);
  if (spec === undefined) throw new Error(`no plot ${id}`);
  return spec;
};

it('draws what is foretold of a plot by horizon, in its unit, of the part that is shown', () => {
  const rows = [
    forecastAnswer({ horizon_ms: 7 * DAY_MS, expected: 75 }),
    forecastAnswer({ expected: 71 }),
    forecastAnswer({ expected: 60, ts: ago(24 * 60) }),
    forecastAnswer({ metric: 'memory_temp_celsius', instance: '1', expected: 88, limit: null }),
  ];
  const [gpu, ...others] = forecastLines(plot('temperature'), rows, '');
  expect(others).toEqual([]);
  expect(gpu?.line).toBe(0);
  expect(gpu?.points.map(({ at, expected }) => [at - NOW + 90 * 60_000, expected])).toEqual([
    [DAY_MS, 71],
    [7 * DAY_MS, 75],
  ]);
  expect(forecastLines(plot('temperature'), rows, '1').map(({ line }) => line)).toEqual([0, 1]);
  expect(
    forecastLines(plot('activity'), [forecastAnswer({ metric: 'sm_active_ratio', expected: 0.4 })], '')[0]?.points[0]
      ?.expected,
  ).toBe(40);
  expect(forecastLines(plot('clocks'), rows, '')).toEqual([]);
});

it('draws a limit where one is known', () => {
  expect(
    plotLimits(
      plot('temperature'),
      [forecastAnswer(), forecastAnswer({ metric: 'memory_temp_celsius', limit: null })],
      '',
    ),
  ).toEqual([{ line: 0, value: 88 }]);
});
