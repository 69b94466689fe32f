import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { type MetricName, metricIndex } from '../../pipeline/contract/metrics.ts';
import { createFleet } from './fleet.ts';

const CDFS = new URL('../../../shared/data/telemetry/acme_a100_fleet_cdfs.csv', import.meta.url);
const START = Date.UTC(2026, 2, 2);

/** Band of a quantile over both of the published clusters. */
function published(series: RegExp, percent: number): [number, number] {
  const points = readFileSync(CDFS, 'utf8')
    .trim()
    .split('\n')
    .slice(1)
    .map((line) => line.split(','))
    .filter(([source, name]) => series.test(`${source},${name}`));
  const values = [...new Set(points.map(([source]) => source))].map((source) => {
    const own = points.filter(([from]) => from === source);
    const near = own.reduce((a, b) => (Math.abs(Number(b[3]) - percent) < Math.abs(Number(a[3]) - percent) ? b : a));
    return Number(near[2]);
  });
  return [Math.min(...values), Math.max(...values)];
}

describe.skipIf(!existsSync(CDFS))('A100 nodes against a published fleet (needs ../shared/data)', () => {
  const values = (name: MetricName): number[] => {
    const fleet = createFleet({ gpus: 1024, seed: 3, start_ms: START, interval_ms: 10_000, stories: 'none' });
    const out: number[] = [];
    for (let ts = START; ts < START + 5 * 86_400_000; ts += 7_200_000) {
      for (const node of fleet.node_names.filter((one) => one.startsWith('a100'))) {
        for (const gpu of fleet.scrape(node, ts)?.gpus ?? [])
          if (gpu.instance === '') out.push(gpu.values[metricIndex(name)] as number);
      }
    }
    return out.filter((x) => !Number.isNaN(x)).toSorted((a, b) => a - b);
  };

  it.each([
    [
      'power_watts',
      /gpu_power/,
      [
        [5, 8],
        [10, 8],
        [25, 35],
        [50, 90],
        [75, 90],
        [90, 25],
        [95, 20],
        [99, 30],
      ],
    ],
    [
      'gpu_temp_celsius',
      /temp_1_c/,
      [
        [5, 4],
        [10, 4],
        [25, 5],
        [50, 8],
        [75, 7],
        [90, 6],
        [95, 6],
        [99, 6],
      ],
    ],
    [
      'memory_temp_celsius',
      /temp_2_c/,
      [
        [5, 4],
        [25, 6],
        [50, 8],
        [75, 7],
        [90, 6],
        [95, 6],
        [99, 7],
      ],
    ],
  ] as const)('%s', (name, series, bands) => {
    const own = values(name);
    expect(own.length).toBeGreaterThan(5_000);
    for (const [percent, slack] of bands) {
      const [low, high] = published(series, percent);
      const quantile = own[Math.floor((percent / 100) * (own.length - 1))] as number;
      expect(quantile, `${name} p${percent} against ${low}..${high}`).toBeGreaterThan(low - slack);
      expect(quantile, `${name} p${percent} against ${low}..${high}`).toBeLessThan(high + slack);
    }
  });
});
