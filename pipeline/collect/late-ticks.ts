const TICKS = 32;
const SLOW_FROM = 8;
const IN_TIME_FROM = 2;

/** Which of the last 32 ticks of a target were left out because its last scrape still ran, newest first. */
export class LateTicks {
  #left_out = 0;
  #slow = false;

  /** A quarter of them; from then on until almost none are, so that one at the edge is not told again and again. */
  get slow(): boolean {
    return this.#slow;
  }

  /** A scrape has ended that so many ticks were left out for, and one was not. Answers whether that made it slow or fast again. */
  add(left_out: number): boolean {
    const ticks = Math.min(left_out + 1, TICKS);
    const before = ticks === TICKS ? 0 : this.#left_out << ticks;
    const newest = ticks === TICKS ? -1 : (1 << ticks) - 1;
    // The tick of the scrape itself.
    this.#left_out = before | (newest & ~1);
    const late = ones(this.#left_out);
    const slow = late >= (this.#slow ? IN_TIME_FROM + 1 : SLOW_FROM);
    const turned = slow !== this.#slow;
    this.#slow = slow;
    return turned;
  }
}

function ones(bits: number): number {
  let count = 0;
  for (let left = bits; left !== 0; left &= left - 1) count++;
  return count;
}
