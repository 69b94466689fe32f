import { describe, expect, it } from 'vitest';
import type { Dimension } from '../../pipeline/contract/events.ts';
import { random } from '../core/laws.fixture.ts';
import { dimensionOf } from './anomaly-costs.ts';
import type { OpenAnomaly, RecentEpisode } from './faults.ts';
import { anomaly, DAY_MS, episode, expectSound, HOUR_MS, judge, NAN, T } from './judge.fixture.ts';
import { WELL } from './observations.fixture.ts';

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
    ['for a frozen temperature', anomaly('sensor_lying', 'warning', 'gpu_temp_celsius'), 'reliability', 85],
    ['for a lowered power limit', anomaly('power_limit_lowered', 'warning', 'power_limit_watts'), 'performance', 90],
    ['for being slower than its peers', anomaly('straggler', 'warning', 'sm_clock_mhz'), 'performance', 85],
    ['for deviating from its node', anomaly('peer_deviation', 'warning', 'gpu_temp_celsius'), 'thermal', 92],
    ['for errors in total', anomaly('ecc_sbe_total', 'warning', 'ecc_sbe_aggregate_total'), 'memory', 75],
    ['for the pace of remaps', anomaly('row_remap_rate', 'warning', 'remapped_rows_uncorrectable_total'), 'memory', 80],
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
    ['ended just now, with a reset', { ended_at: T, reset_at: T }, 40, 40],
    ['ended 2 days ago, with a reset', { ended_at: T - 2 * DAY_MS, reset_at: T - 2 * DAY_MS }, 70, 70],
    ['ended 4 days ago, with a reset', { ended_at: T - 4 * DAY_MS, reset_at: T - 4 * DAY_MS }, 85, 85],
    ['has been quiet for 2 days and waits for its reset', { ended_at: T - 2 * DAY_MS }, 40, 0],
    ['has been quiet for 8 days', { ended_at: T - 8 * DAY_MS }, 96.2, 96.2],
    ['came to an end that needs no reset', { ended_at: T - 2 * DAY_MS, action: 'restart_application' }, 70, 70],
    ['was cured just now', { ended_at: T, cured: true }, 76, 76],
    ['was cured a day ago', { ended_at: T - DAY_MS, cured: true }, 88, 88],
    ['was milder', { severity: 'warning', ended_at: T }, 85, 100],
  ])('a critical XID story that %s', (_name, change, memory, reliability) => {
    const verdict = judge({}, { episodes: [episode(change)] });
    expectSound(verdict);
    expect(verdict.dimensions).toMatchObject({ memory, reliability });
    expect(verdict.contributions.find((c) => c.dimension === 'memory')).toMatchObject({ metric: 'xid', value: 62 });
    const waits = change.reset_at === undefined && change.cured !== true && (change.ended_at ?? T) > T - 7 * DAY_MS;
    const over = change.severity === 'warning' || change.action === 'restart_application';
    expect(verdict.action).toBe(waits && !over ? 'reset_gpu' : 'none');
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

  it('keeps a GPU to replace one whatever the driver asks for until then', () => {
    const verdict = judge({ recovery_action: 1 }, { episodes: [episode({ action: 'replace_gpu' })] });
    expectSound(verdict);
    expect(verdict.action).toBe('replace_gpu');
    expect(verdict.explanation).toContain('next: take the GPU out and have it replaced');
    expect(judge({ recovery_action: 2 }, { episodes: [episode({ action: 'reset_gpu' })] }).action).toBe('reboot_node');
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
    expect(verdict.dimensions.reliability).toBe(85);
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
