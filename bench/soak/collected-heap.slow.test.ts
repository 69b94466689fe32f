import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, expect, it, vi } from 'vitest';
import { type CollectedHeap, collectedHeap } from './collected-heap.ts';

const MIB = 1_048_576;
/** On the JavaScript heap, unlike the bytes of a Buffer. */
const numbers = (mib: number): number[] => new Array<number>((mib * MIB) / 8).fill(7.5);

let now = 0;
let heap: CollectedHeap | null = null;
const start = (force_after_ms: number): CollectedHeap => {
  heap = collectedHeap({ clock: { monotonic: () => now }, force_after_ms, force_first_ms: 10_000 });
  return heap;
};
afterEach(() => {
  heap?.stop();
  heap = null;
});
async function collectedBytes(one: CollectedHeap): Promise<number> {
  const before = one.collections;
  now += 60_000;
  one.look();
  await vi.waitFor(() => expect(one.collections).toBeGreaterThan(before));
  return one.bytes ?? Number.NaN;
}

it('tells what is kept, and nothing of the garbage', async () => {
  const one = start(60_000);
  const empty = await collectedBytes(one);
  let kept: number[] | null = numbers(16);
  const held = await collectedBytes(one);
  expect((held - empty) / MIB).toBeGreaterThan(15);
  for (let i = 0; i < 4; i++) numbers(8);
  const littered = await collectedBytes(one);
  expect(Math.abs(littered - held) / MIB).toBeLessThan(8);
  expect(kept[7]).toBe(7.5);
  kept = null;
  const freed = await collectedBytes(one);
  expect((held - freed) / MIB).toBeGreaterThan(15);
  expect(one.collect_max_ms).toBeGreaterThan(0);
});

it('leaves a thread alone that has collected of late', async () => {
  const one = start(60_000);
  await collectedBytes(one);
  const { collections } = one;
  now += 59_000;
  one.look();
  await turn();
  expect(one.collections).toBe(collections);
});

it('leaves no way to collect to the program', async () => {
  await collectedBytes(start(60_000));
  expect(Reflect.has(globalThis, 'gc')).toBe(false);
  const { runInNewContext } = await import('node:vm');
  expect(runInNewContext('typeof gc')).toBe('undefined');
});
