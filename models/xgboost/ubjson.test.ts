import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readUbjson } from './ubjson.ts';

/** Bytes of text and numbers as they stand. */
const bytes = (...parts: (string | number)[]): Uint8Array =>
  Uint8Array.from(parts.flatMap((part) => (typeof part === 'number' ? [part] : [...Buffer.from(part, 'latin1')])));

const read = (data: Uint8Array): unknown =>
  readUbjson(data, (what) => {
    throw new RangeError(what);
  });

const NOUGHTS = [0, 0, 0, 0];

describe('values', () => {
  it.each<[string, Uint8Array, unknown]>([
    ['int8', bytes('i', 0xfe), -2],
    ['uint8', bytes('U', 0xfe), 254],
    ['int16', bytes('I', 0xff, 0xfe), -2],
    ['int32', bytes('l', 0, 1, 0, 0), 65_536],
    ['int64', bytes('L', ...NOUGHTS, 0, 1, 0, 0), 65_536],
    ['float32', bytes('d', 0x3f, 0xc0, 0, 0), 1.5],
    ['float64', bytes('D', 0x3f, 0xf8, ...NOUGHTS, 0, 0), 1.5],
    ['char', bytes('C', 'x'), 'x'],
    ['string', bytes('S', 'U', 5, 'gr', 0xc3, 0xbc, 'n'), 'grün'],
    ['high precision number', bytes('H', 'U', 3, '1.5'), '1.5'],
    ['true', bytes('T'), true],
    ['false', bytes('F'), false],
    ['null', bytes('Z'), null],
    ['no-op before a value', bytes('NNT'), true],
    ['list', bytes('[', 'U', 1, 'T', ']'), [1, true]],
    ['counted list', bytes('[#', 'U', 2, 'TF'), [true, false]],
    ['list of strings', bytes('[$S#', 'U', 1, 'U', 1, 'x'), ['x']],
    ['list of lists', bytes('[$[#', 'U', 1, 'T]'), [[true]]],
    ['bytes', bytes('[$U#', 'U', 2, 7, 255), Uint8Array.of(7, 255)],
    ['int8s', bytes('[$i#', 'U', 2, 7, 255), Int8Array.of(7, -1)],
    ['int16s', bytes('[$I#', 'U', 1, 1, 0), Int16Array.of(256)],
    ['int32s', bytes('[$l#', 'U', 1, 0, 0, 1, 0), Int32Array.of(256)],
    ['int64s', bytes('[$L#', 'U', 1, ...NOUGHTS, 0, 0, 1, 0), Float64Array.of(256)],
    ['float32s', bytes('[$d#', 'U', 1, 0x3f, 0xc0, 0, 0), Float32Array.of(1.5)],
    ['float64s', bytes('[$D#', 'U', 1, 0x3f, 0xf8, ...NOUGHTS, 0, 0), Float64Array.of(1.5)],
    ['object', bytes('{', 'U', 1, 'a', 'T', '}'), { a: true }],
    ['counted object', bytes('{#', 'U', 1, 'U', 1, 'a', 'U', 3), { a: 3 }],
    ['typed object', bytes('{$U#', 'U', 1, 'U', 1, 'a', 3), { a: 3 }],
    ['nothing in it', bytes('{', 'U', 1, 'a', '[]', 'U', 1, 'b', '{}', '}'), { a: [], b: {} }],
  ])('%s', (_, data, value) => {
    expect(read(data)).toEqual(value);
  });

  it('keeps a key that is called __proto__ to itself', () => {
    const value = read(bytes('{', 'U', 9, '__proto__', '{', 'U', 1, 'x', 'T', '}}')) as object;
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
    expect((value as { x?: unknown }).x).toBeUndefined();
  });
});

describe('refuses', () => {
  it.each<[string, Uint8Array, RegExp]>([
    ['nothing', bytes(), /ends/],
    ['half a number', bytes('l', 0, 0), /ends/],
    ['an unknown type', bytes('x'), /no type/],
    ['more after the end', bytes('TT'), /follow/],
    ['a list without an end', bytes('[T'), /ends/],
    ['a text longer than the file', bytes('Sl', 0x7f, 0xff, 0xff, 0xff, 'x'), /ends/],
    ['a negative length', bytes('Si', 0xff, 'x'), /length/],
    ['a length that is text', bytes('SS', 'U', 1, '1'), /length/],
    ['a list of more than the file has', bytes('[$d#l', 0x7f, 0xff, 0xff, 0xff, 0), /more than/],
    ['a list beyond any memory', bytes('[$U#L', 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff), /more than/],
    ['a thousand million trues', bytes('[$T#l', 0x3f, 0xff, 0xff, 0xff), /more than/],
    ['as many nulls in an object', bytes('{$Z#l', 0x3f, 0xff, 0xff, 0xff), /more than/],
    ['a type without a count', bytes('[$U', 1, ']'), /without a count/],
    ['a million brackets', new Uint8Array(1_000_000).fill(0x5b), /nested/],
  ])('%s', (_, data, what) => {
    expect(() => read(data)).toThrow(what);
  });

  it('or reads whatever bytes there are, and never fails in another way', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 80 }),
        fc.constantFrom('[', '{', '[$', '[#U', '{$S#U', '[$l#U'),
        (tail, head) => {
          try {
            read(bytes(head, ...tail));
          } catch (error) {
            expect(error).toBeInstanceOf(RangeError);
            expect((error as Error).message).not.toMatch(/offset|call stack|array length/i);
          }
        },
      ),
      { numRuns: 3_000, seed: 5 },
    );
  });
});
