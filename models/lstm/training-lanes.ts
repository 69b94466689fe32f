import type { MaskedInput } from './masked-input.ts';
import type { Chunk, LstmSequence, LstmSequences } from './sequences.ts';

/** Some steps of some histories side by side, as the network takes them; step after step, row after row. */
export interface TrainingWindow {
  readonly rows: number;
  readonly steps: number;
  /** steps x rows x network_width. */
  readonly entering: Float32Array;
  /** steps x rows: share that cells keep of what they remember before the step. */
  readonly kept: Float32Array;
  /** steps x rows: as in LstmSequence, NaN where there is no step. */
  readonly failure: Float32Array;
  readonly type: Uint8Array;
  /** Rows of the states that the window goes on from. */
  readonly lanes: readonly number[];
  /** Steps that are there, rows that end early counted as far as they go. */
  readonly gpu_steps: number;
}

interface Lane {
  readonly sequence: LstmSequence;
  readonly chunk: Chunk;
  at: number;
  readonly memory: Float32Array;
}

/**
 * Lanes that each go through one chunk after the other, `steps` at a time, in the order of the chunks; what cells remember goes on
 * in a lane from window to window. Lanes that find nothing more are left out.
 * State    one history and the memory of its inputs per lane.
 */
export function* trainingWindows(options: {
  readonly sequences: LstmSequences;
  readonly chunks: readonly Chunk[];
  readonly masked: MaskedInput;
  readonly lanes: number;
  readonly steps: number;
}): Generator<TrainingWindow> {
  const { sequences, chunks, masked, steps } = options;
  const width = masked.network_width;
  let next = 0;
  const take = (): Lane | null => {
    const chunk = chunks[next++];
    if (!chunk) return null;
    const memory = new Float32Array(masked.memory_width);
    return { sequence: sequences.sequence(chunk.index), chunk, at: chunk.from, memory };
  };
  const lanes = Array.from({ length: options.lanes }, take);
  for (;;) {
    const busy = lanes.flatMap((lane, l) => {
      const current = lane && lane.at < lane.chunk.to ? lane : take();
      lanes[l] = current;
      return current ? [l] : [];
    });
    if (busy.length === 0) return;
    const rows = busy.length;
    const window = {
      rows,
      steps,
      entering: new Float32Array(steps * rows * width),
      kept: new Float32Array(steps * rows).fill(1),
      failure: new Float32Array(steps * rows).fill(Number.NaN),
      type: new Uint8Array(steps * rows),
      lanes: busy,
    };
    const gpu_steps = busy.reduce((sum, l, row) => sum + fillRow(window, row, lanes[l] as Lane, masked), 0);
    yield { ...window, gpu_steps };
  }
}

/** Steps that a lane had. */
function fillRow(window: Omit<TrainingWindow, 'gpu_steps'>, row: number, lane: Lane, masked: MaskedInput): number {
  const first = lane.at;
  const { rows, steps, entering, kept, failure, type } = window;
  const { sequence, chunk, memory } = lane;
  for (let step = 0; step < steps && lane.at < chunk.to; step++, lane.at++) {
    const t = lane.at;
    const elapsed = t === chunk.from ? 0 : (sequence.steps_elapsed[t] as number);
    const at = step * rows + row;
    const entering_at = at * masked.network_width;
    kept[at] = masked.prepare(sequence.inputs, t * masked.input_width, elapsed, memory, 0, entering, entering_at);
    failure[at] = sequence.failure[t] as number;
    type[at] = sequence.type[t] as number;
  }
  return lane.at - first;
}
