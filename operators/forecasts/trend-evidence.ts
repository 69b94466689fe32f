/** Means of the last so many stretches are kept. */
export const EVIDENCE_WIDTH = 12;
const STRETCHES_MIN = 6;
/** Share of the differences between neighbours that must rise, */
const RISING_RATIO = 0.65;
/** and the largest share of the whole rise that one of them may bring. */
const LARGEST_RATIO = 0.45;

/**
 * Whether the kept means really climb: most of them above the one before, and none of the steps so large that it explains
 * the climb alone. A smoothed trend cannot tell a step from a slope for days; this can.
 *
 * @param means oldest first.
 * @param rise_min smallest rise over all of them that counts.
 */
export function isClimbing(means: readonly number[], rise_min: number): boolean {
  if (means.length < STRETCHES_MIN) return false;
  const steps = means.slice(1).map((mean, i) => mean - (means[i] as number));
  const rise = (means.at(-1) as number) - (means[0] as number);
  if (!(rise >= rise_min)) return false;
  const rising = steps.filter((step) => step > 0).length;
  return rising >= RISING_RATIO * steps.length && Math.max(...steps) <= LARGEST_RATIO * rise;
}
