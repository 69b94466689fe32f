/** Intervals within this factor of each other are one cadence with jitter. */
const JITTER = 1.5;
/** A new cadence is believed after so many intervals of its own. */
const CONFIRM_ROWS = 3;

export const CADENCE_COLUMNS = {
  cadence_ms: { scope: 'gpu', type: 'f64', width: 1, initial: 0 },
  odd_ms: { scope: 'gpu', type: 'f64', width: 1, initial: 0 },
  odd_rows: { scope: 'gpu', type: 'u8', width: 1, initial: 0 },
} as const;

export interface CadenceCells {
  readonly cadence_ms: Float64Array;
  readonly odd_ms: Float64Array;
  readonly odd_rows: Uint8Array;
}

/**
 * How much time a sample stands for, `elapsed_ms` after the one before: that time, but after a gap only the GPU's own
 * cadence, which is learnt from its rows (first interval; later, three like ones in a row) and never configured.
 */
export function sampleTime(cells: CadenceCells, gpu: number, elapsed_ms: number): number {
  const cadence = cells.cadence_ms[gpu] as number;
  if (cadence === 0) {
    cells.cadence_ms[gpu] = elapsed_ms;
    return elapsed_ms;
  }
  if (elapsed_ms <= cadence * JITTER && elapsed_ms * JITTER >= cadence) {
    cells.odd_rows[gpu] = 0;
    return elapsed_ms;
  }
  const odd = cells.odd_ms[gpu] as number;
  const rows = elapsed_ms <= odd * JITTER && elapsed_ms * JITTER >= odd ? (cells.odd_rows[gpu] as number) + 1 : 1;
  cells.odd_ms[gpu] = elapsed_ms;
  cells.odd_rows[gpu] = rows;
  if (rows >= CONFIRM_ROWS) {
    cells.cadence_ms[gpu] = elapsed_ms;
    cells.odd_rows[gpu] = 0;
    return elapsed_ms;
  }
  return Math.min(elapsed_ms, cadence);
}
