/** Draws of one seed; mulberry32 (T. Ettinger, public domain). */
export interface Draw {
  /** [0, 1). */
  unit(): number;
  /** [from, to). */
  between(from: number, to: number): number;
  /** Whole number in [0, count). */
  below(count: number): number;
  chance(share: number): boolean;
  pick<T>(list: readonly T[]): T;
}

/** `purpose` keeps the draws of one thing from moving those of another. */
export function seededDraw(seed: number, purpose: number): Draw {
  let state = (Math.imul(seed + 1, 0x9e3779b1) ^ Math.imul(purpose + 1, 0x85ebca6b)) >>> 0;
  const unit = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
  const below = (count: number): number => Math.floor(unit() * count);
  return {
    unit,
    below,
    between: (from, to) => from + unit() * (to - from),
    chance: (share) => unit() < share,
    pick: (list) => list[below(list.length)] as (typeof list)[number],
  };
}
