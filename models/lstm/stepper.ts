import { VitalsError } from '../../pipeline/contract/errors.ts';
import { BLOCK_ROWS, createLstmCells } from './lstm-cells.ts';
import { HEAD_WIDTH, type LstmModel, networkWidth } from './lstm-model.ts';
import { maskedInput } from './masked-input.ts';

/** Steps of many GPUs at once; rows never touch each other, so that results do not depend on how they are put together. */
export interface LstmStepper {
  /** Raw readings per GPU, NaN = missing. */
  readonly input_width: number;
  /** What is carried per GPU: what each layer shows and remembers, then what `MaskedInput` keeps. All 0 = nothing yet. */
  readonly state_width: number;
  /** Failure probability, then the probabilities of memory, thermal, power and other, which sum to 1. */
  readonly output_width: number;
  readonly engine: 'simd' | 'plain';
  /**
   * One step of `count` GPUs.
   * @param inputs        count x input_width.
   * @param steps_elapsed steps since each one's last: 1 when none was missed, 3 when two were; what is not above 0 begins anew.
   * @param states        count x state_width, changed in place.
   * @param out           count x output_width.
   * Errors: GV-CLI-004 where an array is shorter than that; nothing is changed then.
   */
  step(count: number, inputs: Float32Array, steps_elapsed: Float32Array, states: Float32Array, out: Float32Array): void;
}

/**
 * A model that steps. The layers run in single precision in one fixed order of additions, so that the same rows give the same
 * bits alone, among others, on another machine, and without WebAssembly.
 * State    numbers of `state_width` per GPU, which the caller owns: 577 for 2 x 128 with 32 inputs (2.3 kB).
 * Cost     for 2 x 128 with 32 inputs some 15 us per GPU in blocks of 64, 19 us alone, 260 us without WebAssembly;
 *          1.3 MB for weights and rows. 100,000 GPUs in one call take 1.6 s, in which nothing else runs.
 * Source   Hochreiter, Schmidhuber 1997; Gers et al. 2000 (forget gate).
 */
export function createLstmStepper(model: LstmModel, options: { readonly engine?: 'plain' } = {}): LstmStepper {
  const { layers, units, weights, temperature } = model;
  const masked = maskedInput(model);
  const cells = createLstmCells({ width: networkWidth(model.inputs), layers, units, weights, ...options });
  const { memory } = cells;
  const { input_width, memory_width } = masked;
  const memory_at = 2 * units * layers;
  const state_width = memory_at + memory_width;

  const enter = (row: number, kept: number, states: Float32Array, at: number): void => {
    for (let l = 0; l < layers; l++) {
      const shown = at + 2 * l * units;
      const hidden = cells.hiddenAt(l, row);
      const cell = cells.cellAt(l, row);
      // Not by multiplication: a state that begins anew may hold anything.
      if (kept === 0) {
        memory.fill(0, hidden, hidden + units);
        memory.fill(0, cell, cell + units);
        continue;
      }
      for (let j = 0; j < units; j++) {
        memory[hidden + j] = (states[shown + j] as number) * kept;
        memory[cell + j] = (states[shown + units + j] as number) * kept;
      }
    }
  };

  const leave = (row: number, states: Float32Array, at: number): void => {
    for (let l = 0; l < layers; l++) {
      const to = at + 2 * l * units;
      const shown = cells.shownAt(l, row);
      const cell = cells.cellAt(l, row);
      for (let j = 0; j < units; j++) {
        states[to + j] = memory[shown + j] as number;
        states[to + units + j] = memory[cell + j] as number;
      }
    }
  };

  const tell = (row: number, out: Float32Array, at: number): void => {
    const head = cells.headAt(row);
    out[at] = 1 / (1 + Math.exp(-(memory[head] as number) / temperature));
    let highest = Number.NEGATIVE_INFINITY;
    for (let k = 1; k < HEAD_WIDTH; k++) highest = Math.max(highest, memory[head + k] as number);
    let sum = 0;
    for (let k = 1; k < HEAD_WIDTH; k++) sum += Math.exp((memory[head + k] as number) - highest);
    for (let k = 1; k < HEAD_WIDTH; k++) out[at + k] = Math.exp((memory[head + k] as number) - highest) / sum;
  };

  return {
    input_width,
    state_width,
    output_width: HEAD_WIDTH,
    engine: cells.engine,
    step(count, inputs, steps_elapsed, states, out) {
      if (
        inputs.length < count * input_width ||
        steps_elapsed.length < count ||
        states.length < count * state_width ||
        out.length < count * HEAD_WIDTH
      ) {
        throw new VitalsError('GV-CLI-004', `${count} GPUs step, and an array is too short for them`, '');
      }
      for (let first = 0; first < count; first += BLOCK_ROWS) {
        const rows = Math.min(BLOCK_ROWS, count - first);
        for (let row = 0; row < rows; row++) {
          const gpu = first + row;
          const state = gpu * state_width;
          const elapsed = steps_elapsed[gpu] as number;
          const at = cells.inputAt(row);
          const kept = masked.prepare(inputs, gpu * input_width, elapsed, states, state + memory_at, memory, at);
          enter(row, kept, states, state);
        }
        cells.run(rows);
        for (let row = 0; row < rows; row++) {
          leave(row, states, (first + row) * state_width);
          tell(row, out, (first + row) * HEAD_WIDTH);
        }
      }
    },
  };
}
