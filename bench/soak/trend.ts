/** A figure at a time, of one life of a process. */
export interface Point {
  readonly t_ms: number;
  readonly value: number;
  readonly life: string | number;
}

export interface Trend {
  /** Rise per hour, with the ends of its 95 % interval; NaN when there is too little to tell. */
  readonly per_hour: number;
  readonly low: number;
  readonly high: number;
  /** Median of all points. */
  readonly level: number;
  readonly points: number;
  readonly lives: number;
}

const HOUR_MS = 3_600_000;
const POINTS_MIN = 8;
const Z_95 = 1.96;

/**
 * One slope over several lives, each with a level of its own: a process that was killed begins anew, and what a leak adds
 * in each life counts all the same. Ordinary least squares within lives; as noise, neighbours that move together widen the
 * interval (lag-1 autocorrelation of the residuals).
 */
export function trendOverLives(points: readonly Point[]): Trend {
  const lives = new Map<Point['life'], Point[]>();
  for (const point of points) lives.set(point.life, [...(lives.get(point.life) ?? []), point]);
  const level = medianOf(points.map(({ value }) => value));
  const none = { per_hour: Number.NaN, low: Number.NaN, high: Number.NaN, level };
  const centred: { t: number; v: number }[][] = [];
  for (const life of lives.values()) {
    if (life.length < 2) continue;
    const t_mean = life.reduce((sum, { t_ms }) => sum + t_ms, 0) / life.length;
    const v_mean = life.reduce((sum, { value }) => sum + value, 0) / life.length;
    centred.push(life.map(({ t_ms, value }) => ({ t: (t_ms - t_mean) / HOUR_MS, v: value - v_mean })));
  }
  const all = centred.flat();
  const spread = all.reduce((sum, { t }) => sum + t * t, 0);
  const counts = { points: all.length, lives: centred.length };
  const free = all.length - centred.length - 1;
  if (all.length < POINTS_MIN || spread === 0 || free < 1) return { ...none, ...counts };
  const per_hour = all.reduce((sum, { t, v }) => sum + t * v, 0) / spread;
  const residuals = centred.map((life) => life.map(({ t, v }) => v - per_hour * t));
  const squares = residuals.flat().reduce((sum, r) => sum + r * r, 0);
  let together = 0;
  for (const life of residuals) {
    for (let i = 1; i < life.length; i++) together += (life[i] as number) * (life[i - 1] as number);
  }
  const correlation = squares === 0 ? 0 : Math.max(0, Math.min(0.9, together / squares));
  const widened = Math.sqrt((1 + correlation) / (1 - correlation));
  const error = Math.sqrt(squares / free / spread) * widened;
  return { per_hour, low: per_hour - Z_95 * error, high: per_hour + Z_95 * error, level, ...counts };
}

/** The least of each stretch of time and life: what garbage collection has left. */
export const floors = (points: readonly Point[], stretch_ms: number): Point[] =>
  ofStretches(points, stretch_ms, (one, other) => one < other);

/** The most of each stretch of time and life: what was held at once, however often it was let go of in between. */
export const ceilings = (points: readonly Point[], stretch_ms: number): Point[] =>
  ofStretches(points, stretch_ms, (one, other) => one > other);

function ofStretches(
  points: readonly Point[],
  stretch_ms: number,
  better: (one: number, other: number) => boolean,
): Point[] {
  const best = new Map<string, Point>();
  for (const point of points) {
    const key = `${point.life}:${Math.floor(point.t_ms / stretch_ms)}`;
    const known = best.get(key);
    if (known === undefined || better(point.value, known.value)) best.set(key, point);
  }
  return [...best.values()];
}

/** Without the beginning of each life. */
export function settled(points: readonly Point[], skip_ms: number): Point[] {
  const began = new Map<Point['life'], number>();
  for (const { life, t_ms } of points) began.set(life, Math.min(began.get(life) ?? t_ms, t_ms));
  return points.filter(({ life, t_ms }) => t_ms - (began.get(life) ?? 0) >= skip_ms);
}

export function medianOf(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  if (sorted.length === 0) return Number.NaN;
  return sorted.length % 2 === 1
    ? (sorted[middle] as number)
    : ((sorted[middle - 1] as number) + (sorted[middle] as number)) / 2;
}
