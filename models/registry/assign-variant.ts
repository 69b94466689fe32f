import { fnv1a } from '../../pipeline/contract/ids.ts';

/**
 * Which model judges a GPU when a challenger is to get a share (0..1) of the fleet. A GPU's place between 0 and 1 is a hash
 * of its UUID and the salt and nothing else, so that a larger share only ever adds GPUs, every worker decides alike, and
 * another salt (a new experiment) draws afresh. Throws RangeError when the share is none.
 */
export function assignVariant(gpuUuid: string, share: number, salt: string): 'champion' | 'challenger' {
  if (!(share >= 0 && share <= 1)) throw new RangeError(`a share lies between 0 and 1, not ${share}`);
  return placeOf(gpuUuid, salt) < share ? 'challenger' : 'champion';
}

/** 0 <= place < 1. */
function placeOf(gpuUuid: string, salt: string): number {
  return finalMix(fnv1a(`${salt}\u001f${gpuUuid}`)) / 2 ** 32;
}

/** MurmurHash3's last step (Appleby, 2011): FNV alone leaves the high bits of names that differ in their end alike. */
function finalMix(hash: number): number {
  let mixed = hash ^ (hash >>> 16);
  mixed = Math.imul(mixed, 0x85ebca6b);
  mixed ^= mixed >>> 13;
  mixed = Math.imul(mixed, 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}
