import fc from 'fast-check';
import { expect, it } from 'vitest';
import { ByteStrings } from './byte-strings.ts';

it('keeps what a map of arrays keeps', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(300), fc.uint8Array({ maxLength: 200 })), { maxLength: 400 }), (changes) => {
      const strings = new ByteStrings();
      const twin = new Map<number, Uint8Array>();
      for (const [index, value] of changes) {
        strings.set(index, value);
        twin.set(index, value);
      }
      for (let index = 0; index <= 300; index++) {
        const wanted = twin.get(index) ?? new Uint8Array(0);
        expect(strings.length(index)).toBe(wanted.length);
        const target = new Uint8Array(wanted.length + 3).fill(7);
        if (wanted.length > 0) expect(strings.copyTo(index, target, 2)).toBe(wanted.length);
        else target.set(wanted, 2);
        expect(target).toEqual(Uint8Array.from([7, 7, ...wanted, 7]));
      }
    }),
    { numRuns: 60, seed: 1 },
  );
});

it('does not grow when the same strings are replaced for ever', () => {
  const strings = new ByteStrings();
  const value = new Uint8Array(100);
  for (let i = 0; i < 200_000; i++) strings.set(i % 50, value);
  const { bytes } = strings as unknown as { bytes: Buffer };
  expect(bytes.length).toBeLessThanOrEqual(16_384);
});
