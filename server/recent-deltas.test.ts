import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { settableClock } from '../pipeline/clock.ts';
import { LiveTopic } from './live-topic.ts';
import { RecentDeltas } from './recent-deltas.ts';

const START = Date.UTC(2026, 0, 1);
const SECOND_MS = 1_000;

function topics(limits: { keep_ms: number; bytes_max: number; deltas_max?: number; count: number }) {
  const clock = settableClock(START);
  const recent = new RecentDeltas({ clock, ...limits });
  const ring = { deltas_max: limits.deltas_max ?? 1_024, bytes_max: 1 << 20, recent };
  return {
    clock,
    recent,
    topics: Array.from({ length: limits.count }, (_, i) => new LiveTopic(`node/${i}`, 'node', String(i), 0, ring)),
  };
}

/** How many deltas a topic still has, and what they take. */
function keptOf(topic: LiveTopic): { deltas: number; bytes: number } {
  let deltas = 0;
  while (topic.after(topic.seq - deltas - 1) !== null) deltas++;
  return { deltas, bytes: (topic.after(topic.seq - deltas) ?? []).reduce((sum, text) => sum + text.length, 0) };
}

describe('what topics keep for those who come back', () => {
  it('is a minute of deltas, however long they are listened to', () => {
    const { clock, recent, topics: some } = topics({ keep_ms: 60_000, bytes_max: 1 << 30, count: 32 });
    for (let second = 0; second < 3_600; second += 8) {
      for (const topic of some) topic.record('x'.repeat(7_000));
      clock.advance(8 * SECOND_MS);
    }
    for (const topic of some) {
      topic.expire();
      expect(keptOf(topic)).toEqual({ deltas: 7, bytes: 49_000 });
    }
    expect(recent.held).toBe(32 * 49_000);
  });

  it('is bounded over all topics together, the oldest going first whosever it is', () => {
    const { clock, recent, topics: some } = topics({ keep_ms: 60_000, bytes_max: 100_000, count: 200 });
    for (let turn = 0; turn < 20; turn++) {
      for (const topic of some) topic.record('x'.repeat(100));
      clock.advance(SECOND_MS);
    }
    for (const topic of some) topic.expire();
    expect(recent.held).toBe(100_000);
    expect(some.map(keptOf)).toEqual(some.map(() => ({ deltas: 5, bytes: 500 })));
  });

  it('is let go with its topic', () => {
    const { recent, topics: some } = topics({ keep_ms: 60_000, bytes_max: 1 << 20, count: 3 });
    for (const topic of some) for (let i = 0; i < 5; i++) topic.record('0123456789');
    some[0]?.forget();
    expect(recent.held).toBe(100);
    expect(some.map((topic) => keptOf(topic).deltas)).toEqual([0, 5, 5]);
  });

  it('has nothing left after a long silence', () => {
    const { clock, recent, topics: some } = topics({ keep_ms: 60_000, bytes_max: 1 << 20, count: 1 });
    some[0]?.record('0123456789');
    clock.advance(86_400_000);
    some[0]?.expire();
    expect(recent.held).toBe(0);
    some[0]?.record('01234');
    expect(recent.held).toBe(5);
  });

  it('agrees with adding up', () => {
    const step = fc.oneof(
      fc.record({ record: fc.nat({ max: 3 }), length: fc.integer({ min: 1, max: 40 }) }),
      fc.record({ advance: fc.oneof(fc.nat({ max: 2_500 }), fc.constant(9_000)) }),
      fc.record({ forget: fc.nat({ max: 3 }) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const { clock, recent, topics: some } = topics({ keep_ms: 5_000, bytes_max: 200, deltas_max: 6, count: 4 });
        for (const one of steps) {
          if ('record' in one) some[one.record]?.record('x'.repeat(one.length));
          else if ('advance' in one) clock.advance(one.advance);
          else some[one.forget]?.forget();
        }
        for (const topic of some) topic.expire();
        const kept = some.map(keptOf);
        expect(recent.held).toBe(kept.reduce((sum, { bytes }) => sum + bytes, 0));
        for (const { deltas } of kept) expect(deltas).toBeLessThanOrEqual(6);
        // A second more than the limit: what is newest is never let go.
        const last_second = steps.reduce((sum, one) => sum + ('length' in one ? one.length : 0), 0);
        expect(recent.held).toBeLessThanOrEqual(Math.max(200, last_second));
      }),
      { numRuns: 300, seed: 5 },
    );
  });
});

it('keeps a snapshot only while it can still be given', () => {
  const { topics: some } = topics({ keep_ms: 60_000, bytes_max: 1 << 20, count: 1 });
  const [topic] = some as [LiveTopic];
  topic.listeners = 1;
  topic.snapshot = { seq: topic.seq, text: 'state' };
  topic.expire();
  expect(topic.snapshot).not.toBeNull();
  topic.record('delta');
  topic.expire();
  expect(topic.snapshot).toBeNull();
});
