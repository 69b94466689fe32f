import fc from 'fast-check';
import { expect, onTestFinished, test, vi } from 'vitest';
import { settableClock, systemClock } from '../clock.ts';
import { LateTicks } from './late-ticks.ts';
import { DueHeap } from './scraper-heap.ts';
import { ScrapeLoop, type ScrapeLoopOptions } from './scraper-loop.ts';
import { backOffIntervals, spread } from './scraper-spread.ts';

const INTERVAL = 10_000;
const START = 1_760_000_000_000;

/** A loop over a clock that the test moves, with runs that end when the test says so, at once by default. */
function loopOf(options: Partial<ScrapeLoopOptions> = {}) {
  const clock = settableClock(START);
  const runs: { key: string; at: number }[] = [];
  const ends = new Map<string, (well: boolean) => void>();
  const failing = new Set<string>();
  const hanging = new Set<string>();
  const loop = new ScrapeLoop({
    clock,
    interval_ms: INTERVAL,
    seed: 1,
    concurrency_max: 10_000,
    failing_max: 100,
    run: (key) => {
      runs.push({ key, at: clock.now() - START });
      if (!hanging.has(key)) return Promise.resolve(!failing.has(key));
      return new Promise((resolve) => ends.set(key, resolve));
    },
    ...options,
  });
  onTestFinished(() => loop.stop(0));
  const until = async (at: number, step = 50): Promise<void> => {
    while (clock.now() - START < at) {
      clock.advance(step);
      loop.tick();
      await Promise.resolve();
      await Promise.resolve();
    }
  };
  const of = (key: string): number[] => runs.filter((run) => run.key === key).map((run) => run.at);
  return { loop, clock, runs, ends, failing, hanging, until, of };
}

test('the heap gives everything back in order', () => {
  fc.assert(
    fc.property(fc.array(fc.integer()), (numbers) => {
      const heap = new DueHeap<number>();
      for (const n of numbers) heap.push(n, n);
      const sorted = [...numbers].sort((a, b) => a - b);
      expect(heap.next_due).toBe(sorted[0] ?? Number.POSITIVE_INFINITY);
      expect(sorted.map(() => heap.pop())).toEqual(sorted);
      expect([heap.pop(), heap.size]).toEqual([undefined, 0]);
    }),
  );
});

test.each([
  ['names', (n: number) => `http://gpu-node-${n}.example:9400/metrics`],
  ['ports of one host', (n: number) => `http://127.0.0.1:${20_000 + n}/metrics`],
  ['addresses', (n: number) => `http://10.0.${n >> 8}.${n & 255}:9400/metrics`],
])('10,000 targets spread evenly over the interval: %s', (_, key) => {
  const buckets = new Array<number>(100).fill(0);
  for (let n = 0; n < 10_000; n++) {
    const bucket = Math.floor(spread(key(n)) * 100);
    buckets[bucket] = (buckets[bucket] ?? 0) + 1;
  }
  const chi_squared = buckets.reduce((sum, count) => sum + (count - 100) ** 2 / 100, 0);
  // 99 degrees of freedom: 99.99 % of even spreads stay below 160.
  expect(chi_squared).toBeLessThan(160);
});

test('every target runs once an interval, at the same place, without drift', async () => {
  const { loop, until, runs, of } = loopOf();
  for (let n = 0; n < 200; n++) loop.add(`t${n}`);
  await until(10 * INTERVAL);
  expect(runs.length).toBeGreaterThanOrEqual(1_999);
  for (let n = 0; n < 200; n++) {
    const times = of(`t${n}`);
    for (let i = 1; i < times.length; i++) expect((times[i] ?? 0) - (times[i - 1] ?? 0)).toBe(INTERVAL);
  }
});

test('a restart keeps the places within the interval', async () => {
  const first = loopOf();
  first.loop.add('a');
  await first.until(INTERVAL);
  const second = loopOf();
  second.clock.advance(3_700);
  second.loop.add('a');
  await second.until(3 * INTERVAL);
  expect((second.of('a')[0] ?? 0) % INTERVAL).toBe((first.of('a')[0] ?? 0) % INTERVAL);
});

test('a run that lasts is never overlapped; the ticks it covered are left out and counted', async () => {
  const { loop, until, hanging, ends, of } = loopOf();
  hanging.add('a');
  loop.add('a');
  loop.add('b');
  await until(4.5 * INTERVAL);
  expect(of('a')).toHaveLength(1);
  expect(of('b').length).toBeGreaterThanOrEqual(4);
  hanging.clear();
  ends.get('a')?.(true);
  await until(6.5 * INTERVAL);
  const times = of('a');
  expect(times).toHaveLength(3);
  expect(((times[1] ?? 0) - (times[0] ?? 0)) % INTERVAL).toBe(0);
  expect(loop.counters.ticks_skipped).toBeGreaterThanOrEqual(3);
});

test('one target that always needs longer than the interval is told as slow among many, until it no longer does', async () => {
  const told: [string, boolean][] = [];
  const { loop, until, hanging, ends } = loopOf({ on_slow: (key, slow) => told.push([key, slow]) });
  for (let n = 0; n < 100; n++) loop.add(`t${n}`);
  await until(1_000 * INTERVAL, INTERVAL / 4);
  expect([loop.counters.targets_slow, told]).toEqual([0, []]);
  hanging.add('t7');
  for (let tick = 1_001.5; tick < 1_030; tick += 2) {
    await until(tick * INTERVAL, INTERVAL / 4);
    ends.get('t7')?.(true);
  }
  expect([loop.counters.targets_slow, told]).toEqual([1, [['t7', true]]]);
  hanging.clear();
  ends.get('t7')?.(true);
  await until(1_070 * INTERVAL, INTERVAL / 4);
  expect([loop.counters.targets_slow, told.at(-1)]).toEqual([0, ['t7', false]]);
});

test('one long hang does not make a target slow', () => {
  const late = new LateTicks();
  expect([late.add(5), late.slow]).toEqual([false, false]);
  expect([late.add(2), late.add(0), late.add(1), late.slow]).toEqual([false, false, true, true]);
  for (let n = 0; n < 40; n++) late.add(0);
  expect(late.slow).toBe(false);
  expect([late.add(1_000), late.slow]).toEqual([true, true]);
});

test('however many targets hang or fail, the others are on time', async () => {
  const { loop, until, hanging, failing, ends, of } = loopOf({ failing_max: 5 });
  for (let n = 0; n < 300; n++) {
    loop.add(`bad${n}`);
    failing.add(`bad${n}`);
  }
  for (let n = 0; n < 50; n++) loop.add(`good${n}`);
  await until(INTERVAL);
  for (const key of failing) hanging.add(key);
  await until(8 * INTERVAL);
  expect(loop.counters.running).toBe(5);
  for (let n = 0; n < 50; n++) {
    const times = of(`good${n}`);
    expect(times.length).toBeGreaterThanOrEqual(7);
    for (let i = 1; i < times.length; i++) expect((times[i] ?? 0) - (times[i - 1] ?? 0)).toBe(INTERVAL);
  }
  hanging.clear();
  failing.clear();
  for (const end of ends.values()) end(true);
  await until(10 * INTERVAL);
  expect(loop.counters).toMatchObject({ running: 0, queued: 0 });
});

test('a target that recovers returns to its place', async () => {
  const { loop, until, failing, of } = loopOf();
  failing.add('a');
  loop.add('a');
  await until(12 * INTERVAL);
  failing.clear();
  await until(25 * INTERVAL);
  const times = of('a');
  const gaps = times.slice(1).map((at, i) => (at - (times[i] ?? 0)) / INTERVAL);
  expect(gaps[0]).toBe(1);
  expect(Math.max(...gaps)).toBeLessThanOrEqual(5.01);
  expect(gaps.slice(-3)).toEqual([1, 1, 1]);
  expect((times.at(-1) ?? 0) % INTERVAL).toBe((times[0] ?? 0) % INTERVAL);
});

test('a removed target runs no more, an added one begins within an interval', async () => {
  const { loop, until, of } = loopOf();
  loop.add('a');
  loop.add('b');
  await until(2 * INTERVAL);
  loop.remove('a');
  const before = of('a').length;
  await until(4 * INTERVAL);
  expect(of('a').length).toBe(before);
  loop.add('a');
  await until(5 * INTERVAL);
  expect(of('a').length).toBe(before + 1);
});

test('by the real clock one timer keeps the pace', async () => {
  const counts = new Map<string, number>();
  const done = new Promise<void>((resolve) => {
    const loop = new ScrapeLoop({
      clock: systemClock,
      interval_ms: 40,
      seed: 1,
      concurrency_max: 100,
      failing_max: 10,
      run: async (key) => {
        counts.set(key, (counts.get(key) ?? 0) + 1);
        if (counts.size === 50 && [...counts.values()].every((count) => count >= 3)) resolve();
        return true;
      },
    });
    for (let n = 0; n < 50; n++) loop.add(`t${n}`);
    onTestFinished(() => loop.stop(0));
  });
  await done;
  expect(Math.max(...counts.values()) - Math.min(...counts.values())).toBeLessThanOrEqual(2);
});

test('a stop waits for what runs well, and not for long', async () => {
  const runs: ((well: boolean) => void)[] = [];
  const started = (): ScrapeLoop => {
    const run = (): Promise<boolean> => new Promise((resolve) => runs.push(resolve));
    const loop = new ScrapeLoop({
      clock: systemClock,
      interval_ms: 1,
      seed: 1,
      concurrency_max: 9,
      failing_max: 9,
      run,
    });
    loop.add('a');
    loop.add('b');
    return loop;
  };
  const loop = started();
  await vi.waitFor(() => expect(runs.length).toBe(2));
  let stopped = false;
  const stopping = loop.stop(60_000).then(() => {
    stopped = true;
  });
  runs[0]?.(true);
  await new Promise((resolve) => setImmediate(resolve));
  expect(stopped).toBe(false);
  runs[1]?.(false);
  await stopping;
  expect(loop.counters).toMatchObject({ running: 0, queued: 0 });

  const hanging = started();
  await vi.waitFor(() => expect(runs.length).toBe(4));
  await hanging.stop(1);
});

test.each([
  [1, 1, 1],
  [2, 1.6, 2],
  [3, 3.2, 4],
  [4, 4, 5],
  [5, 4, 5],
  [1_000, 4, 5],
])('back-off after %i failures is %d to %d intervals', (failures, least, most) => {
  const waits = Array.from({ length: 200 }, (_, n) => backOffIntervals({ key: `t${n}`, failures, seed: 7 }));
  expect(Math.min(...waits)).toBeGreaterThanOrEqual(least);
  expect(Math.max(...waits)).toBeLessThanOrEqual(most);
  if (failures > 1) expect(new Set(waits.map((wait) => wait.toFixed(2))).size).toBeGreaterThan(10);
  expect(waits).toEqual(waits.map((_, n) => backOffIntervals({ key: `t${n}`, failures, seed: 7 })));
});
