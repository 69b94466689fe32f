import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { METRIC_COUNT, type MetricName, metricIndex } from '../../pipeline/contract/metrics.ts';
import { type DurationMs, minutes, seconds } from '../../pipeline/contract/time.ts';
import { TIERS, type Tier } from '../../pipeline/contract/windows.ts';
import { random, START_MS } from '../core/laws.fixture.ts';
import { MOMENTS } from './moments.ts';
import { createPaneSet, type PaneCells, type PaneSet } from './pane-set.ts';
import { expectMoments, inWindow, type Reading } from './pane-twin.fixture.ts';

const METRIC_NAMES: readonly MetricName[] = ['gpu_temp_celsius', 'power_watts', 'fb_used_bytes'];
const LATENESS = minutes(5);

/** The same shape at a sixtieth of the size, so that short histories cross every kind of boundary. */
const SMALL_TIERS: readonly Tier[] = TIERS.map(({ window, length, pane }) => ({
  window,
  length: (length / 60) as DurationMs,
  pane: (pane / 60) as DurationMs,
}));

function cellsOf(set: PaneSet, gpus: number): PaneCells {
  const { live, open, closed_means, closed_rest, newest } = set.columns;
  return {
    live: new Float64Array(gpus * live.width),
    open: new Float64Array(gpus * open.width),
    closed_means: new Float64Array(gpus * closed_means.width),
    closed_rest: new Float32Array(gpus * closed_rest.width),
    newest: new Uint32Array(gpus * newest.width),
  };
}

/** One GPU's panes beside the raw readings that they took. */
function watched(tiers: readonly Tier[], lateness_max: DurationMs) {
  const set = createPaneSet({ metrics: METRIC_NAMES, tiers, lateness_max });
  const cells = cellsOf(set, 3);
  const gpu = 1;
  const taken: Reading[][] = METRIC_NAMES.map(() => []);
  const into = new Float64Array(MOMENTS);
  const row = new Float64Array(METRIC_COUNT);
  let newest = 0;
  return {
    set,
    cells,
    add(ts: number, values: readonly number[]): boolean {
      row.fill(Number.NaN);
      METRIC_NAMES.forEach((name, m) => {
        row[metricIndex(name)] = values[m] ?? Number.NaN;
      });
      const pane = set.locate(cells, gpu, ts);
      if (pane < 0) return false;
      newest = Math.max(newest, ts);
      set.add(cells, gpu, pane, ts, row, 0);
      values.forEach((value, m) => {
        if (!Number.isNaN(value)) taken[m]?.push({ ts, value });
      });
      return true;
    },
    check(t: number): void {
      tiers.forEach((tier, k) => {
        METRIC_NAMES.forEach((name, m) => {
          const label = `${name} over ${tier.window}`;
          const expected = inWindow(taken[m] as Reading[], tier, t);
          set.read(cells, gpu, m, k, t, into);
          expectMoments(into, expected, label);
          const whole = Array.from(into);
          set.read(cells, gpu, m, k, t, into, true);
          if ((Math.floor(newest / tier.pane) + 1) * tier.pane <= t - tier.length) return;
          set.addNewest(cells, gpu, m, into);
          // What `read` gave for times and extremes does not matter here.
          for (const i of [3, 4, 5, 6, 7]) into[i] = whole[i] as number;
          expectMoments(into, expected, `${label} in two parts`);
        });
      });
      for (const other of [0, 2]) expect(cells.newest[other]).toBe(0);
    },
  };
}

describe('panes', () => {
  it('differential: every window equals two passes over the raw readings of its panes', () => {
    const step = fc.record({
      gap_s: fc.oneof(
        { weight: 8, arbitrary: fc.integer({ min: 0, max: 4 }) },
        { weight: 2, arbitrary: fc.integer({ min: 5, max: 400 }) },
        { weight: 1, arbitrary: fc.integer({ min: 401, max: 20_000 }) },
      ),
      late_ms: fc.oneof(
        { weight: 6, arbitrary: fc.constant(0) },
        { weight: 1, arbitrary: fc.integer({ max: 5_000, min: 1 }) },
      ),
      missing: fc.integer({ min: 0, max: 7 }),
      noise: fc.integer({ min: -1_000_000, max: 1_000_000 }).map((n) => n / 1_000_000),
    });
    const history = fc.record({
      // Levels from 0 to a large offset, spreads from a thousandth to a thousand.
      level: fc.constantFrom(0, 60, 1e4, 1e7, 1e9),
      spread: fc.constantFrom(1e-3, 1, 1e3),
      start: fc.integer({ min: 0, max: 10_000_000 }),
      steps: fc.array(step, { minLength: 1, maxLength: 300 }),
    });
    fc.assert(
      fc.property(history, ({ level, spread, start, steps }) => {
        const gpu = watched(SMALL_TIERS, seconds(5));
        let now = START_MS + start;
        steps.forEach(({ gap_s, late_ms, missing, noise }, i) => {
          now += gap_s * 1_000;
          const value = level + noise * spread;
          const values = [value, i % 50 < 25 ? value : 2 * level + value, level].map((v, m) =>
            missing & (1 << m) && missing < 5 ? Number.NaN : v,
          );
          expect(gpu.add(now - late_ms, values)).toBe(true);
          if (i % 40 === 39) gpu.check(now);
        });
        gpu.check(now);
        gpu.check(now + 3_000);
        gpu.check(now + 700_000);
      }),
      { numRuns: 150, seed: 4 },
    );
  });

  it('differential: the real windows over ten days, with late rows and a day of silence', () => {
    const gpu = watched(TIERS, LATENESS);
    const next = random(3);
    for (let i = 0; i < 10 * 1_440; i++) {
      if (i > 4_000 && i < 5_500) continue;
      const ts = START_MS + i * 60_000 - (next() < 0.1 ? Math.floor(next() * LATENESS) : 0);
      const busy = Math.sin(i / 229) > 0 ? 1 : 0;
      gpu.add(ts, [40 + 30 * busy + 4 * next(), 100 + 500 * busy * next(), 8e10 + Math.floor(next() * 50) * 2 ** 20]);
      if (i % 2_399 === 0) gpu.check(START_MS + i * 60_000);
    }
    gpu.check(START_MS + 10 * 86_400_000);
  });

  it('does not drift: a million rows at an offset, then the spread of the last hour alone', () => {
    const gpu = watched(SMALL_TIERS, seconds(5));
    const next = random(5);
    const row = [0, 0, 0];
    for (let i = 0; i < 1_000_000; i++) {
      const wild = i < 990_000 ? 1e6 * next() : 0.01 * next();
      row[0] = 1e6 + wild;
      row[1] = 1e3 * wild;
      row[2] = 7;
      gpu.add(START_MS + i * 100, row);
    }
    gpu.check(START_MS + 999_999 * 100);
  }, 60_000);

  it('keeps a constant exactly: spread and trend are 0 after any number of merges', () => {
    const gpu = watched(SMALL_TIERS, seconds(5));
    for (let i = 0; i < 20_000; i++) gpu.add(START_MS + i * 1_000, [65.3, 0.1, 1e9 + 0.3]);
    const into = new Float64Array(MOMENTS);
    for (let k = 0; k < SMALL_TIERS.length; k++) {
      for (let m = 0; m < METRIC_NAMES.length; m++) {
        gpu.set.read(gpu.cells, 1, m, k, START_MS + 20_000_000, into);
        expect(into[1]).toBe([65.3, 0.1, 1e9 + 0.3][m]);
        expect(into[2]).toBe(0);
        expect(into[7]).toBe(0);
      }
    }
  });

  it('refuses a row whose pane is no longer live, and finds every one within the lateness', () => {
    const gpu = watched(TIERS, LATENESS);
    for (let i = 0; i < 2_000; i++) {
      const now = START_MS + i * 37_000;
      expect(gpu.add(now, [1, 2, 3])).toBe(true);
      expect(gpu.add(now - LATENESS, [1, 2, 3])).toBe(true);
      expect(gpu.add(now - LATENESS - minutes(10), [1, 2, 3])).toBe(false);
    }
    gpu.check(START_MS + 2_000 * 37_000);
  });

  it('takes the first rows of time itself and tiers that do not nest are an error of ours', () => {
    const gpu = watched(TIERS, LATENESS);
    gpu.add(1, [1, 2, 3]);
    gpu.add(400_000, [2, 3, 4]);
    gpu.check(500_000);
    const [hour, , day] = TIERS as [Tier, Tier, Tier];
    const odd = { ...day, pane: minutes(7) };
    expect(() => createPaneSet({ metrics: METRIC_NAMES, tiers: [hour, odd], lateness_max: LATENESS })).toThrow(
      /multiple/,
    );
  });
});
