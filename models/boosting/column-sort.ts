/** Sorts one column after another in the same room. */
export interface ColumnSort {
  /**
   * Rows that have a value (not NaN), by rising value, equal ones (0 and -0 are) by rising row. The answer is overwritten by
   * the next call.
   * Cost     a radix sort over three digits of 11 bits, digits that all values share left out: 100,000 values in 1 to 2 ms.
   */
  order(column: Float32Array): Uint32Array;
}

const BITS = 11;
const SIZE = 1 << BITS;
const MASK = SIZE - 1;

export function columnSort(rows: number): ColumnSort {
  const counts = [new Uint32Array(SIZE), new Uint32Array(SIZE), new Uint32Array(SIZE)] as const;
  const [low, middle, high] = counts;
  const one = new Float32Array(1);
  const word = new Uint32Array(one.buffer);
  let keys = new Uint32Array(rows);
  let order = new Uint32Array(rows);
  let spare_keys = new Uint32Array(rows);
  let spare_order = new Uint32Array(rows);

  function scatter(starts: Uint32Array, shift: number, count: number): void {
    if (starts.includes(count)) return;
    let start = 0;
    for (let digit = 0; digit < SIZE; digit++) {
      const size = starts[digit] as number;
      starts[digit] = start;
      start += size;
    }
    for (let i = 0; i < count; i++) {
      const key = keys[i] as number;
      const digit = (key >>> shift) & MASK;
      const place = starts[digit] as number;
      starts[digit] = place + 1;
      spare_keys[place] = key;
      spare_order[place] = order[i] as number;
    }
    [keys, spare_keys] = [spare_keys, keys];
    [order, spare_order] = [spare_order, order];
  }

  return {
    order(column) {
      for (const list of counts) list.fill(0);
      let count = 0;
      for (let row = 0; row < column.length; row++) {
        const value = column[row] as number;
        if (Number.isNaN(value)) continue;
        one[0] = value + 0;
        const bits = word[0] as number;
        // Negative numbers rise as their bits fall.
        const key = (bits >>> 31 === 1 ? ~bits : bits ^ 0x8000_0000) >>> 0;
        keys[count] = key;
        order[count] = row;
        count++;
        low[key & MASK] = (low[key & MASK] as number) + 1;
        middle[(key >>> BITS) & MASK] = (middle[(key >>> BITS) & MASK] as number) + 1;
        high[key >>> (2 * BITS)] = (high[key >>> (2 * BITS)] as number) + 1;
      }
      if (count > 0) counts.forEach((starts, digit) => void scatter(starts, digit * BITS, count));
      return order.subarray(0, count);
    },
  };
}
