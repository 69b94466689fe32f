/** ADWIN as it is told in words: buckets keep their raw readings, and everything is computed from those each time. */
export class AdwinTwin {
  private readings = 0;
  /** By size (2^i), oldest first. */
  private readonly rows: number[][][] = [[]];
  private readonly delta: number;

  constructor(delta: number) {
    this.delta = delta;
  }

  window(): number[] {
    return this.rows.toReversed().flat(2);
  }

  update(reading: number): boolean {
    this.rows[0]?.push([reading]);
    for (let i = 0; i < this.rows.length; i++) {
      const row = this.rows[i] as number[][];
      if (row.length < 6) break;
      if (this.rows[i + 1] === undefined) this.rows.push([]);
      this.rows[i + 1]?.push([...(row.shift() as number[]), ...(row.shift() as number[])]);
    }
    this.readings++;
    if (this.readings % 32 !== 0 || this.window().length <= 10) return false;
    let changed = false;
    while (this.split()) {
      changed = true;
      this.rows.at(-1)?.shift();
      if (this.rows.at(-1)?.length === 0) this.rows.pop();
    }
    return changed;
  }

  private split(): boolean {
    const window = this.window();
    const chance = Math.log((2 * Math.log(window.length)) / this.delta);
    const buckets = this.rows.flat();
    // The newest bucket of each row always counts as newer.
    const candidates = this.rows.toReversed().flatMap((row) => row.slice(0, -1));
    return candidates.some((_, last) => {
      const old = candidates.slice(0, last + 1);
      const older = old.flat();
      const newer = buckets.filter((bucket) => !old.includes(bucket)).flat();
      if (older.length < 5 || newer.length < 5) return false;
      const m = 1 / (older.length - 4) + 1 / (newer.length - 4);
      const apart = Math.abs(mean(older) - mean(newer));
      return apart > Math.sqrt(2 * m * variance(window) * chance) + (2 / 3) * chance * m;
    });
  }
}

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
const variance = (values: readonly number[]): number => {
  const middle = mean(values);
  return mean(values.map((value) => (value - middle) ** 2));
};
