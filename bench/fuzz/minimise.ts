import { systemClock } from '../../pipeline/clock.ts';

/**
 * A shorter input that still fails: pieces are left out, halves first, then ever smaller ones, then bytes are made plain.
 * `fails` is asked `tries_max` times at most, and no more after `time_ms`.
 */
export async function minimise(
  input: Uint8Array,
  fails: (candidate: Uint8Array) => boolean | Promise<boolean>,
  { tries_max, time_ms }: { readonly tries_max: number; readonly time_ms: number },
): Promise<Uint8Array> {
  const until = systemClock.monotonic() + time_ms;
  let best = input;
  let tries = 0;
  const better = async (candidate: Uint8Array): Promise<boolean> => {
    tries = systemClock.monotonic() > until ? tries_max : tries + 1;
    if (tries > tries_max) return false;
    if (!(await fails(candidate))) return false;
    best = candidate;
    return true;
  };
  for (
    let piece = Math.ceil(best.length / 2);
    piece >= 1 && tries < tries_max;
    piece = piece === 1 ? 0 : Math.ceil(piece / 2)
  ) {
    for (let at = 0; at < best.length && tries < tries_max; ) {
      const shorter = Uint8Array.from(Buffer.concat([best.subarray(0, at), best.subarray(at + piece)]));
      if (!(await better(shorter))) at += piece;
    }
  }
  for (let at = 0; at < best.length && tries < tries_max; at++) {
    if (best[at] === 97) continue;
    const plain = Uint8Array.from(best);
    plain[at] = 97;
    await better(plain);
  }
  return best;
}
