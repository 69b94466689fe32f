const DIGITS = [
  { word: 0, shift: 0, mask: 0x7ff },
  { word: 0, shift: 11, mask: 0x7ff },
  { word: 0, shift: 22, mask: 0x3ff },
  { word: 1, shift: 0, mask: 0x7ff },
  { word: 1, shift: 11, mask: 0x7ff },
  { word: 1, shift: 22, mask: 0x3ff },
] as const;

/**
 * Indices of the numbers in rising order; equal ones (0 and -0 are) in the order that they have, NaN not allowed.
 * `pick` names the indices to sort, all without it.
 * Cost     a radix sort over six digits of 11 bits, digits that all numbers share left out: 100,000 floats in some 4 ms.
 */
export function sortedOrder(values: ArrayLike<number>, pick?: Uint32Array): Uint32Array {
  const count = pick === undefined ? values.length : pick.length;
  let from: Uint32Array = new Uint32Array(count);
  let to: Uint32Array = new Uint32Array(count);
  const low = new Uint32Array(values.length);
  const high = new Uint32Array(values.length);
  const one = new Float64Array(1);
  const words = new Uint32Array(one.buffer);
  const counts = DIGITS.map(() => new Uint32Array(2_048));
  for (let i = 0; i < count; i++) {
    const index = pick === undefined ? i : (pick[i] as number);
    from[i] = index;
    one[0] = (values[index] as number) + 0;
    let lo = words[0] as number;
    let hi = words[1] as number;
    // Negative numbers rise as their bits fall.
    if (hi >>> 31 === 1) {
      lo = ~lo;
      hi = ~hi;
    } else hi ^= 0x8000_0000;
    low[index] = lo;
    high[index] = hi;
    for (let digit = 0; digit < 6; digit++) {
      const { word, shift, mask } = DIGITS[digit] as (typeof DIGITS)[number];
      const at = ((word === 0 ? lo : hi) >>> shift) & mask;
      (counts[digit] as Uint32Array)[at] = ((counts[digit] as Uint32Array)[at] as number) + 1;
    }
  }
  for (let digit = 0; digit < 6; digit++) {
    const { word, shift, mask } = DIGITS[digit] as (typeof DIGITS)[number];
    const starts = counts[digit] as Uint32Array;
    if (starts.includes(count)) continue;
    let start = 0;
    for (let at = 0; at <= mask; at++) {
      const size = starts[at] as number;
      starts[at] = start;
      start += size;
    }
    const keys = word === 0 ? low : high;
    for (let i = 0; i < count; i++) {
      const index = from[i] as number;
      const at = ((keys[index] as number) >>> shift) & mask;
      const place = starts[at] as number;
      to[place] = index;
      starts[at] = place + 1;
    }
    const spare = from;
    from = to;
    to = spare;
  }
  return from;
}
