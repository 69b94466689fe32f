import { describe, expect, it } from 'vitest';
import { random } from '../core/laws.fixture.ts';
import { type AdwinCut, type AdwinState, adwinStart, adwinUpdate } from './adwin.ts';
import { AdwinTwin } from './adwin-twin.fixture.ts';

/** Readings with a jump, a drift, or neither. */
const STREAMS: readonly [string, (i: number, next: number) => number][] = [
  ['one level', (_, next) => (next < 0.3 ? 1 : 0)],
  ['a jump up', (i, next) => (i < 700 ? next : next + 0.6)],
  ['a jump down', (i, next) => (i < 500 ? next * 4 : next)],
  ['a slow drift', (i, next) => next + i / 900],
  ['levels that alternate', (i, next) => (Math.floor(i / 300) % 2) * 2 + next],
  ['a large offset', (i, next) => 1e6 + next + (i > 800 ? 1 : 0)],
];

describe('adwin', () => {
  it.each(STREAMS)('does what its twin over raw readings does: %s', (_, reading) => {
    for (const seed of [1, 2]) {
      const next = random(seed);
      const state = adwinStart();
      const twin = new AdwinTwin(0.002);
      for (let i = 0; i < 1_500; i++) {
        const value = reading(i, next());
        expect([i, adwinUpdate(state, value, 0.002) !== null]).toEqual([i, twin.update(value)]);
      }
      const window = twin.window();
      expect(state.width).toBe(window.length);
      expect(state.sum / state.width).toBeCloseTo(window.reduce((sum, value) => sum + value, 0) / window.length, 6);
    }
  });

  it('tells the means around a cut, and keeps only the newer readings', () => {
    const state = adwinStart();
    let cut: AdwinCut | null = null;
    let i = 0;
    for (; cut === null && i < 2_000; i++) cut = adwinUpdate(state, i < 640 ? 0 : 1, 0.002);
    expect(i).toBeGreaterThan(640);
    expect(i).toBeLessThanOrEqual(704);
    expect(cut?.before).toBeLessThan(0.1);
    expect(cut?.after).toBeGreaterThan(0.9);
    expect(i - (cut?.newer ?? 0)).toBe(640);
    expect(state.width).toBeLessThan(300);
  });

  it('is quiet for a year of one level, in few numbers', () => {
    const next = random(5);
    const state = adwinStart();
    for (let i = 0; i < 52_560; i++) expect(adwinUpdate(state, next() < 0.05 ? 0.69 : 0, 1e-4, 6)).toBeNull();
    expect(state.rows.flat().length).toBeLessThanOrEqual(2 * 5 * 14);
  });

  it('goes on from its JSON as if nothing had happened', () => {
    const next = random(6);
    let [whole, parted]: AdwinState[] = [adwinStart(), adwinStart()];
    for (let i = 0; i < 900; i++) {
      const value = next() + (i > 500 ? 0.7 : 0);
      if (i % 97 === 0) parted = JSON.parse(JSON.stringify(parted)) as AdwinState;
      expect(adwinUpdate(parted as AdwinState, value, 0.002)).toEqual(adwinUpdate(whole as AdwinState, value, 0.002));
    }
    whole = JSON.parse(JSON.stringify(whole)) as AdwinState;
    expect(parted).toEqual(whole);
  });
});
