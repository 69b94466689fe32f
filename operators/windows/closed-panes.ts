import { MOMENTS } from './moments.ts';

/** Numbers of a closed pane besides its mean: count, squares, min, max, time, squares of time, products. */
export const REST = 7;

/** One metric's panes in the ring of a tier, oldest first. */
export interface RingSpan {
  readonly means: Float64Array;
  readonly rest: Float32Array;
  /** The oldest pane's place, and how many panes follow it, itself included. */
  readonly start: number;
  readonly panes: number;
  /** From one pane to the next, and where the ring ends and how long it is. */
  readonly stride: number;
  readonly end: number;
  readonly length: number;
  /** Seconds from the wanted origin of time to the start of the oldest pane, and from one pane to the next. */
  readonly origin: number;
  readonly step: number;
}

/**
 * The union of a span of closed panes and of `count` sets that lie one behind the other in `parts`, timed from one origin.
 * Two passes: cheaper than adding one by one, where each division waits for the one before, and exact where all means
 * are the same.
 */
export function combinePanes(span: RingSpan, parts: Float64Array, count: number, into: Float64Array): void {
  const { means, rest, start, panes, stride, end, length, origin, step } = span;
  let total = 0;
  let mean = 0;
  let time = 0;
  let meanSum = 0;
  let timeSum = 0;
  let squares = 0;
  let min = Number.POSITIVE_INFINITY;
  let max = Number.NEGATIVE_INFINITY;
  let timeSquares = 0;
  let timeProducts = 0;
  for (let i = 0, at = start, from = origin; i < panes; i++, from += step) {
    const r = at * REST;
    const n = rest[r] as number;
    if (n !== 0) {
      if (total === 0) {
        mean = means[at] as number;
        time = from;
      }
      total += n;
      meanSum += n * ((means[at] as number) - mean);
      timeSum += n * (from + (rest[r + 4] as number) - time);
      squares += rest[r + 1] as number;
      if ((rest[r + 2] as number) < min) min = rest[r + 2] as number;
      if ((rest[r + 3] as number) > max) max = rest[r + 3] as number;
      timeSquares += rest[r + 5] as number;
      timeProducts += rest[r + 6] as number;
    }
    at += stride;
    if (at >= end) at -= length;
  }
  const last = count * MOMENTS;
  for (let at = 0; at < last; at += MOMENTS) {
    const n = parts[at] as number;
    if (total === 0) {
      mean = parts[at + 1] as number;
      time = parts[at + 5] as number;
    }
    total += n;
    meanSum += n * ((parts[at + 1] as number) - mean);
    timeSum += n * ((parts[at + 5] as number) - time);
    squares += parts[at + 2] as number;
    if ((parts[at + 3] as number) < min) min = parts[at + 3] as number;
    if ((parts[at + 4] as number) > max) max = parts[at + 4] as number;
    timeSquares += parts[at + 6] as number;
    timeProducts += parts[at + 7] as number;
  }
  into[0] = total;
  if (total === 0) return;
  mean += meanSum / total;
  time += timeSum / total;
  for (let i = 0, at = start, from = origin - time; i < panes; i++, from += step) {
    const n = rest[at * REST] as number;
    if (n !== 0) {
      const apart = (means[at] as number) - mean;
      const elapsed = from + (rest[at * REST + 4] as number);
      squares += n * apart * apart;
      timeSquares += n * elapsed * elapsed;
      timeProducts += n * elapsed * apart;
    }
    at += stride;
    if (at >= end) at -= length;
  }
  for (let at = 0; at < last; at += MOMENTS) {
    const n = parts[at] as number;
    const apart = (parts[at + 1] as number) - mean;
    const elapsed = (parts[at + 5] as number) - time;
    squares += n * apart * apart;
    timeSquares += n * elapsed * elapsed;
    timeProducts += n * elapsed * apart;
  }
  into[1] = mean;
  into[2] = squares;
  into[3] = min;
  into[4] = max;
  into[5] = time;
  into[6] = timeSquares;
  into[7] = timeProducts;
}
