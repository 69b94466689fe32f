export interface DbscanOptions {
  /** Points at most this far apart (Euclidean) are neighbours. */
  readonly radius: number;
  /** Neighbours, the point itself included, that make a point a core. */
  readonly neighbours_min: number;
}

export interface Clustering {
  /** Per point its cluster, numbered from 0 in the order of their first core; NOISE where there is none. */
  readonly labels: Int32Array;
  /** 1 where the point is a core. */
  readonly cores: Uint8Array;
  readonly clusters: number;
}

export const NOISE = -1;

/**
 * DBSCAN, exactly: clusters are the cores that are linked by neighbourhood; a border point belongs to the first cluster (in the order
 * of their numbers) that has a core next to it; the rest is noise. A point with a coordinate that is no number is noise.
 * Cost     O(points^2) distances at worst, each given up as soon as it is too far, and only between points whose coordinates
 *          of widest range are near; 512 points of 34 coordinates take some 5 ms.
 * Memory   24 B a point, and 4 B per pair of neighbours.
 * Source   Ester, Kriegel, Sander, Xu 1996.
 */
export function dbscan(points: Float64Array, dimensions: number, options: DbscanOptions): Clustering {
  const count = dimensions === 0 ? 0 : points.length / dimensions;
  const { first, near } = neighbourLists(points, dimensions, count, options.radius);
  const cores = new Uint8Array(count);
  for (let p = 0; p < count; p++) {
    const neighbours = (first[p + 1] as number) - (first[p] as number);
    if (isPoint(points, dimensions, p) && neighbours + 1 >= options.neighbours_min) cores[p] = 1;
  }
  const labels = new Int32Array(count).fill(NOISE);
  let clusters = 0;
  const waiting: number[] = [];
  for (let start = 0; start < count; start++) {
    if (cores[start] === 0 || labels[start] !== NOISE) continue;
    const cluster = clusters++;
    labels[start] = cluster;
    waiting.push(start);
    for (let core = waiting.pop(); core !== undefined; core = waiting.pop()) {
      for (let i = first[core] as number; i < (first[core + 1] as number); i++) {
        const neighbour = near[i] as number;
        if (labels[neighbour] !== NOISE) continue;
        labels[neighbour] = cluster;
        if (cores[neighbour] === 1) waiting.push(neighbour);
      }
    }
  }
  return { labels, cores, clusters };
}

/**
 * Distance of every point to its `rank`-th nearest other one, whose bend tells a good radius (section 4.2 of the paper);
 * Infinity where there are fewer points. Cost O(points^2) distances.
 */
export function neighbourDistances(points: Float64Array, dimensions: number, rank: number): Float64Array {
  const count = dimensions === 0 ? 0 : points.length / dimensions;
  const result = new Float64Array(count).fill(Number.POSITIVE_INFINITY);
  const nearest = new Float64Array(count * rank).fill(Number.POSITIVE_INFINITY);
  const offer = (p: number, squared: number): void => {
    const last = (p + 1) * rank - 1;
    if (squared >= (nearest[last] as number)) return;
    let at = last;
    while (at > p * rank && (nearest[at - 1] as number) > squared) {
      nearest[at] = nearest[at - 1] as number;
      at--;
    }
    nearest[at] = squared;
  };
  for (let a = 0; a < count; a++) {
    for (let b = a + 1; b < count; b++) {
      const limit = Math.max(nearest[(a + 1) * rank - 1] as number, nearest[(b + 1) * rank - 1] as number);
      const squared = squaredDistance(points, dimensions, a, b, limit);
      if (squared > limit) continue;
      offer(a, squared);
      offer(b, squared);
    }
  }
  for (let p = 0; p < count; p++) result[p] = Math.sqrt(nearest[(p + 1) * rank - 1] as number);
  return result;
}

/** Squared distance, or more than `limit` as soon as that is sure; NaN coordinates make it infinite. */
function squaredDistance(points: Float64Array, dimensions: number, a: number, b: number, limit: number): number {
  let sum = 0;
  for (let d = 0; d < dimensions; d++) {
    const difference = (points[a * dimensions + d] as number) - (points[b * dimensions + d] as number);
    sum += difference * difference;
    if (!(sum <= limit)) return Number.POSITIVE_INFINITY;
  }
  return sum;
}

function isPoint(points: Float64Array, dimensions: number, p: number): boolean {
  for (let d = 0; d < dimensions; d++) if (!Number.isFinite(points[p * dimensions + d])) return false;
  return true;
}

/** Neighbours of point p, itself left out: near[first[p]] up to near[first[p + 1]], ascending. */
function neighbourLists(
  points: Float64Array,
  dimensions: number,
  count: number,
  radius: number,
): { first: Uint32Array; near: Uint32Array } {
  const widest = widestDimension(points, dimensions, count);
  const place = (p: number): number => points[p * dimensions + widest] as number;
  const order = Uint32Array.from({ length: count }, (_, p) => p)
    .filter((p) => isPoint(points, dimensions, p))
    .sort((a, b) => place(a) - place(b) || a - b);
  const lists: number[][] = Array.from({ length: count }, () => []);
  const limit = radius * radius;
  for (let i = 0; i < order.length; i++) {
    const a = order[i] as number;
    for (let j = i + 1; j < order.length; j++) {
      const b = order[j] as number;
      if (place(b) - place(a) > radius) break;
      if (squaredDistance(points, dimensions, a, b, limit) > limit) continue;
      lists[a]?.push(b);
      lists[b]?.push(a);
    }
  }
  const first = new Uint32Array(count + 1);
  lists.forEach((list, p) => {
    first[p + 1] = (first[p] as number) + list.length;
  });
  const near = new Uint32Array(first[count] as number);
  lists.forEach((list, p) => {
    near.set(Uint32Array.from(list).sort(), first[p] as number);
  });
  return { first, near };
}

function widestDimension(points: Float64Array, dimensions: number, count: number): number {
  let widest = 0;
  let range_max = -1;
  for (let d = 0; d < dimensions; d++) {
    let low = Number.POSITIVE_INFINITY;
    let high = Number.NEGATIVE_INFINITY;
    for (let p = 0; p < count; p++) {
      const x = points[p * dimensions + d] as number;
      if (x < low) low = x;
      if (x > high) high = x;
    }
    if (high - low > range_max) {
      range_max = high - low;
      widest = d;
    }
  }
  return widest;
}
