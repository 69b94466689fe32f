/** Where in the topology something failed. */
export interface StepPlace {
  readonly step: string;
  /** Null outside of groups. */
  readonly group: number | null;
  /** Of the last message in the batch; null outside of groups. */
  readonly position: number | null;
}

const places = new WeakMap<object, StepPlace>();

/** Remembers where an error came from, without changing it; the first place counts. */
export function notePlace(error: unknown, place: StepPlace): void {
  if (typeof error === 'object' && error !== null && !places.has(error)) places.set(error, place);
}

/** Where an error, or what caused it, came from; null when nobody noted it. */
export function placeOf(error: unknown): StepPlace | null {
  for (let one = error, depth = 0; typeof one === 'object' && one !== null && depth < 8; depth++) {
    const place = places.get(one);
    if (place !== undefined) return place;
    one = one instanceof Error ? one.cause : null;
  }
  return null;
}

export const placeText = ({ step, group, position }: StepPlace): string =>
  `step ${step}${group === null ? '' : `, group ${group}`}${position === null ? '' : `, position ${position}`}`;
