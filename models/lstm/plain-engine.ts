import { BEND_MAX, type CellEngine, EXP_FACTORS, LN2_HIGH, LN2_LOW, LOG2_E, PANEL } from './cell-engine.ts';

const { fround } = Math;
const [E6, E5, E4, E3, E2, E1, E0] = EXP_FACTORS as [number, number, number, number, number, number, number];
const POWERS = Float32Array.from({ length: 254 }, (_, i) => 2 ** (i - 126));

/** 1 / (1 + e^-x) in single precision, off by at most 2e-7. */
export function sigmoid(x: number): number {
  const y = -Math.max(-BEND_MAX, Math.min(BEND_MAX, x));
  const n = Math.floor(fround(fround(y * LOG2_E) + 0.5));
  const r = fround(fround(y - fround(n * LN2_HIGH)) - fround(n * LN2_LOW));
  let p: number = E6;
  p = fround(fround(p * r) + E5);
  p = fround(fround(p * r) + E4);
  p = fround(fround(p * r) + E3);
  p = fround(fround(p * r) + E2);
  p = fround(fround(p * r) + E1);
  p = fround(fround(p * r) + E0);
  const e = fround(p * (POWERS[n + 126] as number));
  return fround(1 / fround(1 + e));
}

/** In single precision, off by at most 4e-7. */
export const tanh = (x: number): number => fround(fround(2 * sigmoid(fround(2 * x))) - 1);

/**
 * The engine where there is no SIMD: every product and sum is rounded to single precision in the same order, so that its bits are
 * those of the other one.
 * Cost     some 260 us for a step of 2 x 128.
 */
export function plainEngine(memory_length: number): CellEngine {
  const memory = new Float32Array(memory_length);
  return {
    kind: 'plain',
    memory,
    affine({ from, from_stride, inputs, weights, panels, to, to_stride, rows }) {
      for (let r = 0; r < rows; r++) {
        let at = weights;
        for (let p = 0; p < panels; p++) {
          let [s0, s1, s2, s3, s4, s5, s6, s7] = [0, 0, 0, 0, 0, 0, 0, 0];
          const end = from + r * from_stride + inputs;
          // The biases are weights of a 1 before the first input.
          for (let i = end - inputs - 1; i < end; i++) {
            const x = i === end - inputs - 1 ? 1 : (memory[i] as number);
            s0 = fround(s0 + fround(x * (memory[at] as number)));
            s1 = fround(s1 + fround(x * (memory[at + 1] as number)));
            s2 = fround(s2 + fround(x * (memory[at + 2] as number)));
            s3 = fround(s3 + fround(x * (memory[at + 3] as number)));
            s4 = fround(s4 + fround(x * (memory[at + 4] as number)));
            s5 = fround(s5 + fround(x * (memory[at + 5] as number)));
            s6 = fround(s6 + fround(x * (memory[at + 6] as number)));
            s7 = fround(s7 + fround(x * (memory[at + 7] as number)));
            at += PANEL;
          }
          const sums = to + r * to_stride + p * PANEL;
          memory[sums] = s0;
          memory[sums + 1] = s1;
          memory[sums + 2] = s2;
          memory[sums + 3] = s3;
          memory[sums + 4] = s4;
          memory[sums + 5] = s5;
          memory[sums + 6] = s6;
          memory[sums + 7] = s7;
        }
      }
    },
    gates({ sums: at, cells, to, to_stride, units, rows }) {
      for (let r = 0; r < rows; r++) {
        const row = at + r * 4 * units;
        for (let j = 0; j < units; j++) {
          const opened = sigmoid(memory[row + j] as number);
          const kept = sigmoid(memory[row + units + j] as number);
          const offered = tanh(memory[row + 2 * units + j] as number);
          const shown = sigmoid(memory[row + 3 * units + j] as number);
          const c = cells + r * units + j;
          const cell = fround(fround(kept * (memory[c] as number)) + fround(opened * offered));
          memory[c] = cell;
          memory[to + r * to_stride + j] = fround(shown * tanh(cell));
        }
      }
    },
  };
}
