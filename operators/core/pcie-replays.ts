const GEN_DEFAULT = 4;
const WIDTH_DEFAULT = 16;
/** Replays per lane and minute that DCGM allows, by generation. */
const PER_LANE = [0.15, 0.3, 0.48, 0.96, 1.92, 3.84] as const;

/** The first of two readings of a link that is one. */
export const linkReading = (value: number, other: number): number => (value >= 1 ? value : other);

/**
 * The generation by which a link's replays are judged: its own while the GPU works; a sleeping link's says nothing, then the
 * slot's. No number where neither is known.
 */
export const judgedGeneration = (busy: boolean, gen: number, max_gen: number): number =>
  busy ? linkReading(gen, max_gen) : linkReading(max_gen, gen);

/** What is judged where a link does not tell. */
export const usualGeneration = (gen: number): number => (gen >= 1 ? gen : GEN_DEFAULT);
export const usualWidth = (width: number): number => (width >= 1 ? width : WIDTH_DEFAULT);

/** Replays per minute that are no fault: ceil(lanes x factor of the generation). Unknown: Gen4, 16 lanes. Source: DCGM. */
export function replaysAllowed(gen: number, width: number): number {
  const known = Number.isInteger(gen) && gen >= 1 ? Math.min(gen, PER_LANE.length) : GEN_DEFAULT;
  return Math.ceil(usualWidth(width) * (PER_LANE[known - 1] as number));
}
