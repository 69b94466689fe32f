/** What a layer is made of, on one memory of singles. Places are indexes into it; units and inputs are multiples of 4. */
export interface CellEngine {
  readonly kind: 'simd' | 'plain';
  readonly memory: Float32Array;
  /**
   * Sums of products: `to[r][8 p + j] = bias[p][j] + sum over i of from[r][i] * weights[p][i][j]`, one after the other by i.
   * At `weights` lie, for each of the panels, 8 biases and 8 weights per input.
   */
  affine(call: AffineCall): void;
  /**
   * From the sums of the four gates (input, forget, candidate, output, `units` each), rows one after the other, and the
   * cells, to new cells, in place, and what the units give.
   */
  gates(call: GatesCall): void;
}

export interface AffineCall {
  readonly from: number;
  /** From one row to the next. */
  readonly from_stride: number;
  readonly inputs: number;
  readonly weights: number;
  readonly panels: number;
  readonly to: number;
  readonly to_stride: number;
  readonly rows: number;
}

export interface GatesCall {
  readonly sums: number;
  readonly cells: number;
  readonly to: number;
  readonly to_stride: number;
  readonly units: number;
  readonly rows: number;
}

/** Columns of a panel. */
export const PANEL = 8;

/** Sums are clipped to this on both sides before they are bent. */
export const BEND_MAX = 30;

/** ln 2 in two parts, the first with so few digits that small whole multiples of it are exact. */
export const LN2_HIGH = 355 / 512;
export const LN2_LOW = Math.fround(Math.LN2 - LN2_HIGH);
export const LOG2_E = Math.fround(Math.LOG2E);

/** Of e^r for |r| up to ln 2 / 2, highest power first: Taylor's, whose rest is below 1.3e-7. */
export const EXP_FACTORS: readonly number[] = [720, 120, 24, 6, 2, 1, 1].map((x) => Math.fround(1 / x));
