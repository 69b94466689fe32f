import { fnv1a } from '../contract/ids.ts';

/**
 * A place in 0..1 for a text, the same on every machine: FNV-1a, stirred with the finaliser of MurmurHash3 (Appleby), for
 * texts that differ only in their last digits lie close together in FNV alone.
 */
export function spread(text: string): number {
  let hash = fnv1a(text);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32;
}

const BACK_OFF_INTERVALS_MAX = 5;

/**
 * Intervals to wait after the n-th failure in a row: 1, then about 2, 4, 5, 5, ... The first failure costs no extra wait.
 * Each wait is shortened by up to a fifth, by seed, target and n, so that targets that fail together do not return together.
 */
export function backOffIntervals(options: { key: string; failures: number; seed: number }): number {
  if (options.failures <= 1) return 1;
  const jitter = spread(`${options.seed} ${options.failures} ${options.key}`) * 0.2;
  return Math.min(BACK_OFF_INTERVALS_MAX, 2 ** Math.min(options.failures - 1, 10)) * (1 - jitter);
}
