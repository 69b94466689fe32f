import type { Draw } from '../../pipeline/simulation/seeded-random.ts';

/** What lengths, counts and offsets break at. */
const NUMBERS = [
  0,
  1,
  2,
  7,
  8,
  127,
  128,
  255,
  256,
  32_767,
  32_768,
  65_535,
  65_536,
  2 ** 24,
  2 ** 31 - 1,
  2 ** 31,
  2 ** 32 - 1,
];
const NUMBER_TEXTS = [
  ...['0', '-0', '-1', '1e999', '-1e999', '1e308', '5e-324', 'NaN', 'Infinity', 'null', 'true', '""', '[]', '{}'],
  ...[
    '9007199254740993',
    '18446744073709551616',
    '4294967296',
    '0x10',
    '1_000',
    '٣',
    '2147483632',
    '9.3e18',
    '1.',
    '.5',
  ],
];
/** Names that every object has, and other texts that are more than they look. */
const NAMES = [
  ...['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty', 'valueOf', '__defineGetter__'],
  ...[
    '../../../etc/passwd',
    'file:///etc/passwd',
    '\u0000',
    '\u2028',
    '\ud800',
    '\ufeff',
    '%s%n',
    '$(id)',
    "'; DROP TABLE x; --",
  ],
];

export interface MutationSource {
  readonly seeds: readonly Uint8Array[];
  readonly words: readonly string[];
  readonly bytes_max: number;
}

/** A few changes to a seed, all by the draws: bits, bytes, numbers, words, pieces moved, doubled, cut, taken from other seeds. */
export function mutateBytes(seed: Uint8Array, source: MutationSource, draw: Draw): Uint8Array {
  let bytes: Uint8Array = Uint8Array.from(seed);
  for (let changes = 1 + draw.below(6); changes > 0; changes--) bytes = changed(bytes, source, draw);
  return bytes.length > source.bytes_max ? bytes.slice(0, source.bytes_max) : bytes;
}

/**
 * So much of one thing that whatever is not linear in it takes too long: a byte or a piece of a seed again and again, or
 * a line or an element of it, each with another number inside.
 */
export function growBytes(seed: Uint8Array, size: number, source: MutationSource, draw: Draw): Uint8Array {
  if (draw.chance(0.4)) return growNumbered(seed, size, draw);
  const from = draw.below(seed.length + 1);
  const to = Math.min(seed.length, from + (draw.chance(0.6) ? 1 : draw.below(24)));
  const chosen = draw.chance(0.3)
    ? Buffer.from(draw.pick(source.words.length > 0 && draw.chance(0.5) ? source.words : UNITS), 'utf8')
    : seed.slice(from, to);
  const unit = chosen.length === 0 ? Uint8Array.of(32) : chosen;
  const times = Math.max(1, Math.floor((size - seed.length) / unit.length));
  const grown = new Uint8Array(unit.length * times);
  for (let at = 0; at < grown.length; at += unit.length) grown.set(unit, at);
  return joined(seed.subarray(0, from), grown, seed.subarray(draw.chance(0.5) ? to : from));
}

function growNumbered(seed: Uint8Array, size: number, draw: Draw): Uint8Array {
  const text = Buffer.from(seed).toString('latin1');
  const [mark, close] = draw.pick([
    ['\n', '\n'],
    ['\n', '\n'],
    ['{', '},'],
    [',', ','],
    ['[', '],'],
  ] as const);
  const from = Math.max(0, text.lastIndexOf(mark, draw.below(text.length + 1)));
  const found = text.indexOf(close, from + 1);
  const to = found < 0 ? text.length : found + close.length;
  const unit = text.slice(from, to);
  const place = draw.below(unit.length + 1);
  const other = draw.chance(0.5) ? draw.below(unit.length + 1) : place;
  const [first, second] = place < other ? [place, other] : [other, place];
  const parts: string[] = [];
  for (let length = text.length, n = 1; length < size; n++) {
    const number = String(n);
    const part =
      unit.slice(0, first) + number + unit.slice(first, second) + (first === second ? '' : number) + unit.slice(second);
    length += part.length;
    parts.push(part);
  }
  return Uint8Array.from(Buffer.from(text.slice(0, from) + parts.join('') + text.slice(to), 'latin1')).slice(0, size);
}

const UNITS = [
  ' ',
  '\t',
  '\n',
  '0',
  '1',
  '9',
  '"',
  '\\',
  '\\"',
  ',',
  '{',
  '[',
  '(',
  '[[',
  '{"a":',
  '- ',
  '"a,',
  '\r',
  '\u0000',
  'é',
  '_',
  '.',
];

function changed(bytes: Uint8Array, source: MutationSource, draw: Draw): Uint8Array {
  const at = draw.below(bytes.length + 1);
  const size = 1 + draw.below(draw.chance(0.8) ? 8 : 64);
  const end = Math.min(bytes.length, at + size);
  switch (draw.below(11)) {
    case 0:
      if (at < bytes.length) bytes[at] = (bytes[at] as number) ^ (1 << draw.below(8));
      return bytes;
    case 1:
      if (at < bytes.length)
        bytes[at] = draw.chance(0.3) ? draw.pick([0, 255, 10, 13, 34, 92, 123, 125]) : draw.below(256);
      return bytes;
    case 2:
      return joined(bytes.subarray(0, at), bytes.subarray(end));
    case 3:
      return joined(bytes.subarray(0, end), bytes.subarray(at));
    case 4:
      return putNumber(bytes, at, draw);
    case 5:
      return putNumberText(bytes, at, draw);
    case 6: {
      const word = draw.chance(0.3) || source.words.length === 0 ? draw.pick(NAMES) : draw.pick(source.words);
      return joined(bytes.subarray(0, at), Buffer.from(word, 'utf8'), bytes.subarray(draw.chance(0.5) ? at : end));
    }
    case 7: {
      const other = draw.pick(source.seeds);
      const from = draw.below(other.length + 1);
      return joined(
        bytes.subarray(0, at),
        other.subarray(from, from + draw.below(other.length - from + 1)),
        bytes.subarray(end),
      );
    }
    case 8:
      return bytes.slice(0, at);
    case 9: {
      const random = Uint8Array.from({ length: size }, () => draw.below(256));
      return joined(bytes.subarray(0, at), random, bytes.subarray(draw.chance(0.5) ? at : end));
    }
    default: {
      // A line or a cell moved elsewhere.
      const mark = draw.pick([10, 44, 32, 59]);
      const stop = bytes.indexOf(mark, at);
      const piece = bytes.slice(at, stop < 0 ? bytes.length : stop + 1);
      const to = draw.below(bytes.length + 1);
      return joined(bytes.subarray(0, to), piece, bytes.subarray(to));
    }
  }
}

function putNumber(bytes: Uint8Array, at: number, draw: Draw): Uint8Array {
  const width = draw.pick([1, 2, 4, 8]);
  if (at + width > bytes.length) return bytes;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const value = draw.chance(0.5) ? draw.pick(NUMBERS) : draw.below(300);
  const little = draw.chance(0.7);
  if (width === 1) view.setUint8(at, value & 255);
  else if (width === 2) view.setUint16(at, value & 65_535, little);
  else if (width === 4) view.setUint32(at, value >>> 0, little);
  else view.setFloat64(at, draw.pick([Number.NaN, Infinity, -Infinity, -0, 1e308, -1, value]), little);
  return bytes;
}

/** Another number where one stands. */
function putNumberText(bytes: Uint8Array, near: number, draw: Draw): Uint8Array {
  const isDigit = (byte: number | undefined): boolean => byte !== undefined && byte >= 48 && byte <= 57;
  let from = near;
  while (from < bytes.length && !isDigit(bytes[from])) from++;
  let to = from;
  while (isDigit(bytes[to]) || bytes[to] === 46) to++;
  const text = draw.chance(0.7) ? draw.pick(NUMBER_TEXTS) : String(draw.between(-1e6, 1e6));
  return joined(bytes.subarray(0, from), Buffer.from(text, 'utf8'), bytes.subarray(to));
}

const joined = (...parts: readonly Uint8Array[]): Uint8Array => Uint8Array.from(Buffer.concat(parts));
