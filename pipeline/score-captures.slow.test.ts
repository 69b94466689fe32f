import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { random, START_MS } from '../operators/core/laws.fixture.ts';
import { systemClock } from './clock.ts';
import type { HealthScore } from './contract/events.ts';
import { minutes, seconds } from './contract/time.ts';
import { type SamplesToScore, scoreSamples as scoreRows } from './score-samples.ts';

const DATA = join(import.meta.dirname, '../../shared/data');
const asset = { model: 'NVIDIA H100 80GB HBM3' };

interface HealthSample {
  readonly ts: number;
  readonly values: Readonly<Record<string, number | null>>;
  readonly xids?: readonly number[];
}
async function scoreSamples(
  input: Omit<SamplesToScore, 'samples' | 'clock'> & { readonly samples: readonly HealthSample[] },
): Promise<HealthScore> {
  const samples = input.samples.map(({ ts, values, xids = [] }) => ({ ts, ...values, xids }));
  const { score } = await scoreRows({ ...input, samples, clock: systemClock });
  if (score === null) throw new Error('no score');
  return score;
}

type Values = Readonly<Record<string, number | null>>;
const samplesOf = (count: number, interval_ms: number, values: (i: number) => Values): HealthSample[] =>
  Array.from({ length: count }, (_, i) => ({ ts: START_MS + i * interval_ms, values: values(i) }));

/** What 8xH100 captures at 10 Hz show, in small: a GPU that waits, and one that trains against its power limit. */
const noise = random(3);
const idle = (): Values => ({
  power_watts: 71 + noise(),
  gpu_temp_celsius: 33,
  gpu_util_ratio: 0,
  sm_active_ratio: 0,
  dram_active_ratio: 0.000005,
  throttle_reasons: noise() < 0.5 ? 1 : 0,
});
const capped = (i: number): Values => ({
  power_watts: i % 50 < 45 ? 695 + 10 * noise() : 150 + 100 * noise(),
  gpu_temp_celsius: 55 + Math.min(15, i / 100),
  gpu_util_ratio: i % 50 < 45 ? 1 : 0,
  sm_active_ratio: i % 50 < 45 ? 0.88 : 0,
  dram_active_ratio: i % 50 < 45 ? 0.4 : 0,
  throttle_reasons: i % 50 < 45 ? 4 : 0,
});

function expectHealthy(score: HealthScore): void {
  expect(score).toMatchObject({ overall_score: 100, health_grade: 'excellent', contributions: [] });
}

describe('captures of 8 H100, in small', () => {
  it('an idle GPU is as healthy as a busy one, and as sure', async () => {
    const busy = await scoreSamples({ samples: samplesOf(3_000, 100, capped), asset, profile: 'default' });
    const waiting = await scoreSamples({ samples: samplesOf(3_000, 100, idle), asset, profile: 'default' });
    expectHealthy(busy);
    expectHealthy(waiting);
    expect(busy.confidence).toBe(waiting.confidence);
    expect(busy.explanation).toContain('power capped as configured in 90 % of its samples');
    expect(waiting.explanation).not.toContain('capped');
  });

  it('the reference profile is fooled by both', async () => {
    for (const [values, thermal] of [
      [idle, 60],
      [capped, 11],
    ] as const) {
      const score = await scoreSamples({ samples: samplesOf(10_080, minutes(1), values), asset, profile: 'reference' });
      expect(score.thermal_health).toBeLessThan(thermal);
    }
  });
});

describe('scores from samples', () => {
  const storm = (i: number): Values => ({
    ...capped(i),
    ecc_sbe_volatile_total: 177_000 * i,
    ecc_dbe_volatile_total: 0,
  });

  it('a GPU with 17,700 corrected errors a second is dying within two minutes', async () => {
    const score = await scoreSamples({ samples: samplesOf(13, 10_000, storm), asset, profile: 'default' });
    expect(score.memory_health).toBeLessThan(15);
    expect(score.degradation_factors).toContain('ecc_sbe_rate');
    const after = await scoreSamples({ samples: samplesOf(720, 10_000, storm), asset, profile: 'default' });
    expect(after.memory_health).toBe(0);
  });

  it('XIDs count by the catalogue, followers do not', async () => {
    const samples = samplesOf(30, 10_000, capped).map((sample, i) => ({ ...sample, xids: i === 25 ? [79, 154] : [] }));
    const score = await scoreSamples({ samples, asset, profile: 'default' });
    expect(score.contributions.map(({ metric, value }) => [metric, value])).toContainEqual(['xid', 79]);
    expect(score).toMatchObject({ performance_health: 0, reliability_health: 0 });
    expect(score.action).not.toBe('none');
    const application = samplesOf(30, 10_000, capped).map((sample) => ({ ...sample, xids: [31] }));
    expectHealthy(await scoreSamples({ samples: application, asset, profile: 'default' }));
  });

  it.each(['default', 'reference'] as const)('in any order, each instant once (%s)', async (profile) => {
    const samples = samplesOf(50, 10_000, storm);
    const mixed = [...samples.slice(25), ...samples.slice(0, 25), ...samples.slice(10, 20)];
    expect(await scoreSamples({ samples: mixed, asset, profile })).toEqual(
      await scoreSamples({ samples, asset, profile }),
    );
  });

  it('the given interval is what completeness is judged by', async () => {
    const samples = samplesOf(10_080, minutes(1), () => ({ power_watts: 400 }));
    const of = async (interval: number) =>
      (await scoreSamples({ samples, profile: 'reference', interval: seconds(interval) })).reliability_health;
    expect([await of(60), await of(30)]).toEqual([100, 55]);
  });
});

const present = existsSync(join(DATA, 'telemetry/h100x8_t3.csv.gz'));
function capture(name: string): Map<string, HealthSample[]> {
  const text = gunzipSync(readFileSync(join(DATA, `telemetry/h100x8_${name}.csv.gz`))).toString();
  const [head = '', ...lines] = text.trim().split(/\r?\n/);
  const names = head.split(',');
  const gpus = new Map<string, HealthSample[]>();
  for (const line of lines) {
    const cells = line.split(',');
    const read = (column: string): number | null => {
      const cell = cells[names.indexOf(column)] ?? '';
      return cell === '' ? null : Number(cell);
    };
    const util = read('gpu_util_pct');
    const sample = {
      ts: Math.round((read('timestamp') ?? 0) * 1_000),
      values: {
        power_watts: read('power_w'),
        gpu_temp_celsius: read('temp_c'),
        gpu_util_ratio: util === null ? null : util / 100,
        sm_active_ratio: read('sm_active'),
        tensor_active_ratio: read('tensor_active'),
        dram_active_ratio: read('dram_active'),
        throttle_reasons: read('throttle_reasons'),
      },
    };
    const gpu = cells[names.indexOf('gpu')] as string;
    const samples = gpus.get(gpu) ?? [];
    samples.push(sample);
    gpus.set(gpu, samples);
  }
  return gpus;
}

describe.skipIf(!present)('captures of 8 H100 (skipped where ../shared/data is absent)', () => {
  it.each(['b1', 'e2', 't3'])('%s: all eight are healthy and equally so', async (name) => {
    const scores = await Promise.all(
      [...capture(name).values()].map((samples) => scoreSamples({ samples, asset, profile: 'default' })),
    );
    expect(scores).toHaveLength(8);
    for (const score of scores) {
      expectHealthy(score);
      expect(score.memory_health).toBeNull();
      expect(score.confidence).toBe(scores[0]?.confidence);
    }
    const said = scores.map(({ explanation }) => explanation.includes('power capped as configured'));
    const expected = { b1: [], e2: [4, 5, 6, 7], t3: [0, 1, 2, 3, 4, 5, 6, 7] }[name];
    expect(said.flatMap((capped, gpu) => (capped ? [gpu] : []))).toEqual(expected);
  });
});
