/** A margin used up on a die further than this below its limit is no reading: older drivers send 0 and less for "unsupported". */
const PLAUSIBLE_BY_C = 15;

/**
 * Whether a margin to the slowdown temperature (field 153) is one. Above 0 it is; at 0 and below only of a model that serves one
 * at all, on a die that is hot too.
 */
export const isBelievableMargin = (margin: number, die: number, serves_margin: boolean, hot_celsius: number): boolean =>
  margin > 0 || (margin <= 0 && serves_margin && die >= hot_celsius - PLAUSIBLE_BY_C);
