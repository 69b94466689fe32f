import { expect, it } from 'vitest';
import { batchOf } from '../../sinks/live/fleet.fixture.ts';
import { settableClock } from '../clock.ts';
import type { Batch } from '../contract/batch.ts';
import type { Sink } from '../contract/ports.ts';
import { SampleLatency } from '../contract/sample-latency.ts';
import type { OpenSpan, TracesUnderWay } from '../contract/tracing.ts';
import { measuredSamples } from './measured-samples.ts';

const NOW = 1_767_225_600_000;

function world() {
  const clock = settableClock(NOW);
  const latency = new SampleLatency();
  const ended: [string, string][] = [];
  const traces = { current: [] as TracesUnderWay['current'] };
  let stored: (ts: Float64Array) => void = () => undefined;
  const inner: Sink<Batch> = {
    write: () => undefined,
    flush: async () => undefined,
    pressure: () => null,
    close: async () => undefined,
  };
  const spans = {
    begin: (_: string, { parent = '' }: { parent?: string }): OpenSpan => ({
      traceparent: '',
      end: (told) => void ended.push([parent, told?.failure ?? 'stored']),
    }),
  };
  const sink = measuredSamples(
    (onStored) => {
      stored = onStored;
      return inner;
    },
    { latency, clock, tracing: { spans, traces } },
  );
  return {
    clock,
    ended,
    sink,
    stored: (...ts: number[]) => stored(Float64Array.from(ts)),
    /** A batch of rows at these times, with a trace of that name if there is one. */
    write(trace: string, ...ts: number[]) {
      traces.current = trace === '' ? [] : [{ traceparent: trace, node: 'n1' }];
      const batch = batchOf(ts.map((at, i) => ({ uuid: `GPU-${i}`, node: 'n1', ts: at, values: {} })));
      batch.arrived_at.fill(NOW);
      sink.write(batch);
    },
    counts: () =>
      Object.fromEntries(
        latency
          .told()
          .map(({ labels, histogram }) => [labels.stage, histogram.counts.reduce((sum, count) => sum + count)]),
      ),
  };
}

it('counts every sample at every stage, but not a past that is told later', () => {
  const { write, stored, counts, clock } = world();
  write('', NOW - 10, NOW - 10, NOW - 20);
  write('', NOW - 86_400_000);
  expect(counts()).toEqual({ arrived: 3, processed: 3 });
  clock.advance(1_000);
  stored(NOW - 86_400_000, NOW - 20, NOW - 10, NOW - 10);
  expect(counts()).toEqual({ arrived: 3, processed: 3, stored: 3 });
});

it('ends a span when the request with its last row was taken, whatever else was taken before', async () => {
  const { write, stored, ended, sink } = world();
  write('', NOW - 50);
  write('a', NOW - 40, NOW - 30);
  write('', NOW - 20);
  // Closed before `b` came: its rows are not in it, although they are older than the newest that are.
  write('b', NOW - 45);
  stored(NOW - 50, NOW - 40);
  expect(ended).toEqual([]);
  stored(NOW - 30, NOW - 20);
  expect(ended).toEqual([['a', 'stored']]);
  stored(NOW - 45);
  expect(ended).toEqual([
    ['a', 'stored'],
    ['b', 'stored'],
  ]);
  write('c', NOW);
  await sink.close();
  expect(ended.at(-1)).toEqual(['c', 'closed before the database had it']);
});

it('gives up the oldest of too many that wait', () => {
  const { write, ended } = world();
  for (let i = 0; i < 300; i++) write(`t${i}`, NOW);
  expect(ended).toHaveLength(300 - 256);
  expect(ended[0]).toEqual(['t0', 'the database did not take it in time']);
});
