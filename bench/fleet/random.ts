/**
 * Random numbers that are a function of what they are for (seed, GPU, instant), never of what was drawn before: that is
 * what makes a fleet independent of the order and of the step in which its nodes are read.
 */

/** 32-bit hash of two 32-bit numbers (finaliser constants of splitmix and lowbias32). */
export function mix(a: number, b: number): number {
  let h = Math.imul(a ^ 0x9e3779b9, 0x85ebca6b) ^ Math.imul((b + 0x7f4a7c15) | 0, 0xc2b2ae35);
  h = Math.imul(h ^ (h >>> 16), 0x7feb352d);
  h = Math.imul(h ^ (h >>> 15), 0x846ca68b);
  return (h ^ (h >>> 16)) >>> 0;
}

/** Hash of an instant (epoch ms, beyond 32 bits) under a seed. */
export const mixInstant = (seed: number, ts_ms: number): number =>
  mix(mix(seed, ts_ms | 0), Math.floor(ts_ms / 4_294_967_296));

/** 0 <= x < 1 from a hash. */
export const unit = (hash: number): number => hash / 4_294_967_296;

/** A number in 0..1 that belongs to (seed, purpose). */
export const chance = (seed: number, purpose: number): number => unit(mix(seed, purpose));

/** A sequence of draws from one seed (mulberry32). */
export interface Draws {
  state: number;
}

export const draws = (seed: number): Draws => ({ state: seed | 0 });

export function draw(from: Draws): number {
  from.state = (from.state + 0x6d2b79f5) | 0;
  let t = Math.imul(from.state ^ (from.state >>> 15), 1 | from.state);
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
  return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
}

/** Bell-shaped, mean 0, deviation 1, never beyond +-3 (sum of three uniforms): sensors have bounded noise. */
export const bell = (from: Draws): number => (draw(from) + draw(from) + draw(from) - 1.5) * 2;

/** Whole events out of an expected number, right on average. */
export function eventsOf(expected: number, from: Draws): number {
  return expected <= 0 ? 0 : Math.floor(expected + draw(from));
}

/** Smooth noise in 0..1 that wanders with period 1 in `x`. */
export function wander(seed: number, x: number): number {
  const cell = Math.floor(x);
  const part = x - cell;
  const a = unit(mix(seed, cell | 0));
  const b = unit(mix(seed, (cell + 1) | 0));
  return a + (b - a) * part * part * (3 - 2 * part);
}
