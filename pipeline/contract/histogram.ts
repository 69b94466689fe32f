/** Counts of values by size, as Prometheus and OTLP tell them. */
export interface Histogram {
  /** Upper ends of the buckets, ascending; one more bucket has what is larger. */
  readonly le: readonly number[];
  /** How many fell into each bucket (not summed up), one more than `le`. */
  readonly counts: readonly number[];
  readonly sum: number;
}

export interface FillingHistogram extends Histogram {
  readonly counts: number[];
  sum: number;
  /** Counts a value, or so many of the same. */
  observe(value: number, times?: number): void;
}

/** An observation is a walk over the buckets, from the smallest. */
export function histogram(le: readonly number[]): FillingHistogram {
  return {
    le,
    counts: new Array<number>(le.length + 1).fill(0),
    sum: 0,
    observe(value, times = 1) {
      let bucket = 0;
      while (bucket < le.length && value > (le[bucket] as number)) bucket++;
      this.counts[bucket] = (this.counts[bucket] as number) + times;
      this.sum += value * times;
    },
  };
}
