import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { systemClock } from './clock.ts';
import type { HealthProfile } from './contract/events.ts';
import { minutes } from './contract/time.ts';
import { scoreSamples } from './score-samples.ts';

const T0 = Date.UTC(2026, 0, 1);
const HOUR_MS = 3_600_000;

const hour = (row: (i: number) => Record<string, unknown>) =>
  Array.from({ length: 360 }, (_, i) => ({ ts: T0 + i * 10_000, ...row(i) }));
const score = async (
  samples: Record<string, unknown>[],
  profile: HealthProfile = 'default',
  model = 'NVIDIA H100 80GB',
) => scoreSamples({ samples, profile, asset: { model }, clock: systemClock });

const busy = (i: number) => ({
  gpu_temp_celsius: 62 + (i % 3),
  power_watts: 600 + (i % 7),
  sm_clock_mhz: 1_980,
  gpu_util_ratio: 0.97,
  sm_active_ratio: 0.8,
  dram_active_ratio: 0.4,
  throttle_reasons: 0,
  ecc_sbe_volatile_total: 0,
  ecc_dbe_volatile_total: 0,
});

describe('scoreSamples', () => {
  it('judges what the samples say, through the same steps as the stream', async () => {
    const well = await score(hour(busy));
    expect(well.score).toMatchObject({ health_grade: 'excellent', gpu_uuid: 'GPU-sample', profile: 'default' });
    expect(well.refused).toEqual([]);
    const burning = await score(hour((i) => ({ ...busy(i), ecc_sbe_volatile_total: i * 177_000 })));
    expect(burning.score?.memory_health).toBeLessThan(40);
    expect(burning.score?.contributions.some(({ dimension }) => dimension === 'memory')).toBe(true);
    const lost = await score(hour((i) => ({ ...busy(i), ...(i === 300 ? { xids: [79] } : {}) })));
    expect(lost.score?.overall_score).toBeLessThan(well.score?.overall_score ?? 0);
  });

  it('is as of the last sample, and takes instants as text', async () => {
    const rows = hour(busy).map((row) => ({
      ...row,
      ts: new Date(row.ts).toISOString(),
      gpu_uuid: 'GPU-x',
      node: 'n7',
    }));
    expect((await score(rows)).score).toMatchObject({ ts: T0 + HOUR_MS - 10_000, gpu_uuid: 'GPU-x', node: 'n7' });
  });

  it('says what it refused, and is null when nothing is left', async () => {
    const { score: none, refused } = await score([{ gpu_temp_celsius: 50 }, { ts: T0, node: 'n' }]);
    expect(none).toBeNull();
    expect(refused.map(({ reason }) => reason).sort()).toEqual(['no_metrics', 'no_time']);
  });
});

const GOLDEN = join(import.meta.dirname, '../../shared/data/golden');
const present = existsSync(join(GOLDEN, 'expected.json'));
interface GoldenCase {
  readonly file: string;
  readonly story: string;
  readonly asset: { readonly model: string };
  readonly health: {
    readonly overall_reported: number;
    readonly grade: string;
    readonly factors: readonly string[];
    readonly dimensions: Readonly<Record<string, number>>;
  };
}
const golden: readonly GoldenCase[] = present
  ? JSON.parse(readFileSync(join(GOLDEN, 'expected.json'), 'utf8')).cases
  : [];

describe.skipIf(!present)('the golden cases by the reference profile (skipped where ../shared/data is absent)', () => {
  it.each(golden)('$story', async ({ file, asset, health }) => {
    const [head = '', ...lines] = gunzipSync(readFileSync(join(GOLDEN, file)))
      .toString()
      .trim()
      .split(/\r?\n/);
    const names = head.split(',').map((name) => (name === 'ts_ms' ? 'ts' : name));
    const samples = lines.map((line) =>
      Object.fromEntries(line.split(',').map((cell, i) => [names[i], cell === '' ? null : Number(cell)])),
    );
    const { score: told } = await scoreSamples({
      samples,
      profile: 'reference',
      asset,
      interval: minutes(1),
      clock: systemClock,
    });
    expect(told).toMatchObject({ overall_score: health.overall_reported, health_grade: health.grade });
    expect(new Set(told?.degradation_factors)).toEqual(new Set(health.factors));
    for (const [dimension, points] of Object.entries(health.dimensions)) {
      const key = `${dimension}_health` as 'memory_health';
      expect(Math.abs((told?.[key] ?? Number.NaN) - points)).toBeLessThanOrEqual(0.05 + 1e-9);
    }
  });
});
