import { expect, it } from 'vitest';
import { snappy, varint } from './request.fixture.ts';
import { SnappyBlocks, SnappyError } from './snappy-block.ts';

const blocks = () => new SnappyBlocks({ size_max_bytes: 1_000_000 });

/** Deterministic: mixed runs, repetitions and noise. */
function text(seed: number, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  let state = seed + 1;
  const random = (): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state >>> 8;
  };
  for (let at = 0; at < length; ) {
    const run = 1 + (random() % 90);
    const back = random() % 3 === 0 ? 0 : 1 + (random() % Math.max(1, at));
    for (let i = 0; i < run && at < length; i++, at++) {
      bytes[at] = back > 0 && at >= back ? (bytes[at - back] as number) : random() % 256;
    }
  }
  return bytes;
}

it('unpacks what another library has packed, whatever its size', () => {
  const reader = blocks();
  for (const length of [0, 1, 59, 60, 61, 255, 256, 257, 5_000, 65_535, 65_536, 65_537, 300_000]) {
    const bytes = text(length, length);
    expect(Buffer.from(reader.unpack(snappy(bytes))).equals(Buffer.from(bytes)), `${length} bytes`).toBe(true);
  }
});

it.each([
  ['nothing at all', []],
  ['a size that never ends', [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1]],
  ['a size and no data', [...varint(10)]],
  ['less than announced', [...varint(10), 0x04, 65, 66]],
  ['more than announced', [...varint(1), 0x04, 65, 66]],
  ['a literal that is cut off', [...varint(10), 0x24, 65]],
  ['a long literal whose length is cut off', [...varint(100), 0xf4, 1]],
  ['a copy from before the start', [...varint(8), 0x00, 65, 0x01, 2]],
  ['a copy from nowhere', [...varint(8), 0x00, 65, 0x01, 0]],
  ['a copy that is cut off', [...varint(8), 0x00, 65, 0x02, 1]],
  ['a far copy that is cut off', [...varint(8), 0x00, 65, 0x03, 1, 0, 0]],
  ['a copy beyond the announced end', [...varint(3), 0x00, 65, 0x0d, 1]],
])('refuses %s', (_, bytes) => {
  expect(() => blocks().unpack(Uint8Array.from(bytes))).toThrow(SnappyError);
});

it('refuses a bomb by what it announces, before it takes memory for it', () => {
  const announced = (bytes: number): Uint8Array => Uint8Array.from([...varint(bytes), 0x00, 65]);
  expect(() => blocks().unpack(announced(2 ** 32 - 1))).toThrow(/at most 1000000/);
  expect(() => blocks().unpack(announced(999_999))).toThrow(/cannot unpack/);
});

it('repeats short patterns', () => {
  // One byte, then a copy of 11 from 1 back; two more, then 8 from 3 back.
  expect([...blocks().unpack(Uint8Array.from([...varint(12), 0x00, 7, 0x1d, 1]))]).toEqual(Array(12).fill(7));
  const threes = blocks().unpack(Uint8Array.from([...varint(11), 0x08, 1, 2, 3, 0x11, 3]));
  expect([...threes]).toEqual([1, 2, 3, 1, 2, 3, 1, 2, 3, 1, 2]);
});
