import { describe, expect, it } from 'vitest';
import { DIMENSIONS, type Dimension } from '../../pipeline/contract/events.ts';
import { random } from '../core/laws.fixture.ts';
import { dimensionOf } from './anomaly-costs.ts';
import { boardOf, limitsOf } from './board-limits.ts';
import { defaultProfile, type HealthInput } from './default-profile.ts';
import type { OpenAnomaly, RecentEpisode } from './faults.ts';
import { observationsOf, WELL } from './observations.fixture.ts';
import { DIMENSION_WEIGHTS, gradeOf, type HealthVerdict } from './verdict.ts';

const T = Date.UTC(2026, 0, 8);
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const NAN = Number.NaN;

interface Told extends Partial<Pick<HealthInput, 'anomalies' | 'episodes' | 'latest_ts'>> {
  readonly model?: string;
}
const judge = (change: Readonly<Record<string, number>>, told: Told = {}): HealthVerdict =>
  defaultProfile({
    t: T,
    latest_ts: told.latest_ts ?? T,
    seen: observationsOf({ ...WELL, ...change }),
    board: boardOf(told.model ?? 'NVIDIA H100 80GB HBM3'),
    anomalies: told.anomalies ?? [],
    episodes: told.episodes ?? [],
  });

const anomaly = (type: string, severity: OpenAnomaly['severity'], metric = ''): OpenAnomaly => ({
  id: `${type}-${metric}`,
  type,
  metric,
  severity,
  opened_at: T - 120_000,
  observed: 17_700,
  expected: 0,
});
const episode = (change: Partial<RecentEpisode>): RecentEpisode => ({
  id: 'e1',
  primary_xid: 62,
  anomalies: [],
  severity: 'critical',
  category: 'memory',
  action: 'reset_gpu',
  started_at: T - DAY_MS,
  ended_at: null,
  cured: null,
  ...change,
});

/** What must hold of every verdict. */
function expectSound(verdict: HealthVerdict): void {
  let weight = 0;
  let sum = 0;
  for (const dimension of DIMENSIONS) {
    const score = verdict.dimensions[dimension];
    const points = verdict.contributions.filter((c) => c.dimension === dimension).map((c) => c.points);
    const lost = points.reduce((a, b) => a + b, 0);
    expect(verdict.confidences[dimension]).toBeGreaterThanOrEqual(0);
    expect(verdict.confidences[dimension]).toBeLessThanOrEqual(1);
    if (score === null) {
      expect(points).toEqual([]);
      continue;
    }
    expect(score).toBeGreaterThanOrEqual(0);
    expect(lost, dimension).toBeCloseTo(100 - score, 9);
    weight += DIMENSION_WEIGHTS[dimension];
    sum += DIMENSION_WEIGHTS[dimension] * score;
  }
  if (verdict.overall === null) {
    expect(verdict.grade).toBe('unknown');
    return;
  }
  expect(Math.abs(verdict.overall - sum / weight)).toBeLessThanOrEqual(0.05 + 1e-9);
  expect(verdict.grade).toBe(gradeOf(verdict.overall));
}

describe('what costs nothing', () => {
  const idle = { gpu_util_ratio: 0, gr_engine_active_ratio: 0, sm_active_ratio: 0, power_watts: 71, sm_clock_mhz: 345 };
  it.each<[string, Readonly<Record<string, number>>]>([
    ['a GPU at work', {}],
    [
      'an idle GPU, throttled for being idle, its link slowed to save power',
      { ...idle, throttle_reasons: 1, pcie_link_gen: 1 },
    ],
    ['a cold one', { gpu_temp_celsius: 12, gpu_temp_celsius_mean_1h: 12, gpu_temp_celsius_max_24h: 15 }],
    ['an hour that was hot and is over', { gpu_temp_celsius_mean_1h: 84 }],
    [
      'a margin that is for once to the threshold of the memory',
      { gpu_temp_celsius: 55, temp_margin_celsius: 9, gpu_temp_celsius_max_24h: 78 },
    ],
    ['application clocks', { throttle_reasons: 2 }],
    ['a display', { throttle_reasons: 256 }],
    ['all benign bits and the power cap', { throttle_reasons: 1 | 2 | 4 | 256 }],
    [
      'always power capped',
      { throttle_reasons: 4, sw_power_cap_count: 60_480, power_watts: 700, power_watts_mean_1h: 700 },
    ],
    ['a draw that briefly passes the limit', { power_watts: 759, power_watts_mean_1h: 690 }],
    ['20 corrected errors a day', { ecc_sbe_volatile_per_day_24h: 20, ecc_sbe_volatile_total: 90 }],
    ['a replay now and then', { pcie_replay_per_day_24h: 1_440 }],
    ['retired pages told beside a clean remap state', { retired_pages_dbe_total: 0 }],
  ])('%s', (_name, change) => {
    const verdict = judge(change);
    expectSound(verdict);
    expect(verdict).toMatchObject({ overall: 100, grade: 'excellent', contributions: [], factors: [], action: 'none' });
  });

  it('says what was looked at, with numbers', () => {
    expect(judge({}).explanation).toBe(
      'healthy (100.0 of 100): 64 C of 87 C, 450 W of 700 W, no uncorrectable memory error since driver load, confidence 1.00.',
    );
    expect(judge({ throttle_reasons: 4, sw_power_cap_count: 30_240, power_watts: 699 }).explanation).toContain(
      '699 W of 700 W, power capped at 700 W as configured in 50 % of its samples',
    );
  });

  it.each(['held_idle', 'power_violation'])('an open %s', (type) => {
    expect(judge({}, { anomalies: [anomaly(type, 'critical')] }).overall).toBe(100);
  });

  it('an anomaly that is only worth knowing', () => {
    expect(judge({}, { anomalies: [anomaly('zscore', 'info', 'gpu_temp_celsius')] }).overall).toBe(100);
  });

  it("an application's own faults", () => {
    expect(judge({}, { episodes: [episode({ category: 'application' })] }).overall).toBe(100);
  });
});

describe('what numbers cost, worked by hand', () => {
  it.each<[string, Readonly<Record<string, number>>, Dimension, number, string]>([
    // 5 x (7 - 3)
    [
      '84 C, 3 C before slowdown',
      { gpu_temp_celsius: 84, temp_margin_celsius: 3, gpu_temp_celsius_mean_1h: 84 },
      'thermal',
      80,
      'elevated_temperature',
    ],
    ['a peak of 92 C', { gpu_temp_celsius_max_24h: 92 }, 'thermal', 85, 'elevated_temperature'],
    // The better of 4 C now and 2 C over the hour is left: 5 x (7 - 4).
    [
      '72 C over the hour where slowdown begins at 74 C',
      { gpu_temp_celsius: 70, temp_margin_celsius: 4, gpu_temp_celsius_mean_1h: 72 },
      'thermal',
      85,
      'elevated_temperature',
    ],
    ['memory at 92 C', { memory_temp_celsius_mean_1h: 92 }, 'thermal', 92, 'elevated_memory_temperature'],
    ['bit 64 in a tenth of the samples', { thermal_throttle_count: 6_048 }, 'thermal', 65, 'thermal_throttling'],
    // 15 + 300 x 2 % of the day
    [
      'half an hour of thermal violation',
      { thermal_violation_seconds_per_day_24h: 1_728 },
      'thermal',
      79,
      'thermal_throttling',
    ],
    ['bit 32 now', { throttle_reasons: 32 }, 'thermal', 85, 'thermal_throttling'],
    // 20 points a decade above 100 a day.
    [
      '1,000 corrected errors a day',
      { ecc_sbe_volatile_per_day_24h: 1_000 },
      'memory',
      80,
      'high_correctable_ecc_errors',
    ],
    [
      '17,700 corrected errors a second',
      { ecc_sbe_volatile_per_day_24h: 17_700 * 86_400 },
      'memory',
      0,
      'memory_degradation',
    ],
    // 17,700 x 120 s in a day: 20 x log10(21,240) = 86.5
    ['two minutes of that', { ecc_sbe_volatile_per_day_24h: 17_700 * 120 }, 'memory', 13.5, 'memory_degradation'],
    [
      'a storm that only life-time counters tell',
      { ecc_sbe_volatile_per_day_24h: NAN, ecc_sbe_aggregate_per_day_24h: 1e9 },
      'memory',
      0,
      'high_correctable_ecc_errors',
    ],
    [
      '1,000 corrected errors long ago',
      { ecc_sbe_volatile_total: 1_000 },
      'memory',
      97.5,
      'high_correctable_ecc_errors',
    ],
    [
      '2 uncorrectable errors this week',
      { ecc_dbe_volatile_per_day_7d: 2 / 7, ecc_dbe_volatile_total: 2 },
      'memory',
      60,
      'uncorrectable_ecc_errors',
    ],
    ['2 uncorrectable errors before', { ecc_dbe_volatile_total: 2 }, 'memory', 80, 'uncorrectable_ecc_errors'],
    ['3 uncorrectable errors in its life', { ecc_dbe_aggregate_total: 3 }, 'memory', 94, 'uncorrectable_ecc_errors'],
    ['a failed remap', { row_remap_failed: 1 }, 'memory', 10, 'row_remap_failed'],
    ['a pending remap', { row_remap_pending: 1 }, 'memory', 85, 'row_remap_pending'],
    [
      'a quarter of the spare rows',
      { remapped_rows_uncorrectable_total: 100, remapped_rows_correctable_total: 28 },
      'memory',
      80,
      'remapped_rows',
    ],
    ['half the PCIe lanes', { pcie_link_width: 8 }, 'performance', 75, 'pcie_link_degraded'],
    ['a busy link two generations down', { pcie_link_gen: 3 }, 'performance', 70, 'pcie_link_degraded'],
    // Gen4 x16 allows 16 a minute; ten times that.
    [
      '160 replays a minute',
      { pcie_replay_per_day_24h: 160 * 1_440, pcie_link_gen: 4, pcie_max_link_gen: 4 },
      'performance',
      70,
      'pcie_replays',
    ],
    [
      '100 NVLink CRC errors a second',
      { nvlink_crc_flit_errors_per_day_24h: 90 * 86_400, nvlink_crc_data_errors_per_day_24h: 10 * 86_400 },
      'performance',
      50,
      'nvlink_errors',
    ],
    ['100 NVLink recoveries a day', { nvlink_recovery_errors_per_day_24h: 100 }, 'performance', 75, 'nvlink_errors'],
    ['hardware slowdown now', { throttle_reasons: 8 }, 'performance', 85, 'hardware_slowdown'],
    [
      'held back by the board for a tenth of the day',
      { board_limit_violation_seconds_per_day_24h: 8_640 },
      'performance',
      85,
      'clocks_held_back',
    ],
    ['power brake in a tenth of the samples', { power_brake_count: 6_048 }, 'power', 65, 'power_brake'],
    ['10 % over the power limit', { power_watts: 770, power_watts_mean_1h: 770 }, 'power', 80, 'power_over_limit'],
    ['4 gaps', { gap_count_7d: 4 }, 'reliability', 92, 'missing_samples'],
    ['a quarter of the week missing', { coverage_ratio_7d: 0.75 }, 'reliability', 90, 'missing_samples'],
  ])('%s', (_name, change, dimension, score, factor) => {
    const verdict = judge(change);
    expectSound(verdict);
    expect(verdict.dimensions[dimension]).toBeCloseTo(score, 6);
    expect(verdict.factors).toContain(factor);
    for (const other of DIMENSIONS) if (other !== dimension) expect(verdict.dimensions[other], other).toBe(100);
  });

  it.each([
    [15, 70],
    [39, 45],
    [63, 20],
    [200, 20],
  ])('%d retired pages of a board without remapping leave %d', (pages, score) => {
    const volta = {
      remapped_rows_uncorrectable_total: NAN,
      remapped_rows_correctable_total: NAN,
      row_remap_failed: NAN,
      row_remap_pending: NAN,
    };
    const verdict = judge({ ...volta, retired_pages_sbe_total: 0, retired_pages_dbe_total: pages });
    expect(verdict.dimensions.memory).toBe(score);
  });

  it("goes by the model's limits where there is no believable margin", () => {
    const hot = { gpu_temp_celsius_mean_1h: 84, gpu_temp_celsius: 84 };
    expect(judge({ ...hot, temp_margin_celsius: NAN }, { model: 'NVIDIA A100-SXM4-80GB' }).dimensions.thermal).toBe(90);
    expect(judge({ ...hot, temp_margin_celsius: NAN }, { model: 'Tesla T4' }).dimensions.thermal).toBe(100);
    expect(judge({ temp_margin_celsius: 0 }).dimensions.thermal).toBe(100);
    expect(limitsOf(boardOf('NVIDIA L40S'))).not.toEqual(limitsOf(boardOf('NVIDIA L4')));
    expect(limitsOf(boardOf('somebody else'))).toEqual({ gpu_celsius: 87, memory_celsius: 95 });
  });

  it('counts one cause once', () => {
    const storm = { ecc_sbe_volatile_per_day_24h: 1_000, ecc_sbe_volatile_total: 1_000 };
    const verdict = judge(storm, { anomalies: [anomaly('ecc_sbe_rate', 'warning', 'ecc_sbe_volatile_total')] });
    expect(verdict.dimensions.memory).toBe(75);
    expect(verdict.contributions).toHaveLength(1);
  });
});

describe('anomalies, episodes and what the driver asks for', () => {
  it('the slow burn is critical, says why and what to do', () => {
    const verdict = judge(
      { ecc_sbe_volatile_per_day_24h: 17_700 * 120, ecc_sbe_volatile_total: 54.7e9 },
      { anomalies: [anomaly('ecc_sbe_rate', 'critical', 'ecc_sbe_volatile_total')] },
    );
    expectSound(verdict);
    expect(verdict).toMatchObject({ grade: 'critical', overall: 40 });
    expect(verdict.dimensions).toMatchObject({ memory: 0, thermal: 100, power: 100 });
    expect(verdict.explanation).toContain('critical (40.0 of 100): memory lost 100 points to ecc_sbe_rate at 17,700');
    expect(verdict.explanation).toContain('next: drain the GPU, reset it and test its memory');
  });

  it.each<[string, OpenAnomaly, Dimension, number]>([
    ['by its own type', anomaly('nvlink_errors', 'warning', 'nvlink_crc_flit_errors_total'), 'performance', 80],
    ['by its metric', anomaly('zscore', 'warning', 'memory_temp_celsius'), 'thermal', 95],
    ['of a type nobody has heard of', anomaly('lunar', 'critical', 'power_watts'), 'power', 75],
    ['without type or metric to go by', anomaly('lunar', 'warning'), 'reliability', 92],
  ])('an anomaly costs its dimension %s', (_name, open, dimension, score) => {
    const verdict = judge({}, { anomalies: [open] });
    expectSound(verdict);
    expect(verdict.dimensions[dimension]).toBe(score);
  });

  it.each([
    ['dram_active_ratio', 'memory'],
    ['temp_margin_celsius', 'thermal'],
    ['energy_joules_total', 'power'],
    ['nvlink_tx_bytes_per_second', 'performance'],
    ['sm_clock_mhz', 'performance'],
    ['gpu_temp_mean', 'thermal'],
    ['xid_last', 'reliability'],
  ])('%s belongs to %s', (metric, dimension) => expect(dimensionOf(metric)).toBe(dimension));

  it.each<[string, Partial<RecentEpisode>, number, number]>([
    ['goes on', {}, 40, 0],
    ['ended just now', { ended_at: T }, 40, 40],
    ['ended 2 days ago', { ended_at: T - 2 * DAY_MS }, 70, 70],
    ['ended 4 days ago', { ended_at: T - 4 * DAY_MS }, 85, 85],
    ['was cured just now', { ended_at: T, cured: true }, 76, 76],
    ['was cured a day ago', { ended_at: T - DAY_MS, cured: true }, 88, 88],
    ['was milder', { severity: 'warning', ended_at: T }, 85, 100],
  ])('a critical XID story that %s', (_name, change, memory, reliability) => {
    const verdict = judge({}, { episodes: [episode(change)] });
    expectSound(verdict);
    expect(verdict.dimensions).toMatchObject({ memory, reliability });
    expect(verdict.contributions.find((c) => c.dimension === 'memory')).toMatchObject({ metric: 'xid', value: 62 });
    expect(verdict.action).toBe(change.ended_at === undefined ? 'reset_gpu' : 'none');
  });

  it('a story of anomalies alone is told by these while it goes on', () => {
    const story = episode({ primary_xid: null, anomalies: ['nvlink_errors'], category: 'fabric', severity: 'warning' });
    const open = [anomaly('nvlink_errors', 'warning', 'nvlink_crc_flit_errors_total')];
    expect(judge({}, { anomalies: open, episodes: [story] }).dimensions.performance).toBe(80);
    expect(judge({}, { episodes: [{ ...story, ended_at: T }] }).dimensions.performance).toBe(85);
  });

  it.each([
    [1, 'reset_gpu'],
    [2, 'reboot_node'],
    [3, 'drain_and_reset'],
    [4, 'drain_and_reset'],
  ])('recovery action %d asks for %s, and is no health', (recovery_action, action) => {
    const verdict = judge({ recovery_action });
    expectSound(verdict);
    expect(verdict.action).toBe(action);
    expect(verdict.overall).toBeLessThanOrEqual(50);
    expect(verdict.dimensions).toMatchObject({ performance: 0, reliability: 0, thermal: null, power: null });
  });

  it('takes the worst action of what is open', () => {
    const episodes = [
      episode({ id: 'a', action: 'restart_application' }),
      episode({ id: 'b', action: 'replace_gpu', severity: 'warning' }),
      episode({ id: 'c', action: 'reboot_node' }),
    ];
    expect(judge({}, { episodes }).action).toBe('replace_gpu');
  });
});

describe('what is not known', () => {
  const only = (...names: string[]): Readonly<Record<string, number>> =>
    Object.fromEntries(Object.entries(WELL).map(([name, value]) => [name, names.includes(name) ? value : NAN]));
  const TIME = ['samples_7d', 'cadence_seconds', 'coverage_ratio_7d', 'gap_count_7d'];

  it('nothing is unknown, with confidence 0', () => {
    const verdict = judge(only());
    expectSound(verdict);
    expect(verdict).toMatchObject({ overall: null, grade: 'unknown', confidence: 0 });
    expect(Object.values(verdict.dimensions)).toEqual([null, null, null, null, null]);
    expect(verdict.explanation).toBe(
      'unknown: memory, thermal, performance, power, reliability unknown, confidence 0.00.',
    );
  });

  it('a dimension without readings is unknown, the others weigh more', () => {
    const verdict = judge({
      ...only(...TIME, 'gpu_temp_celsius', 'gpu_temp_celsius_mean_1h', 'power_watts', 'gpu_util_ratio'),
      gpu_temp_celsius_mean_1h: 84,
    });
    expectSound(verdict);
    expect(verdict.dimensions).toMatchObject({ memory: null, thermal: 80 });
    expect(verdict.overall).toBe(92.9);
    expect(verdict.explanation).toContain('memory unknown');
  });

  it('less than half of the weight is no verdict', () => {
    expect(judge(only(...TIME, 'power_watts', 'gpu_util_ratio'))).toMatchObject({ overall: null, grade: 'unknown' });
    expect(judge(only(...TIME, 'power_watts', 'gpu_temp_celsius'))).toMatchObject({ overall: 100 });
  });

  it('confidence rises with evidence and with the time watched, and falls with the age of the readings', () => {
    const whole = judge({}).confidence;
    const hour = judge({ samples_7d: 360 }).confidence;
    const first = judge({ samples_7d: 1, cadence_seconds: NAN, coverage_ratio_7d: NAN }).confidence;
    expect(whole).toBeGreaterThan(0.95);
    expect(hour).toBeLessThan(whole);
    expect(first).toBeLessThan(hour);
    expect(first).toBeGreaterThan(0.3);
    expect(judge({ xid_last: 0 }).confidences.reliability).toBe(1);
    const stale = judge({}, { latest_ts: T - HOUR_MS });
    expect(stale).toMatchObject({ overall: null, grade: 'unknown' });
    expect(stale.confidence).toBeLessThan(0.1);
  });

  it('a young GPU is judged on what it has: a few errors are no pace, a storm is', () => {
    const young = { samples_7d: 30, ecc_sbe_volatile_total: 3, coverage_ratio_7d: 0.8 };
    expect(judge({ ...young, ecc_sbe_volatile_per_day_24h: 3 * 288 }).dimensions.memory).toBe(100);
    expect(judge({ ...young, ecc_sbe_volatile_per_day_24h: 17_700 * 86_400 }).dimensions.memory).toBeLessThan(7);
    expect(judge(young).dimensions.reliability).toBeGreaterThan(99.9);
  });

  it.each(['node_silent', 'exporter_frozen'])('%s never reads as health', (type) => {
    const verdict = judge({}, { anomalies: [anomaly(type, 'warning')] });
    expectSound(verdict);
    expect(verdict).toMatchObject({ overall: null, grade: 'unknown', contributions: [] });
    expect(verdict.explanation).toContain(type);
  });

  it('a lost GPU is critical although nothing of it is seen', () => {
    for (const change of [{}, only()]) {
      const verdict = judge(change, { anomalies: [anomaly('gpu_lost', 'critical')] });
      expectSound(verdict);
      expect(verdict).toMatchObject({ overall: 0, grade: 'critical' });
      expect(verdict.dimensions).toMatchObject({ memory: null, thermal: null, performance: 0, reliability: 0 });
      expect(verdict.confidence).toBeLessThan(0.1);
    }
  });

  it('a lying sensor halves the trust in its dimension', () => {
    const verdict = judge({}, { anomalies: [anomaly('sensor_lying', 'warning', 'sm_active_ratio')] });
    expect(verdict.confidences.performance).toBeCloseTo(judge({}).confidences.performance / 2, 9);
    expect(verdict.dimensions.reliability).toBe(95);
  });
});

it('every verdict is sound, whatever is known', () => {
  const next = random(7);
  const types = ['ecc_sbe_rate', 'gpu_lost', 'zscore', 'thermal_margin', 'sensor_lying', 'node_silent', 'lunar'];
  const severities = ['info', 'warning', 'critical'] as const;
  const pick = <V>(list: readonly V[]): V => list[Math.floor(next() * list.length)] as V;
  for (let i = 0; i < 2_000; i++) {
    const change = Object.fromEntries(
      Object.entries(WELL).flatMap(([name, value]) =>
        next() < 0.2 ? [[name, NAN]] : next() < 0.3 ? [[name, (value + 1) * 10 ** (next() * 9)]] : [],
      ),
    );
    const anomalies = next() < 0.3 ? [anomaly(pick(types), pick(severities), pick(Object.keys(WELL)))] : [];
    const category = pick(['memory', 'bus', 'application', 'fabric', 'unknown']);
    const ended_at = next() < 0.5 ? null : T - next() * 7 * DAY_MS;
    const episodes = next() < 0.3 ? [episode({ severity: pick(severities), category, ended_at })] : [];
    expectSound(judge(change, { anomalies, episodes, latest_ts: T - next() * HOUR_MS }));
  }
});
