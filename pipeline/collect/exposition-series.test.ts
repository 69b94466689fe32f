import { expect, it } from 'vitest';
import { SeriesCache } from './exposition-series.ts';

const NAMES = Array.from({ length: 20 }, (_, i) => `metric_${i}`);
const bodyOf = (pods: readonly string[], names = NAMES): string[] =>
  names.flatMap((name) => pods.map((pod, gpu) => `${name}{gpu="${gpu}",pod="${pod}"} `));

/** How many lines of a scrape were not where the one before had them. */
function misses(cache: SeriesCache, lines: readonly string[]): number {
  const bytes = Buffer.from(lines.map((line) => `${line}1\n`).join(''));
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let missed = 0;
  cache.begin();
  for (let at = 0; at < bytes.length; at = cache.valueAt + 2) {
    if (cache.predict(view, at, bytes.length)) continue;
    missed++;
    expect(cache.find(bytes, at, bytes.length)).toBe(true);
  }
  cache.end();
  expect(cache.lines).toBe(lines.length);
  return missed;
}

const PODS = ['a', 'b', 'c', 'd'];

it.each<[string, string[], number]>([
  ['the same scrape', bodyOf(PODS), 0],
  ['one GPU under another pod', bodyOf(['a', 'b', 'x', 'd']), 1],
  ['all GPUs under other pods', bodyOf(['w', 'x', 'y', 'z']), 4],
  ['a GPU lost: one a metric', bodyOf(['a', 'b', 'c']), 19],
  ['a metric lost', bodyOf(PODS, NAMES.toSpliced(7, 1)), 1],
  ['a metric more, in the middle', bodyOf(PODS, NAMES.toSpliced(7, 0, 'new')), 4],
])('%s is missed only where it differs', (_, lines, expected) => {
  const cache = new SeriesCache();
  expect(misses(cache, bodyOf(PODS))).toBe(80);
  expect(misses(cache, bodyOf(PODS))).toBe(0);
  expect(misses(cache, lines)).toBe(expected);
  expect(misses(cache, lines)).toBe(0);
});

it('holds each name and each label block once', () => {
  const cache = new SeriesCache();
  misses(cache, bodyOf(PODS));
  expect([cache.names, cache.blocks.length]).toEqual([20, 4]);
  cache.forget();
  expect([cache.names, cache.blocks.length]).toEqual([0, 0]);
  expect(misses(cache, bodyOf(PODS))).toBe(80);
});
