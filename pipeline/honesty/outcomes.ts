/** Predictions of one model for one horizon, one a GPU and day, oldest day first. */
export interface PredictionColumns {
  /** Event time, epoch ms. */
  readonly ts: Float64Array;
  /** Index of the GPU. */
  readonly gpu: Uint32Array;
  /** Predicted probability of a failure within the horizon. */
  readonly p: Float64Array;
}

/** What became of the GPUs, by their index. */
export interface GpuFates {
  /** Confirmed failures of each, ascending, epoch ms. */
  readonly failures: readonly (readonly number[])[];
  /** When each was taken out for good; NaN while it is in. */
  readonly retired_at: Float64Array;
  /** When something was last predicted of each, by whatever model, epoch ms; NaN where nobody knows. */
  readonly last_seen: Float64Array;
}

/** The horizon has not passed, and nothing has failed yet. */
export const PENDING = 0;
/** No failure within the horizon. */
export const SURVIVED = 1;
/** A failure within the horizon. */
export const FAILED = 2;
/** Taken out, or heard of no more, before the horizon had passed: what would have been, nobody knows. */
export const LOST = 3;

export interface Outcomes {
  /** PENDING, SURVIVED, FAILED or LOST. */
  readonly state: Uint8Array;
  /** For how long something is known: until the failure, the end of the horizon, the retirement, the last of it, or now; ms. */
  readonly follow_ms: Float64Array;
  /** The failure that ended this life; NaN where none did within the horizon. */
  readonly failed_at: Float64Array;
}

const NEVER = Number.POSITIVE_INFINITY;
/** Predictions are kept one a day: while the fleet's go on, less than one that is missing tells nothing. */
const SILENT_MS = 86_400_000;

/**
 * What became of each prediction at `newest`, the newest event time. A failure counts for predictions made before it, up to
 * the failure before; one made at or after a failure belongs to the board's next life. Never is a missing label read as
 * survival before the horizon has passed, nor where a board has vanished from a fleet that goes on: as in training, it was
 * watched until its last prediction, or until a later failure. O(rows log failures).
 */
export function outcomesOf(columns: PredictionColumns, fates: GpuFates, horizon_ms: number, newest: number): Outcomes {
  const rows = columns.ts.length;
  const state = new Uint8Array(rows);
  const follow_ms = new Float64Array(rows);
  const failed_at = new Float64Array(rows).fill(Number.NaN);
  const { last_seen } = fates;
  const fleet_seen = last_seen.reduce((latest, ts) => (ts > latest ? ts : latest), Number.NEGATIVE_INFINITY);
  for (let row = 0; row < rows; row++) {
    const ts = columns.ts[row] as number;
    const gpu = columns.gpu[row] as number;
    const failure = nextAfter(fates.failures[gpu] ?? [], ts);
    const retired = fates.retired_at[gpu] as number;
    const seen = last_seen[gpu] as number;
    const silent = failure === NEVER && fleet_seen - seen >= SILENT_MS;
    const gone = Math.min(retired <= newest ? retired : NEVER, silent ? seen : NEVER);
    if (failure - ts <= horizon_ms) {
      state[row] = FAILED;
      follow_ms[row] = failure - ts;
      failed_at[row] = failure;
    } else if (gone < ts + horizon_ms) {
      state[row] = LOST;
      follow_ms[row] = Math.max(0, gone - ts);
    } else if (ts + horizon_ms <= newest) {
      state[row] = SURVIVED;
      follow_ms[row] = horizon_ms;
    } else {
      follow_ms[row] = Math.max(0, newest - ts);
    }
  }
  return { state, follow_ms, failed_at };
}

/** The first instant after another; infinity when there is none. */
function nextAfter(instants: readonly number[], ts: number): number {
  let low = 0;
  let high = instants.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((instants[middle] as number) > ts) high = middle;
    else low = middle + 1;
  }
  return instants[low] ?? NEVER;
}
