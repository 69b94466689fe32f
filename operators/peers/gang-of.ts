import { type Attribution, jobOf } from '../../pipeline/contract/events.ts';

/** `-0`, `-worker-3`: the place of a pod among those that work together. */
const ORDINAL = /(?:-(?:worker|master|launcher|replica))?-\d+$/;

/**
 * Whose work a GPU does together with others: the job, or the pods' common name without their ordinal. Empty for nobody, and
 * for a GPU that several share, whose load is no one's.
 */
export function gangOf(attribution: readonly Attribution[] | undefined): string {
  if (attribution === undefined) return '';
  let gang = GANGS.get(attribution);
  if (gang === undefined) {
    gang = readGang(attribution);
    GANGS.set(attribution, gang);
  }
  return gang;
}

/** The registry keeps one list per attribution. */
const GANGS = new WeakMap<readonly Attribution[], string>();

function readGang(attribution: readonly Attribution[]): string {
  const [first, ...others] = attribution;
  if (first === undefined) return '';
  const user = jobOf([first]);
  if (others.some((other) => jobOf([other]) !== user)) return '';
  return first.job === '' ? user.replace(ORDINAL, '') : user;
}
