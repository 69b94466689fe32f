import { describe, expect, it } from 'vitest';
import type { TopologyAnswer } from './pipeline-answer.ts';
import { layoutPipeline } from './pipeline-layout.ts';
import { keptReports, stepNotes, stepRates } from './pipeline-rates.ts';

const report = (ts: number, rows: number, changes: Partial<TopologyAnswer> = {}): TopologyAnswer => ({
  worker: 'w0',
  received_at: null,
  workers: ['w0'],
  ts,
  started_at: 0,
  edges: [],
  steps: [{ id: 'decode', kind: 'stage', items_in: rows, items_out: 8 * rows, batches: rows / 2, busy_ms: rows }],
  ...changes,
});

describe('rates', () => {
  it('come from two reports', () => {
    expect(stepRates(report(1_000, 100), report(3_000, 300)).get('decode')).toEqual({
      in_per_s: 100,
      out_per_s: 800,
      batches_per_s: 50,
      busy_ratio: 0.1,
      item_ms: 1,
      batch_ms: 2,
    });
  });

  it.each([
    ['of one instant', report(1_000, 1), report(1_000, 2)],
    ['of two engines', report(1_000, 1), report(2_000, 2, { worker: 'w1' })],
    ['of an engine that began anew', report(1_000, 1), report(2_000, 2, { started_at: 1_500 })],
  ])('are not told from reports %s', (_, earlier, later) => {
    expect(stepRates(earlier, later).size).toBe(0);
  });

  it('start from nothing where a counter went back, and tell no time where nothing came', () => {
    expect(stepRates(report(0, 500), report(1_000, 20)).get('decode')?.in_per_s).toBe(20);
    expect(stepRates(report(0, 500), report(1_000, 500)).get('decode')?.item_ms).toBeNull();
  });

  it('are kept over a span of one life of one engine', () => {
    let kept: readonly TopologyAnswer[] = [];
    for (const ts of [1_000, 2_000, 2_000, 9_000]) kept = keptReports(kept, report(ts, ts), 7_500);
    expect(kept.map(({ ts }) => ts)).toEqual([2_000, 9_000]);
    kept = keptReports(kept, report(10_000, 1, { started_at: 9_500 }), 7_500);
    expect(kept.map(({ ts }) => ts)).toEqual([10_000]);
  });
});

it('notes are read from the drawing of the engine', () => {
  const mermaid =
    'flowchart LR\n  a(["a<br/><small>from there</small>"])\n  b["b<br/><small>does that</small>"]\n  c[("c")]\n';
  expect([...stepNotes(mermaid)]).toEqual([
    ['a', 'from there'],
    ['b', 'does that'],
  ]);
});

describe('the drawing', () => {
  const step = (id: string, kind = 'operator') => ({ id, kind, items_in: 0, items_out: 0, batches: 0, busy_ms: 0 });
  const edge = (from: string, to: string, port = 'rows') => ({ from, to, port });
  const steps = [step('a', 'source'), step('b'), step('c'), step('d'), step('x', 'sink'), step('y', 'sink')];
  const edges = [
    edge('a', 'b'),
    edge('b', 'c'),
    edge('b', 'd'),
    edge('c', 'd'),
    edge('b', 'x'),
    edge('d', 'y'),
    edge('d', 'y', 'late'),
  ];
  const layout = layoutPipeline(steps, edges);
  const x = (id: string): number => layout.steps.find((one) => one.id === id)?.x ?? Number.NaN;

  it('puts each step right of what it reads from, and sinks last', () => {
    for (const { from, to } of edges) expect(x(from)).toBeLessThan(x(to));
    expect(x('x')).toBe(x('y'));
    expect(layout.edges.find(({ to }) => to === 'y')?.ports).toEqual(['rows', 'late']);
  });

  it('puts no two steps on one another, all within its size', () => {
    for (const one of layout.steps) {
      expect(one.x >= 0 && one.y >= 0 && one.y + one.height <= layout.height).toBe(true);
      const over = layout.steps.filter(
        (other) => other !== one && other.x === one.x && Math.abs(other.y - one.y) < Math.min(one.height, other.height),
      );
      expect(over).toEqual([]);
    }
  });

  it('ends also for what leads in a circle, and leaves out edges of nobody', () => {
    const round = layoutPipeline([step('a'), step('b')], [edge('a', 'b'), edge('b', 'a'), edge('a', 'z')]);
    expect(round.steps.length).toBe(2);
    expect(round.edges.length).toBe(2);
  });
});
