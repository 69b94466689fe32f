/**
 * Numbers of the exposition formats, from bytes.
 *
 * `readDecimal` is the hot path: an optional minus, digits, an optional fraction. Up to 15 digits the digits are exact in
 * a double and so is the power of ten, hence one division rounds once, like the reference conversion (Clinger 1990, "How
 * to read floating point numbers accurately"). Anything else is left to `Number`.
 */
const DIGITS_MAX = 15;
const POWERS = Float64Array.from({ length: DIGITS_MAX + 1 }, (_, k) => 10 ** k);

const NUMBER = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?$/;
const NAN = /^[+-]?nan$/i;
const INFINITE = /^([+-]?)inf(?:inity)?$/i;

/** Where the last `readDecimal` stopped: one shared cell, read at once, instead of an object a number. */
export const decimal = { end: 0 };

/**
 * Reads at `from` up to the first byte that is no part of a plain decimal, and sets `decimal.end` to it. NaN when there is
 * no such number or it is too long for the exact path; the caller then looks at the text.
 */
export function readDecimal(bytes: Uint8Array, from: number, to: number): number {
  let at = from;
  const negative = at < to && bytes[at] === 45;
  if (negative) at++;
  const start = at;
  let digits = 0;
  let point = -1;
  for (; at < to; at++) {
    const digit = (bytes[at] as number) - 48;
    if (digit >= 0 && digit <= 9) {
      digits = digits * 10 + digit;
    } else if (digit === -2 && point < 0) {
      point = at;
    } else {
      break;
    }
  }
  decimal.end = at;
  const length = at - start - (point < 0 ? 0 : 1);
  if (length === 0 || length > DIGITS_MAX) return Number.NaN;
  const value = point < 0 ? digits : digits / (POWERS[at - point - 1] as number);
  return negative ? -value : value;
}

/** A number in any spelling that exposition formats allow, infinities included; null when the text is none. */
export function readNumber(text: string): number | null {
  if (NUMBER.test(text)) return Number(text);
  if (NAN.test(text)) return Number.NaN;
  const infinite = INFINITE.exec(text);
  if (infinite === null) return null;
  return infinite[1] === '-' ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
}
