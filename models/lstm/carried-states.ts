/** What cells carry over, per layer rows x units: what they show, what they remember. */
export interface CarriedStates {
  readonly hidden: readonly Float32Array[];
  readonly cells: readonly Float32Array[];
}

const SIDES = ['hidden', 'cells'] as const;

export function emptyStates(rows: number, layers: number, units: number): CarriedStates {
  const empty = () => Array.from({ length: layers }, () => new Float32Array(rows * units));
  return { hidden: empty(), cells: empty() };
}

/** These rows of all, one after the other, copied. */
export function takeRows(all: CarriedStates, rows: readonly number[], units: number): CarriedStates {
  const taken = emptyStates(rows.length, all.hidden.length, units);
  for (const side of SIDES) {
    all[side].forEach((from, l) => {
      rows.forEach((row, to) => {
        taken[side][l]?.set(from.subarray(row * units, (row + 1) * units), to * units);
      });
    });
  }
  return taken;
}

/** Puts rows back to where they were taken from. */
export function putRows(all: CarriedStates, rows: readonly number[], units: number, changed: CarriedStates): void {
  for (const side of SIDES) {
    changed[side].forEach((from, l) => {
      rows.forEach((row, at) => {
        all[side][l]?.set(from.subarray(at * units, (at + 1) * units), row * units);
      });
    });
  }
}
