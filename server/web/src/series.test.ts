import { expect, it } from 'vitest';
import { Series } from './series.ts';

const START_S = 1_767_225_600;
const at = (second: number): string => new Date((START_S + second) * 1_000).toISOString();
const seriesOf = (seconds: readonly number[], resolution: 'raw' | '1m' = 'raw'): Series =>
  new Series({
    metrics: ['power_watts'],
    resolution,
    rows: seconds.map((second) => ({ ts: at(second), power_watts: second, power_watts_avg: second })),
  });
/** Seconds of the rows, `-` where the line breaks. */
const shape = ({ times, columns }: Series): string =>
  times.map((time, i) => (columns.get('power_watts')?.value[i] === null ? '-' : time - START_S)).join(' ');

it.each<[string, readonly number[], string]>([
  ['one pace', [0, 10, 20, 30], '0 10 20 30'],
  ['a slow past and a quick present', [0, 120, 240, 360, 365, 370, 375, 380], '0 120 240 360 365 370 375 380'],
  ['a silence at a quick pace', [0, 10, 20, 30, 200, 210, 220, 230], '0 10 20 30 - 200 210 220 230'],
  ['a silence at a slow pace', [0, 120, 240, 1_200, 1_320, 1_440], '0 120 240 - 1200 1320 1440'],
  ['rows that are not in order', [0, 20, 10, 30], '0 20 30'],
  ['nothing', [], ''],
])('draws lines through %s', (_name, seconds, expected) => {
  expect(shape(seriesOf(seconds))).toBe(expected);
});

it('goes on live, and tells when rows are missing in between', () => {
  const series = seriesOf([0, 10, 20]);
  const add = (second: number): boolean => series.append((START_S + second) * 1_000, { power_watts: second });
  expect([add(20), add(30), add(40)]).toEqual([true, true, true]);
  expect(add(300)).toBe(false);
  expect(shape(series)).toBe('0 10 20 30 40 - 300');
});

it('has bands only when averages were read', () => {
  expect([seriesOf([0]).bands, seriesOf([0, 60], '1m').bands]).toEqual([false, true]);
  expect(shape(seriesOf([0, 60, 120, 900, 960], '1m'))).toBe('0 60 120 - 900 960');
});
