import { describe, expect, it } from 'vitest';
import { ExpositionParser } from '../../pipeline/collect/exposition-parser.ts';
import { chaosInput } from './chaos-input.ts';

const START_MS = Date.UTC(2026, 4, 1, 6);

describe('the input of chaos runs', () => {
  it('is the same every time, and moves on by whole instants', () => {
    const [one, other] = [0, 1].map(() => chaosInput({ ticks: 30, start_ms: START_MS }));
    expect(JSON.stringify(one)).toBe(JSON.stringify(other));
    expect(one?.ticks.map(({ ts }) => ts)).toEqual(Array.from({ length: 30 }, (_, n) => START_MS + n * 60_000));
    expect(one?.ticks[24]?.foreign).toHaveLength(4);
  });

  it('is read from a body of several nodes and instants as one scrape a node and instant, in order', () => {
    const { ticks } = chaosInput({ ticks: 6, start_ms: START_MS });
    let refused = 0;
    const parser = new ExpositionParser();
    for (let tick = 0; tick < 6; tick += 2) {
      const two = ticks.slice(tick, tick + 2);
      const body = two.flatMap(({ pages }) => pages.map(({ text }) => text)).join('');
      const scrapes = parser.parse(Buffer.from(body), { fallback_node: 'target', ts: Date.UTC(2026, 8, 1) });
      expect(scrapes.map(({ node, ts }) => [node, ts])).toEqual(
        two.flatMap(({ ts, pages }) => pages.map(({ node }) => [node, ts])),
      );
      expect(scrapes.every(({ ts, gpus }) => gpus.length > 0 && gpus.every((gpu) => gpu.ts === ts))).toBe(true);
      refused += scrapes.flatMap(({ refusals }) => refusals).length;
    }
    expect(refused).toBeGreaterThan(3);
    expect(ticks[0]?.pages.length).toBeGreaterThanOrEqual(3);
  });
});
