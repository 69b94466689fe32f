import { fnv1a } from '../contract/ids.ts';

/**
 * How much a name likes something, 0..2^32-1: whoever likes it best has it (rendezvous hashing), so that a name that comes or
 * goes moves nothing between the others.
 */
export function liking(thing: string, name: string): number {
  let hash = fnv1a(`${thing}\u001f${name}`);
  // The hash's low bits hardly depend on the beginning of a text: they are mixed once more (MurmurHash3's finaliser).
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
