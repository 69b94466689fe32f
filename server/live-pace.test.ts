import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { LivePace } from './live-pace.ts';
import { LiveTopic } from './live-topic.ts';
import { RecentDeltas } from './recent-deltas.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** Ten seconds in which everything changes every 5 ms; what a topic costs passes on the clock. */
function tenSeconds(costs: Readonly<Record<string, number>>) {
  const clock = { now: () => Date.now(), monotonic: () => Date.now() };
  const recent = new RecentDeltas({ clock, keep_ms: 1_000, bytes_max: 1_000 });
  const topics = Object.keys(costs).map(
    (name) => new LiveTopic(name, 'node', name, 0, { deltas_max: 1, bytes_max: 1, recent }),
  );
  const dirty = new Set<LiveTopic>();
  const sent: Record<string, number[]> = Object.fromEntries(topics.map(({ name }) => [name, []]));
  const pace = new LivePace({
    clock,
    dirty,
    send(topic) {
      dirty.delete(topic);
      vi.setSystemTime(Date.now() + (costs[topic.name] ?? 0));
      sent[topic.name]?.push(Date.now());
      return true;
    },
  });
  const end = Date.now() + 10_000;
  while (Date.now() < end) {
    for (const topic of topics) dirty.add(topic);
    pace.changed();
    vi.advanceTimersByTime(5);
  }
  pace.close();
  return sent;
}

describe('the pace of live deltas', () => {
  it('sends what is cheap at once', () => {
    expect(tenSeconds({ cheap: 0 }).cheap?.length).toBeGreaterThan(1_900);
  });

  it.each([10, 40, 120])('gives a topic that costs %i ms a quarter of the thread', (cost) => {
    const { dear = [] } = tenSeconds({ dear: cost });
    const share = (dear.slice(4).length * cost) / ((dear.at(-1) ?? 0) - (dear[4] ?? 0));
    expect(share).toBeGreaterThan(0.2);
    expect(share).toBeLessThan(0.28);
  });

  it('lets nothing wait longer than half a second for a topic that costs more', () => {
    const { dear = [] } = tenSeconds({ dear: 300 });
    const waits = dear.slice(8).map((at, n) => at - (dear[n + 7] ?? 0) - 300);
    expect(Math.max(...waits)).toBeLessThan(500);
    expect(waits.length).toBeGreaterThan(5);
  });

  it('does not let cheap topics wait for it', () => {
    const { cheap = [] } = tenSeconds({ dear: 100, cheap: 0 });
    expect(cheap.length).toBeGreaterThan(100);
  });
});
