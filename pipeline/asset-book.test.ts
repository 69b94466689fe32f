import { expect, it } from 'vitest';
import { ASSET_VERSIONS_MAX, Assets } from './asset-book.ts';
import { mergeAsset } from './asset-merge.ts';

const asset = (owner: string, gpu_uuid = 'GPU-1') => mergeAsset(undefined, { gpu_uuid, owner }, 1);
const owner = (book: Assets, at: number): string | undefined => book.get('GPU-1', book.edition(at))?.asset.owner;

it('answers as of an instant, and what was told last', () => {
  const book = new Assets();
  expect([book.edition(5), book.get('GPU-1', 0), book.latest('GPU-1')]).toEqual([0, undefined, undefined]);
  book.put(asset('a'), { edition: 3, from: 100 });
  book.put(asset('x', 'GPU-2'), { edition: 4, from: 100 });
  book.put(asset('b'), { edition: 9, from: 200 });
  expect([99, 100, 199, 200, 1e15].map((at) => [book.edition(at), owner(book, at)])).toEqual([
    [0, undefined],
    [4, 'a'],
    [4, 'a'],
    [9, 'b'],
    [9, 'b'],
  ]);
  expect(book.get('GPU-1', 4)?.edition).toBe(3);
  expect(book.latest('GPU-1')?.owner).toBe('b');
});

it('counts for everything without an instant', () => {
  const book = new Assets();
  book.put(asset('a'));
  book.put(asset('b'));
  expect([book.edition(0), owner(book, 0)]).toEqual([2, 'b']);
});

it('does not let an older change count later when the clock was set back', () => {
  const book = new Assets();
  book.put(asset('a'), { from: 200 });
  book.put(asset('b'), { from: 100 });
  expect([owner(book, 150), owner(book, 200)]).toEqual([undefined, 'b']);
});

it('keeps the last versions only', () => {
  const book = new Assets();
  for (let i = 1; i <= ASSET_VERSIONS_MAX + 1; i++) book.put(asset(String(i)), { from: i });
  expect([1, 2, 3].map((at) => owner(book, at))).toEqual([undefined, '2', '3']);
});
