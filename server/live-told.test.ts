import { expect, it } from 'vitest';
import { settableClock } from '../pipeline/clock.ts';
import type { SpanOptions, Spans } from '../pipeline/contract/tracing.ts';
import type { GpuEntry } from './fleet-view.ts';
import { LiveTold } from './live-told.ts';

const NOW = 1_767_225_600_000;
const topic = { kind: 'fleet', listeners: 3 } as const;
const entry = (index: number, ts: number, node = 'n1'): GpuEntry => ({ index, ts, node }) as GpuEntry;

function world() {
  const clock = settableClock(NOW);
  const open: { name: string; parent: string; ended: unknown }[] = [];
  const spans: Spans = {
    begin(name: string, { parent = '' }: SpanOptions) {
      const span = { name, parent, ended: null as unknown };
      open.push(span);
      return {
        traceparent: '',
        end(told) {
          span.ended = told?.attributes;
        },
      };
    },
  };
  return { clock, open, told: new LiveTold({ clock, spans }) };
}

it('counts a sample once, at the first topic that carries it', () => {
  const { clock, told } = world();
  told.told(topic, [entry(0, NOW - 40), entry(100, NOW - 40)]);
  clock.advance(1_000);
  // Told again, in another topic or because of a verdict; and a GPU without any sample.
  told.told(topic, [entry(0, NOW - 40), entry(1, Number.NaN)]);
  told.told(topic, [entry(0, NOW + 600)]);
  const [live, ...others] = told.latency.told();
  expect(others).toEqual([]);
  expect(live?.labels).toEqual({ stage: 'live' });
  expect(live?.histogram.counts.reduce((sum, count) => sum + count)).toBe(3);
  expect(live?.histogram.sum).toBeCloseTo(0.04 + 0.04 + 0.4);
});

it('ends a trace at the first delta of its node, and what nobody hears after two seconds', () => {
  const { clock, told, open } = world();
  told.heard(JSON.stringify([['parent-1', 'n_1'], ['parent-2', 'n2'], ['bad'], 7]));
  expect(open.map(({ parent }) => parent)).toEqual(['parent-1', 'parent-2']);
  told.told(topic, [entry(0, NOW, 'n3')]);
  expect(open.map(({ ended }) => ended)).toEqual([null, null]);
  // The token of a node whose name no subject can carry.
  told.told(topic, [entry(0, NOW, 'n.1')]);
  expect(open[0]?.ended).toEqual({ 'gpu_vitals.topic': 'fleet', 'gpu_vitals.listeners': 3 });
  clock.advance(1_999);
  told.tick();
  expect(open[1]?.ended).toBeNull();
  clock.advance(2);
  told.tick();
  expect(open[1]?.ended).toEqual({ 'gpu_vitals.listeners': 0 });
});

it('ends the oldest traces when more wait than it keeps', () => {
  const { told, open } = world();
  for (let i = 0; i < 300; i++) told.heard(JSON.stringify([[`parent-${i}`, 'n1']]));
  const waiting = open.filter(({ ended }) => ended === null);
  expect(waiting).toHaveLength(256);
  expect(waiting[0]?.parent).toBe('parent-44');
});

it.each(['', '{', '7', '{"a":1}'])('leaves a header that is no list: %s', (header) => {
  const { told, open } = world();
  told.heard(header);
  expect(open).toEqual([]);
});
