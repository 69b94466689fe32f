import type { FeatureVector } from '../../pipeline/contract/events.ts';
import { FEATURE_COUNT, findFeature } from '../../pipeline/contract/features.ts';
import { METRIC_COUNT, type MetricName, metricIndex } from '../../pipeline/contract/metrics.ts';
import { random, START_MS } from '../core/laws.fixture.ts';

const MINUTES_5 = 300_000;
const PER_HOUR = 12;
const PER_DAY = 288;

export interface GpuStory {
  readonly days: number;
  readonly seed: number;
  /** Degrees that come on top, by day of the story. */
  readonly creep?: (day: number) => number;
  /** Power by day of the story; without it, jobs that come and go. */
  readonly power?: (day: number) => number;
  /** Degrees between the coldest and the hottest hour of the hall. */
  readonly rhythm?: number;
  readonly inlet?: number;
  readonly latest?: (day: number) => Partial<Record<MetricName, number>>;
  readonly instance?: string;
  readonly features?: boolean;
}

/** Vectors of one GPU whose heat follows its power with a lag, in a hall with its own rhythm and weather. */
export function* gpuVectors(story: GpuStory): Generator<FeatureVector> {
  const next = random(story.seed);
  const noise = (): number => next() + next() + next() - 1.5;
  const temperatures: number[] = [];
  const powers: number[] = [];
  let job = 400;
  let job_until = 0;
  let weather = 0;
  let heat = 0;
  let [sum, squares, max] = [0, 0, 0];
  for (let i = 0; i < story.days * PER_DAY; i++) {
    const day = i / PER_DAY;
    if (day >= job_until) {
      job = next() < 0.25 ? 90 : 250 + next() * 440;
      job_until = day + 0.05 + next() * 0.6;
    }
    const watts = story.power?.(day) ?? job + 12 * noise();
    weather = 0.995 * weather + 0.04 * noise();
    heat += 0.7 * (0.058 * watts - 1e-5 * watts * watts - heat);
    const hall = (story.inlet ?? 28) + ((story.rhythm ?? 3) / 2) * Math.sin(2 * Math.PI * day) + weather;
    temperatures.push(Math.round(hall + heat + (story.creep?.(day) ?? 0) + 0.5 * noise()));
    powers.push(watts);
    sum += watts;
    squares += watts * watts;
    max = Math.max(max, watts);
    const values = new Float64Array(FEATURE_COUNT).fill(Number.NaN);
    if (story.features !== false) {
      values[findFeature('gpu_temp_celsius_mean_1h')] = mean(temperatures.slice(-PER_HOUR));
      values[findFeature('power_watts_mean_1h')] = mean(powers.slice(-PER_HOUR));
      values[findFeature('power_usage_mean')] = sum / (i + 1);
      values[findFeature('power_usage_std')] = Math.sqrt(Math.max(0, squares / (i + 1) - (sum / (i + 1)) ** 2));
      values[findFeature('power_watts_max_7d')] = max;
    }
    const latest = new Float64Array(METRIC_COUNT).fill(Number.NaN);
    for (const [name, value] of Object.entries(story.latest?.(day) ?? {})) {
      latest[metricIndex(name as MetricName)] = value;
    }
    yield {
      ts: START_MS + i * MINUTES_5 + 37_000,
      gpu_uuid: 'GPU-a',
      node: 'n',
      instance: story.instance ?? '',
      model: 'NVIDIA H100 80GB HBM3',
      job: '',
      values,
      latest,
      latest_ts: START_MS + i * MINUTES_5,
      arrived_at: START_MS + i * MINUTES_5 + 37_000,
      final: false,
    };
  }
}

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
