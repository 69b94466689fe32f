import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import type { Dimension } from '../../pipeline/contract/events.ts';
import { minutes } from '../../pipeline/contract/time.ts';
import { type RawSamples, REFERENCE_METRICS, type ReferenceMetric, referenceProfile } from './reference-profile.ts';

const GOLDEN = join(import.meta.dirname, '../../../shared/data/golden');
const present = existsSync(join(GOLDEN, 'expected.json'));

interface GoldenCase {
  readonly file: string;
  readonly story: string;
  readonly health: {
    readonly overall: number;
    readonly overall_reported: number;
    readonly dimensions: Readonly<Record<Dimension, number>>;
    readonly grade: string;
    readonly factors: readonly string[];
  };
}

const cases: readonly GoldenCase[] = present
  ? JSON.parse(readFileSync(join(GOLDEN, 'expected.json'), 'utf8')).cases
  : [];

function goldenSamples(file: string): RawSamples {
  const [head = '', ...lines] = gunzipSync(readFileSync(join(GOLDEN, file)))
    .toString()
    .trim()
    .split(/\r?\n/);
  const names = head.split(',');
  const rows = lines.map((line) => line.split(',').map((cell) => (cell === '' ? Number.NaN : Number(cell))));
  const column = (name: string): Float64Array => Float64Array.from(rows, (row) => row[names.indexOf(name)] ?? NaN);
  return {
    ts: column('ts_ms'),
    values: Object.fromEntries(REFERENCE_METRICS.map((metric) => [metric, column(metric)])) as RawSamples['values'],
  };
}

describe.skipIf(!present)('reference profile of the golden cases (skipped where ../shared/data is absent)', () => {
  it.each(cases)('$story ($file) in every field', ({ file, health }) => {
    for (const interval of [null, minutes(1)]) {
      const verdict = referenceProfile(goldenSamples(file), { interval });
      expect(Math.round((verdict.overall as number) * 10) / 10).toBe(health.overall_reported);
      expect(verdict.overall).toBeCloseTo(health.overall, 9);
      for (const [dimension, score] of Object.entries(health.dimensions)) {
        expect(verdict.dimensions[dimension as Dimension], dimension).toBeCloseTo(score, 9);
      }
      expect(verdict.grade).toBe(health.grade);
      expect(new Set(verdict.factors)).toEqual(new Set(health.factors));
    }
  });
});

const HOUR = 168;
type Column = number | ((i: number) => number);
/** A full week, one sample an hour, of a GPU that loses nothing; `change` replaces columns. */
function week(change: Partial<Record<ReferenceMetric, Column>>, keep: (i: number) => boolean = () => true): RawSamples {
  const healthy: Record<ReferenceMetric, Column> = {
    gpu_temp_celsius: 60,
    power_watts: 400,
    sm_clock_mhz: 1980,
    sm_active_ratio: 0.8,
    sm_occupancy_ratio: 0.4,
    dram_active_ratio: 0.3,
    throttle_reasons: 0,
    ecc_sbe_volatile_total: 0,
    ecc_dbe_volatile_total: 0,
    retired_pages_dbe_total: 0,
  };
  const kept = Array.from({ length: HOUR }, (_, i) => i).filter(keep);
  const column = (from: Column): Float64Array =>
    Float64Array.from(kept, (i) => (typeof from === 'number' ? from : from(i)));
  return {
    ts: Float64Array.from(kept, (i) => (i + 1) * 3_600_000),
    values: Object.fromEntries(
      REFERENCE_METRICS.map((metric) => [metric, column(change[metric] ?? healthy[metric])]),
    ) as RawSamples['values'],
  };
}
/** Half of the samples one value, half the other: sample deviation = half the distance x sqrt(n / (n - 1)). */
const halves = (low: number, high: number) => (i: number) => (i % 2 === 0 ? low : high);
const SPREAD = Math.sqrt(HOUR / (HOUR - 1));

describe('each term of the reference profile, worked by hand', () => {
  it.each<[string, Partial<Record<ReferenceMetric, Column>>, Dimension, number, string[]]>([
    ['a healthy GPU', {}, 'memory', 100, []],
    ['3 DBE', { ecc_dbe_volatile_total: 3 }, 'memory', 70, ['uncorrectable_ecc_errors']],
    ['9 DBE', { ecc_dbe_volatile_total: 9 }, 'memory', 50, ['uncorrectable_ecc_errors', 'memory_degradation']],
    ['DBE that are gone in the last sample', { ecc_dbe_volatile_total: (i) => (i < 167 ? 9 : 0) }, 'memory', 100, []],
    ['100 SBE', { ecc_sbe_volatile_total: 100 }, 'memory', 100, []],
    ['150 SBE', { ecc_sbe_volatile_total: 150 }, 'memory', 90, ['high_correctable_ecc_errors']],
    ['10,000 SBE', { ecc_sbe_volatile_total: 1e4 }, 'memory', 80, ['high_correctable_ecc_errors']],
    ['2 pages', { retired_pages_dbe_total: 2 }, 'memory', 90, ['retired_memory_pages']],
    ['70 pages', { retired_pages_dbe_total: 70 }, 'memory', 70, ['retired_memory_pages']],
    ['bandwidth 0.4 to 0.3', { dram_active_ratio: (i) => (i < 24 ? 0.4 : 0.3) }, 'memory', 75, []],
    ['bandwidth 0.4 to 0.37', { dram_active_ratio: (i) => (i < 24 ? 0.4 : 0.37) }, 'memory', 100, []],
    ['bandwidth from 0', { dram_active_ratio: (i) => (i < 24 ? 0 : 0.3) }, 'memory', 100, []],
    ['mean 78 C', { gpu_temp_celsius: 78 }, 'thermal', 97, []],
    ['mean 82 C', { gpu_temp_celsius: 82 }, 'thermal', 93, ['elevated_temperature']],
    ['mean 90 C', { gpu_temp_celsius: 90 }, 'thermal', 90, ['elevated_temperature']],
    ['mean 20 C', { gpu_temp_celsius: 20 }, 'thermal', 95, []],
    ['100 C once', { gpu_temp_celsius: (i) => (i === 9 ? 100 : 60) }, 'thermal', 85, []],
    ['40 and 70 C in turn', { gpu_temp_celsius: halves(40, 70) }, 'thermal', 100 - 0.5 * (15 * SPREAD - 10), []],
    ['5 % of samples idle', { throttle_reasons: (i) => (i < 8 ? 1 : 0) }, 'thermal', 100, []],
    ['a quarter of samples idle', { throttle_reasons: (i) => (i % 4 === 0 ? 1 : 0) }, 'thermal', 75, []],
    ['always idle', { throttle_reasons: 1 }, 'thermal', 0, ['thermal_issues']],
    ['bit 64 once', { throttle_reasons: (i) => (i === 9 ? 64 : 0) }, 'thermal', 80, ['thermal_throttling']],
    ['occupancy 20 %', { sm_occupancy_ratio: 0.2 }, 'performance', 95, []],
    ['occupancy 20 % of an idle GPU', { sm_occupancy_ratio: 0.2, sm_active_ratio: 0.1 }, 'performance', 100, []],
    ['clock 1500 and 1980', { sm_clock_mhz: halves(1500, 1980) }, 'performance', 90, []],
    ['clock 1965 and 1980', { sm_clock_mhz: halves(1965, 1980) }, 'performance', 100, []],
    ['300 and 500 W', { power_watts: halves(300, 500) }, 'power', 100 - 100 * (0.25 * SPREAD - 0.2), []],
    ['bit 128 once', { throttle_reasons: (i) => (i === 9 ? 128 : 0) }, 'power', 85, []],
    ['bit 4 in half', { throttle_reasons: halves(4, 0) }, 'power', 100, ['thermal_issues']],
    ['bit 4 in most', { throttle_reasons: (i) => (i % 4 === 0 ? 0 : 4) }, 'power', 90, ['thermal_issues']],
  ])('%s', (_name, change, dimension, score, factors) => {
    const verdict = referenceProfile(week(change), { interval: null });
    expect(verdict.dimensions[dimension]).toBeCloseTo(score, 9);
    expect(new Set(verdict.factors)).toEqual(new Set(factors));
    for (const each of Object.keys(verdict.dimensions) as Dimension[]) {
      const lost = verdict.contributions.filter((c) => c.dimension === each).reduce((sum, c) => sum + c.points, 0);
      expect(lost, each).toBeCloseTo(100 - (verdict.dimensions[each] as number), 9);
    }
  });

  it('takes the smallest of several modes of the clock', () => {
    // Deviation 27.08 MHz lies between 5 % of 530 (26.5, costs) and 5 % of 584 (29.2, would not).
    const verdict = referenceProfile(week({ sm_clock_mhz: halves(584, 530) }), { interval: null });
    expect(verdict.dimensions.performance).toBe(90);
  });

  it('judges completeness by the usual interval, and each gap over 3 of them', () => {
    const gapped = week({}, (i) => !(i >= 50 && i < 53) && !(i >= 90 && i < 100));
    const verdict = referenceProfile(gapped, { interval: null });
    // 155 of 168 samples; silences of 4 h and 11 h.
    expect(verdict.dimensions.reliability).toBeCloseTo(100 - 100 * (0.95 - 155 / 168) - 10, 9);
    const short = referenceProfile(gapped, { interval: minutes(30) });
    expect(short.dimensions.reliability).toBeCloseTo(100 - 100 * (0.95 - 155 / 336) - 10, 9);
  });

  it('weighs the dimensions and grades what comes out', () => {
    const verdict = referenceProfile(
      week({ throttle_reasons: 64 | 128 | 4, ecc_dbe_volatile_total: 9, retired_pages_dbe_total: 9 }),
      { interval: null },
    );
    // memory 20, thermal 0, performance 100, power 75, reliability 100.
    expect(verdict.overall).toBeCloseTo(0.3 * 20 + 0.2 * 100 + 0.15 * 75 + 0.1 * 100, 9);
    expect(verdict.grade).toBe('critical');
    expect(verdict.explanation).toContain('thermal lost most, 83.3 points for throttle_reasons');
  });

  it('charges nothing for readings that are missing, and says so by its confidence', () => {
    const none = Object.fromEntries(REFERENCE_METRICS.map((metric) => [metric, Number.NaN]));
    const verdict = referenceProfile(week(none), { interval: null });
    expect(verdict.overall).toBe(100);
    expect(verdict.confidences).toEqual({ memory: 0, thermal: 0, performance: 0, power: 0, reliability: 1 });
    expect(verdict.confidence).toBeCloseTo(0.1, 9);
  });

  it('leaves missing readings out of means and shares', () => {
    const verdict = referenceProfile(
      week({ gpu_temp_celsius: halves(Number.NaN, 78), throttle_reasons: halves(Number.NaN, 4) }),
      { interval: null },
    );
    expect(verdict.dimensions.thermal).toBe(0);
    expect(verdict.contributions.find((c) => c.metric === 'gpu_temp_celsius')?.value).toBe(78);
    expect(verdict.dimensions.power).toBe(90);
  });

  it('knows nothing without samples, and no gap with one', () => {
    const nothing = referenceProfile(
      week({}, () => false),
      { interval: null },
    );
    expect(nothing).toMatchObject({ overall: null, grade: 'unknown', confidence: 0, contributions: [] });
    const one = referenceProfile(
      week({}, (i) => i === 3),
      { interval: null },
    );
    expect(one).toMatchObject({ overall: 100, grade: 'excellent' });
    expect(one.confidence).toBeLessThan(0.01);
  });
});

it('grades the score as it is reported: 89.96 reads 90.0 and excellent', () => {
  const verdict = referenceProfile(week({ ecc_dbe_volatile_total: 3, gpu_temp_celsius: 87.08 }), { interval: null });
  expect(verdict.overall).toBeCloseTo(89.96, 9);
  expect(verdict.grade).toBe('excellent');
  expect(verdict.explanation).toMatch(/^excellent: 90\.0 of 100/);
});
