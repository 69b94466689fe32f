import { describe, expect, it } from 'vitest';
import { channelFigures } from '../pipeline/alert-desk/channel-figures.ts';
import { SampleLatency } from '../pipeline/contract/sample-latency.ts';
import { metricsRegistry } from './metrics-registry.ts';
import { engineMetrics, TOLD_METRICS } from './own-metrics.ts';

const counts = {
  sent: 5,
  failed: 2,
  given_up: 1,
  merged: 3,
  duplicates: 4,
  waiting: 7,
  breaker: 'closed',
  broken_since: null,
  problem: '',
} as const;

describe('what parts tell of themselves', () => {
  it('is called by the catalogue, with its help', () => {
    const registry = metricsRegistry();
    registry.tell('collector', { scrapes: 9, targets_failing: 1, remote_write_samples: 3, new_figure: 2 });
    const text = registry.text();
    expect(text).toContain('# HELP gpu_vitals_collector_scrapes_total Bodies that NATS or our disk has.\n');
    expect(text).toContain('# TYPE gpu_vitals_collector_scrapes_total counter\n');
    expect(text).toContain('gpu_vitals_collector_scrapes_total{source="collector"} 9\n');
    expect(text).toContain('gpu_vitals_collector_targets_failing{source="collector"} 1\n');
    expect(text).toContain('gpu_vitals_remote_write_samples_total{source="collector"} 3\n');
    // What a newer part tells is shown as it calls it.
    expect(text).toContain('gpu_vitals_new_figure{source="collector"} 2\n');
  });

  it('has the counters of every alert channel by its name', () => {
    const registry = metricsRegistry();
    const figures = channelFigures({ pager: { ...counts, broken_since: 1 }, 'say "hi"': counts });
    expect(Object.keys(figures).filter((name) => TOLD_METRICS.alerts?.[name] === undefined)).toEqual([]);
    registry.tell('alerts', JSON.parse(JSON.stringify({ alerts_open: 1, ...figures })));
    const text = registry.text();
    expect(text).toContain('gpu_vitals_alert_channel_sent_total{source="alerts",channel="pager"} 5\n');
    expect(text).toContain('gpu_vitals_alert_channel_broken{source="alerts",channel="pager"} 1\n');
    expect(text).toContain('gpu_vitals_alert_channel_broken{source="alerts",channel="say \\"hi\\""} 0\n');
    expect(text.match(/# TYPE gpu_vitals_alert_channel_waiting gauge/g)).toHaveLength(1);
  });

  it.each([
    [{ a: [{ labels: { x: 'y' } }] }],
    [{ a: [null, 3, { value: 1 }] }],
    [{ a: 'text', 'bad name': 1 }],
    [[1, 2]],
    [null],
  ])('leaves out %j', (figures) => {
    const registry = metricsRegistry();
    registry.tell('alerts', figures);
    expect(registry.text().trim()).toBe('');
  });

  it('keeps labels that are text alone, and only so many figures', () => {
    const registry = metricsRegistry();
    registry.tell('x', { a: [{ labels: { ok: 'yes', 'not ok': 'z', n: 3 }, value: 1 }] });
    registry.tell('y', { b: Array.from({ length: 501 }, (_, i) => ({ labels: { i: String(i) }, value: i })) });
    expect(registry.text()).toContain('gpu_vitals_a{source="x",ok="yes"} 1\n');
    expect(registry.text()).not.toContain('gpu_vitals_b');
  });

  it('has histograms of several parts as one metric, with buckets that are summed up', () => {
    const registry = metricsRegistry();
    const latency = new SampleLatency();
    latency.observe('stored', 1_000, 1_004);
    latency.observe('stored', 1_000, 1_300, 3);
    latency.observe('stored', 0, 800_000);
    // A past that is told later, and a clock that is ahead.
    latency.observe('stored', 0, 900_001);
    latency.observe('live', 5_000, 3_000);
    for (const source of ['engine.w0', 'engine.w0.1', 'live']) {
      registry.tell(source, JSON.parse(JSON.stringify({ sample_latency_seconds: latency.told() })));
    }
    const text = registry.text();
    expect(text.match(/# TYPE gpu_vitals_sample_latency_seconds histogram\n/g)).toHaveLength(1);
    expect(text).toContain('# HELP gpu_vitals_sample_latency_seconds Time from the scrape');
    const series = (end: string): string => `gpu_vitals_sample_latency_seconds${end}`;
    const labels = 'source="engine.w0.1",stage="stored"';
    expect(text).toContain(series(`_bucket{${labels},le="0.005"} 1\n`));
    expect(text).toContain(series(`_bucket{${labels},le="0.25"} 1\n`));
    expect(text).toContain(series(`_bucket{${labels},le="0.5"} 4\n`));
    expect(text).toContain(series(`_bucket{${labels},le="300"} 4\n`));
    expect(text).toContain(series(`_bucket{${labels},le="+Inf"} 5\n`));
    expect(text).toContain(series(`_count{${labels}} 5\n`));
    expect(text).toMatch(new RegExp(`_sum\\{${labels}\\} 800\\.90`));
    expect(text).not.toContain('stage="live"');
  });

  it.each([
    [{ le: [1], counts: [1], sum: 1 }],
    [{ le: [1], counts: [1, 'x'], sum: 1 }],
    [{ le: new Array(200).fill(1), counts: new Array(201).fill(1), sum: 1 }],
    [{ le: [1], counts: [1, 2] }],
    [null],
  ])('leaves out what is no histogram: %j', (histogram) => {
    const registry = metricsRegistry();
    registry.tell('engine.w0', { a: [{ labels: {}, histogram }] });
    expect(registry.text().trim()).toBe('');
  });

  it('has engines and their steps by worker', () => {
    const registry = metricsRegistry();
    const step = { id: 'decode', items_in: 4, items_out: 3, batches: 2, busy_ms: 1_500 };
    const told = { steps: [step], edges: [], lag_messages: 6, watermark: 2_000 };
    registry.add(
      ...engineMetrics({ workers: () => ['w0'], last: (worker = '') => ({ worker, received_at: 0, told }) }),
    );
    const text = registry.text();
    expect(text).toContain('gpu_vitals_engine_lag_messages{worker="w0"} 6\n');
    expect(text).toContain('gpu_vitals_engine_event_time_seconds{worker="w0"} 2\n');
    expect(text).toContain('gpu_vitals_step_busy_seconds_total{worker="w0",step="decode"} 1.5\n');
    // What an older engine does not tell has no line.
    expect(text).not.toContain('gpu_vitals_engine_gpus{');
  });

  it('has one name for one thing, units last', () => {
    const all = Object.values(TOLD_METRICS).flatMap((metrics) => Object.values(metrics));
    const names = all.map(({ name }) => name);
    // What several parts tell under one name is one definition.
    expect(new Set(names).size).toBe(new Set(all).size);
    expect(names.filter((name) => !/^[a-z]+(_[a-z]+)+$/.test(name))).toEqual([]);
  });
});
