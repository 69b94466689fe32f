import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { settableClock } from '../pipeline/clock.ts';
import type { Anomaly } from '../pipeline/contract/events.ts';
import { METRIC_COUNT, metricIndex } from '../pipeline/contract/metrics.ts';
import { anomalyOf, jsonBytes } from '../sinks/live/fleet.fixture.ts';
import { readAnomaly } from './anomaly-row.ts';
import { cachedFleetSummary } from './fleet-summary.ts';
import { FleetView, type GpuEntry } from './fleet-view.ts';
import { anomalySchema, gpuStateSchema, gpuSummarySchema } from './schemas.ts';
import type { HealthNow } from './verdict-now.ts';
import { anomalyAnswer, gpuState, gpuSummary, summaryTexts } from './view-json.ts';

const TEMP = metricIndex('gpu_temp_celsius');
const valuesOf = (temp: number): Float64Array => {
  const values = new Float64Array(METRIC_COUNT).fill(Number.NaN);
  values[TEMP] = temp;
  return values;
};
const who = (gpu_uuid: string, node = 'n1', instance = '') => ({
  gpu_uuid,
  instance,
  node,
  model: 'H100',
  slot: '0',
  attribution: [],
});
const HEALTH: HealthNow = {
  ts: 0,
  instance: '',
  overall_score: 97,
  memory_health: 97,
  thermal_health: 97,
  performance_health: 97,
  power_health: 97,
  reliability_health: 97,
  health_grade: 'excellent',
  confidence: 1,
  explanation: 'healthy',
  action: 'none',
};
const viewAt = (now: number) => {
  const clock = settableClock(now);
  const changes: [GpuEntry, string | null][] = [];
  const view = new FleetView({ clock, onChange: (entry, left) => changes.push([entry, left]) });
  return { clock, view, changes };
};

describe('fleet view', () => {
  it('ends in the same state whatever the order in which samples came', () => {
    const step = fc.record({
      uuid: fc.constantFrom('GPU-a', 'GPU-b', 'GPU-c'),
      instance: fc.constantFrom('', '1'),
      ts: fc.integer({ min: 1, max: 1_000 }),
    });
    fc.assert(
      fc.property(fc.uniqueArray(step, { selector: (s) => `${s.uuid}${s.instance}${s.ts}`, minLength: 1 }), (steps) => {
        const fold = (order: typeof steps): string => {
          const { view } = viewAt(5_000);
          for (const s of order) view.applySample(who(s.uuid, 'n1', s.instance), s.ts, valuesOf(s.ts));
          return JSON.stringify(view.all().map((entry) => gpuSummary(view, entry)));
        };
        const sorted = [...steps].sort((a, b) => a.ts - b.ts);
        expect(fold(steps)).toBe(fold(sorted));
        expect(fold([...steps].reverse())).toBe(fold(sorted));
      }),
      { numRuns: 100, seed: 3 },
    );
  });

  it('keeps anomalies of whole nodes apart from GPUs', () => {
    const { view, changes } = viewAt(5_000);
    view.applySample(who('GPU-a'), 1, valuesOf(40));
    const frozen = anomalyOf({ gpu_uuid: '', id: 'f', node: 'n1', severity: 'critical', metric: '' });
    view.applyAnomaly(frozen);
    view.applyAnomaly(anomalyOf({ gpu_uuid: 'GPU-a', id: 'w' }));
    expect(view.openAnomalies().map(({ id }) => id)).toEqual(['f', 'w']);
    expect(view.all().map(({ gpu_uuid }) => gpu_uuid)).toEqual(['GPU-a']);
    expect(changes.map(([entry]) => entry.gpu_uuid)).toEqual(['GPU-a', 'GPU-a']);
    const summary = cachedFleetSummary(view, settableClock(0), 0)();
    expect(summary).toMatchObject({ gpus: 1, open_critical: 1, open_warning: 1, gpus_with_critical: 0 });
    expect(summary.nodes[0]).toMatchObject({ node: 'n1', open_critical: 1, open_warning: 1 });
    view.applyAnomaly({ ...frozen, state: 'closed', closed_at: 2 });
    expect(view.openAnomalies().map(({ id }) => id)).toEqual(['w']);
  });

  it('reads anomalies of a GPU or of a node, and of nothing else', () => {
    const read = (changes: Partial<Anomaly>): string | null =>
      readAnomaly(jsonBytes({ ...anomalyOf({ gpu_uuid: 'GPU-a', id: 'a' }), ...changes }))?.node ?? null;
    expect([read({}), read({ gpu_uuid: '' }), read({ gpu_uuid: '', node: '' })]).toEqual(['n1', 'n1', null]);
  });

  it('keeps apart what belongs to different GPUs while it grows', () => {
    const { view } = viewAt(5_000);
    for (let i = 0; i < 1_000; i++) view.applySample(who(`GPU-${i}`, `n${i % 10}`), 1, valuesOf(i));
    expect(view.size).toBe(1_000);
    for (const entry of view.all()) expect(`GPU-${view.value(entry, TEMP)}`).toBe(entry.gpu_uuid);
    expect([...view.ofNode('n3')].length).toBe(100);
    expect(view.all().map((entry) => entry.gpu_uuid)).toEqual(
      [...view.all()].map((entry) => entry.gpu_uuid).sort((a, b) => (a < b ? -1 : 1)),
    );
  });

  it('tells both nodes when a GPU moves', () => {
    const { view, changes } = viewAt(5_000);
    view.applySample(who('GPU-a', 'n1'), 1, valuesOf(1));
    view.applySample(who('GPU-a', 'n2'), 2, valuesOf(2));
    expect(changes.map(([entry, left]) => [entry.gpu_uuid, left])).toEqual([
      ['GPU-a', null],
      ['GPU-a', 'n1'],
    ]);
    expect(view.nodes()).toEqual(['n2']);
  });

  it('orders the board before its instances, and these by number', () => {
    const { view } = viewAt(5_000);
    for (const instance of ['12', '3', '']) view.applySample(who('GPU-a', 'n1', instance), 1, valuesOf(1));
    expect(view.ofGpu('GPU-a').map((entry) => entry.instance)).toEqual(['', '3', '12']);
    expect(gpuState(view, 'GPU-a')?.instances.map((sample) => sample.instance)).toEqual(['3', '12']);
  });

  it('marks as stale by its own clock, once, and is fresh again with the next sample', () => {
    const { view, clock, changes } = viewAt(1_000_000);
    view.applySample(who('GPU-a'), 60, valuesOf(1));
    clock.advance(60_000);
    view.sweep();
    expect(view.all()[0]?.stale).toBe(false);
    clock.advance(1);
    view.sweep();
    view.sweep();
    const entry = view.all()[0] as GpuEntry;
    expect(gpuSummary(view, entry).stale_since).toBe('1970-01-01T00:00:00.060Z');
    expect(changes.length).toBe(2);
    view.applySample(who('GPU-a'), 70, valuesOf(2));
    expect(gpuSummary(view, entry).stale_since).toBeNull();
  });

  it('forgets who was not heard of for a month and has nothing open; who comes after takes the place', () => {
    const DAY_MS = 86_400_000;
    const { clock, view } = viewAt(1_000 * DAY_MS);
    const text = summaryTexts(view);
    const health = (gpu_uuid: string, ts: number) =>
      view.applyVerdict({ gpu_uuid, kind: 'health', row: { ...HEALTH, instance: '', ts } });
    for (let day = 0; day < 200; day++) {
      // A cloud whose machines live a day each; one that stays; one that is lost and known to be.
      for (const uuid of [...Array.from({ length: 5 }, (_, i) => `GPU-${day}-${i}`), 'GPU-stays']) {
        view.applySample(who(uuid, `n${day}`), clock.now(), valuesOf(40));
        text(view.find(uuid, '') as GpuEntry);
        health(uuid, clock.now());
      }
      if (day === 0) {
        view.applySample(who('GPU-lost', 'n-lost'), clock.now(), valuesOf(40));
        view.applyAnomaly(anomalyOf({ gpu_uuid: 'GPU-lost', id: 'a', node: 'n-lost' }));
      }
      for (let hour = 0; hour < 24; hour++) {
        clock.advance(DAY_MS / 24);
        view.sweep();
      }
    }
    expect(view.size).toBe(5 * 30 + 2);
    expect(view.all()).toHaveLength(5 * 30 + 2);
    expect(view.verdicts.size).toBeLessThan(5 * 31 + 2);
    expect(view.nodes()).toHaveLength(30 + 1);
    expect(view.ofGpu('GPU-0-0')).toEqual([]);
    expect(view.find('GPU-lost', '')).toBeDefined();
    expect(Math.max(...view.all().map(({ index }) => index))).toBeLessThan(5 * 31 + 2);
    for (const entry of view.all()) expect(JSON.parse(text(entry))).toMatchObject({ gpu_uuid: entry.gpu_uuid });
    // A place that was somebody else's has none of their readings.
    view.applySample(who('GPU-new'), clock.now(), new Float64Array(METRIC_COUNT).fill(Number.NaN));
    expect(view.value(view.find('GPU-new', '') as GpuEntry, TEMP)).toBeNaN();
  });

  it('counts open anomalies, also of a GPU without a sample, and forgets closed ones', () => {
    const { view } = viewAt(5_000);
    view.applyAnomaly(anomalyOf({ gpu_uuid: 'GPU-a', id: '1' }));
    view.applyAnomaly(anomalyOf({ gpu_uuid: 'GPU-a', id: '1', score: 9 }));
    view.applyAnomaly(anomalyOf({ gpu_uuid: 'GPU-a', id: '2', severity: 'critical' }));
    const entry = view.find('GPU-a', '') as GpuEntry;
    expect(gpuSummary(view, entry)).toMatchObject({
      open_warning: 1,
      open_critical: 1,
      worst_severity: 'critical',
      ts: null,
    });
    expect(view.openAnomalies().map((anomaly) => anomaly.id)).toEqual(['2', '1']);
    view.applyAnomaly(anomalyOf({ gpu_uuid: 'GPU-a', id: '2', state: 'closed', closed_at: 1_767_225_700_000 }));
    view.applyAnomaly(anomalyOf({ gpu_uuid: 'GPU-a', id: '1', state: 'closed', closed_at: 1_767_225_700_000 }));
    expect(gpuSummary(view, entry)).toMatchObject({ open_warning: 0, worst_severity: null });
  });

  it('answers in the shapes of the schemas, and the fast text equals the plain one', () => {
    const { view } = viewAt(5_000);
    view.applySample(who('GPU-"quoted"\u2028', 'n\n1'), 1_767_225_600_123, valuesOf(61.5));
    view.applySample(who('GPU-b', 'n1', '7'), 1_767_225_600_123, valuesOf(Number.POSITIVE_INFINITY));
    const anomaly = anomalyOf({ gpu_uuid: 'GPU-b', instance: '7', id: 'x', expected: Number.NaN });
    view.applyAnomaly(anomaly);
    const text = summaryTexts(view);
    for (const entry of view.all()) {
      const summary = gpuSummary(view, entry);
      expect(gpuSummarySchema.parse(summary)).toEqual(summary);
      expect(JSON.parse(text(entry))).toEqual(summary);
      const state = gpuState(view, entry.gpu_uuid);
      expect(gpuStateSchema.parse(state)).toEqual(state);
    }
    expect(anomalySchema.parse(anomalyAnswer(anomaly))).toMatchObject({
      expected: null,
      ts: '2026-01-01T00:00:00.000Z',
    });
  });
});
