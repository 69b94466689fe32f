import { describe, expect, it } from 'vitest';
import { DIMENSIONS, type Dimension } from '../../pipeline/contract/events.ts';
import { boardOf, limitsOf } from './board-limits.ts';
import { anomaly, DAY_MS, episode, expectSound, judge, NAN, T } from './judge.fixture.ts';

describe('what costs nothing', () => {
  const idle = { gpu_util_ratio: 0, gr_engine_active_ratio: 0, sm_active_ratio: 0, power_watts: 71, sm_clock_mhz: 345 };
  it.each<[string, Readonly<Record<string, number>>]>([
    ['a GPU at work', {}],
    [
      'an idle GPU, throttled for being idle, its link slowed to save power',
      { ...idle, throttle_reasons: 1, pcie_link_gen: 1 },
    ],
    [
      'a GPU that has just ended its work, of which its averages still tell, and its link sleeps',
      { gpu_util_ratio: 0, power_watts: 80, sm_clock_mhz: 345, throttle_reasons: 1, pcie_link_gen: 1 },
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
    ['replays of a link that sleeps', { pcie_replay_per_day_24h: 17_280, pcie_link_gen: 1, gpu_util_ratio: 0 }],
    ['retired pages told beside a clean remap state', { retired_pages_dbe_total: 0 }],
    ['a link that is not read', { pcie_link_width: NAN, pcie_link_gen: NAN }],
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

  it('calls no GPU healthy that needs somebody now, whatever its score', () => {
    const braked = [anomaly('power_brake', 'critical', 'throttle_reasons')];
    const verdict = judge({}, { anomalies: braked });
    expect(verdict).toMatchObject({ grade: 'poor', overall: 50 });
    expect(verdict.explanation).toMatch(
      /^poor \(50\.0 of 100\): power lost 60 points to power_brake .*, overall held at 50 while power_brake stands,/,
    );
    expect(verdict.contributions.at(-1)).toMatchObject({ dimension: 'overall', points: 41, metric: 'power_brake' });
    expectSound(verdict);
    const warned = judge({}, { anomalies: [anomaly('power_brake', 'warning', 'throttle_reasons')] });
    expect(warned.explanation).toMatch(/^healthy \(9/);
    const application = judge({}, { episodes: [episode({ category: 'application' })] });
    expect(application.explanation).toMatch(/^healthy \(100/);
  });

  it.each(['thermal_margin', 'ecc_dbe', 'pcie_downtrained', 'nvlink_errors', 'hw_slowdown', 'board_limit_violation'])(
    'grades no board better than poor while %s is critical, and says what that took',
    (type) => {
      const critical = judge({}, { anomalies: [anomaly(type, 'critical')] });
      expectSound(critical);
      expect(critical).toMatchObject({ grade: 'poor', overall: 50 });
      expect(critical.contributions.at(-1)).toMatchObject({ dimension: 'overall', metric: type });
      const warning = judge({}, { anomalies: [anomaly(type, 'warning')] });
      expectSound(warning);
      expect(warning.overall).toBeGreaterThan(90);
      expect(warning.contributions.map(({ dimension }) => dimension)).not.toContain('overall');
    },
  );

  it('grades no board better than poor while a critical story stands, also through silence', () => {
    for (const ended_at of [null, T - DAY_MS]) {
      const verdict = judge({}, { episodes: [episode({ category: 'driver', ended_at })] });
      expectSound(verdict);
      expect(verdict.overall).toBeLessThanOrEqual(50);
      expect(verdict.action).toBe('reset_gpu');
    }
    const over = judge({}, { episodes: [episode({ category: 'driver', ended_at: T - DAY_MS, reset_at: T - DAY_MS })] });
    expect(over).toMatchObject({ grade: 'excellent', action: 'none' });
  });

  it('is not excellent while something is to be done', () => {
    const verdict = judge({}, { episodes: [episode({ severity: 'warning', action: 'restart_application' })] });
    expectSound(verdict);
    expect(verdict).toMatchObject({ overall: 89.9, grade: 'good', action: 'restart_application' });
    expect(verdict.contributions.at(-1)).toMatchObject({ dimension: 'overall', metric: 'xid', value: 62, points: 5.6 });
  });

  it.each([
    ...['held_idle', 'framebuffer_stuck', 'power_limit_lowered', 'sensor_lying', 'field_vanished'],
    ...['energy_mismatch', 'zscore', 'peer_deviation', 'straggler', 'change_point', 'novelty', 'forecast_limit'],
  ])('is not held down by a critical %s', (type) => {
    const verdict = judge({}, { anomalies: [anomaly(type, 'critical')] });
    expectSound(verdict);
    expect(verdict.contributions.map(({ dimension }) => dimension)).not.toContain('overall');
    expect(verdict.overall).toBeGreaterThan(90);
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
    ['correctable rows alone', { remapped_rows_correctable_total: 64 }, 'memory', 90, 'remapped_rows'],
    ['half the PCIe lanes', { pcie_link_width: 8 }, 'performance', 75, 'pcie_link_degraded'],
    [
      'a busy link two generations down, where only averages are known',
      { pcie_link_gen: 3, gpu_util_ratio: NAN },
      'performance',
      70,
      'pcie_link_degraded',
    ],
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
    expect(judge({ ...hot, temp_margin_celsius: 0 }, { model: 'NVIDIA A100-SXM4-80GB' }).dimensions.thermal).toBe(90);
    const reaches = (model: string): number => limitsOf(boardOf(model)).gpu_celsius;
    const models = ['NVIDIA L40S', 'NVIDIA L40', 'NVIDIA L4', 'Tesla T4', 'NVIDIA T400 4GB', 'NVIDIA GH200 480GB'];
    expect(models.map(reaches)).toEqual([92, 92, 85, 93, 87, 87]);
    expect(limitsOf(boardOf('somebody else'))).toMatchObject({ gpu_celsius: 87, memory_celsius: 95 });
  });

  it('names each count of spare rows by the counter that holds it', () => {
    const rows = { remapped_rows_uncorrectable_total: 100, remapped_rows_correctable_total: 28 };
    const told = judge(rows).contributions.map(({ metric, value, points }) => [metric, value, points]);
    expect(told).toEqual([
      ['remapped_rows_uncorrectable_total', 100, 15.6],
      ['remapped_rows_correctable_total', 28, 4.4],
    ]);
  });

  it('counts one cause once', () => {
    const storm = { ecc_sbe_volatile_per_day_24h: 1_000, ecc_sbe_volatile_total: 1_000 };
    const verdict = judge(storm, { anomalies: [anomaly('ecc_sbe_rate', 'warning', 'ecc_sbe_volatile_total')] });
    expect(verdict.dimensions.memory).toBe(75);
    expect(verdict.contributions).toHaveLength(1);
  });

  it('takes a driver that holds clocks down for heat for one thing, of heat', () => {
    const held = anomaly('sw_thermal', 'warning', 'throttle_reasons');
    const verdict = judge({ throttle_reasons: 32 }, { anomalies: [held] });
    expect(verdict.dimensions).toMatchObject({ thermal: 85, reliability: 100 });
    expect(verdict.contributions.map(({ dimension }) => dimension)).toEqual(['thermal']);
  });
});
