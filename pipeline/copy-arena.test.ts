import { expect, it } from 'vitest';
import { CopyArena } from './copy-arena.ts';

it('copies into one memory after the first round, whatever the types', () => {
  const arena = new CopyArena();
  const sources = [
    Float64Array.from([1, Number.NaN, 3]),
    Uint8Array.from([1, 2, 3, 4, 5]),
    Float32Array.from([0.5, 0.25]),
    Uint16Array.from([65_535]),
    Uint32Array.from([]),
  ];
  const round = () => sources.map((source) => arena.copy(source, source.length));
  expect(round()).toEqual(sources);
  for (let i = 0; i < 3; i++) {
    arena.reset();
    const copies = round();
    expect(copies).toEqual(sources);
    expect(new Set(copies.map(({ buffer }) => buffer)).size).toBe(1);
  }
});

it('copies no more than asked for, and nothing of it moves with the source', () => {
  const arena = new CopyArena();
  const source = Float64Array.from([1, 2, 3, 4]);
  arena.copy(source, 4);
  arena.reset();
  const copy = arena.copy(source, 2);
  source.fill(9);
  expect(copy).toEqual(Float64Array.from([1, 2]));
});

it('gives arrays of their own when a round needs more than the last', () => {
  const arena = new CopyArena();
  arena.copy(new Uint8Array(8), 8);
  arena.reset();
  const large = Float64Array.from({ length: 100 }, (_, i) => i);
  const copies = [arena.copy(large, 100), arena.copy(large, 100)];
  expect(copies).toEqual([large, large]);
  arena.reset();
  const [first, second] = [arena.copy(large, 100), arena.copy(large, 100)];
  expect([first, second]).toEqual([large, large]);
  expect(first.buffer).toBe(second.buffer);
});
