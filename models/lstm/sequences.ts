import { VitalsError } from '../../pipeline/contract/errors.ts';
import type { LstmInput } from './lstm-model.ts';
import { transformed } from './masked-input.ts';

/** The history of one GPU, a step per ten minutes in which it was heard. */
export interface LstmSequence {
  readonly steps: number;
  /** steps x input_width, NaN = missing. */
  readonly inputs: Float32Array;
  /** Per step: 1 = the step before was heard too, 3 = two were missed; 0 = a beginning. */
  readonly steps_elapsed: Float32Array;
  /** Per step: 1 = it fails within the horizon, 0 = it does not, NaN = nobody knows (yet). */
  readonly failure: Float32Array;
  /** Per step, where failure is 1: 0 memory, 1 thermal, 2 power, 3 other; 255 = unknown. */
  readonly type: Uint8Array;
}

/** Histories to learn from; read one at a time, as often as needed. */
export interface LstmSequences {
  readonly input_width: number;
  readonly count: number;
  /** Steps of one history. */
  steps(index: number): number;
  /** The same each time. */
  sequence(index: number): LstmSequence;
}

/** An input as training takes it: mean and spread are learned. */
export type LstmInputSpec = Omit<LstmInput, 'mean' | 'std'>;

/** Steps of one history that are learned from in one go; the first begins anew. */
export interface Chunk {
  readonly index: number;
  readonly from: number;
  readonly to: number;
}

/** Every history, cut into pieces of at most `chunk_steps`. */
export function chunksOf(sequences: LstmSequences, chunk_steps: number): Chunk[] {
  return Array.from({ length: sequences.count }, (_, index) => {
    const steps = sequences.steps(index);
    return Array.from({ length: Math.ceil(steps / chunk_steps) }, (_, i) => ({
      index,
      from: i * chunk_steps,
      to: Math.min(steps, (i + 1) * chunk_steps),
    }));
  }).flat();
}

export interface SequenceFacts {
  readonly inputs: readonly LstmInput[];
  /** Steps with a known label, and those before a failure. */
  readonly labelled: number;
  readonly positive: number;
}

/**
 * Mean and spread of every input over all that was read, and how many steps are labelled. An input that never moves has spread 1.
 * Errors: GV-CLI-002 where a sequence is not as long as it says or a label is none.
 */
export function learnFacts(sequences: LstmSequences, specs: readonly LstmInputSpec[]): SequenceFacts {
  if (sequences.input_width !== specs.length) {
    throw refused(`${sequences.input_width} inputs a step where ${specs.length} are named`);
  }
  const width = specs.length;
  const counts = new Float64Array(width);
  const means = new Float64Array(width);
  const squares = new Float64Array(width);
  let labelled = 0;
  let positive = 0;
  for (let index = 0; index < sequences.count; index++) {
    const { steps, inputs, steps_elapsed, failure, type } = sequences.sequence(index);
    if (
      steps !== sequences.steps(index) ||
      inputs.length !== steps * width ||
      [steps_elapsed, failure, type].some(({ length }) => length !== steps)
    ) {
      throw refused(`sequence ${index} is not as long as it says`);
    }
    for (let at = 0; at < inputs.length; at++) {
      const raw = inputs[at] as number;
      if (raw - raw !== 0) continue;
      const i = at % width;
      const x = transformed(raw, (specs[i] as LstmInputSpec).transform);
      const count = (counts[i] as number) + 1;
      const off = x - (means[i] as number);
      counts[i] = count;
      means[i] = (means[i] as number) + off / count;
      squares[i] = (squares[i] as number) + off * (x - (means[i] as number));
    }
    for (const label of failure) {
      if (Number.isNaN(label)) continue;
      if (label !== 0 && label !== 1) throw refused(`sequence ${index} has the label ${label}`);
      labelled++;
      positive += label;
    }
  }
  const inputs = specs.map((spec, i) => {
    const std = Math.sqrt((squares[i] as number) / Math.max(1, counts[i] as number));
    return { ...spec, mean: means[i] as number, std: std > 1e-9 * (1 + Math.abs(means[i] as number)) ? std : 1 };
  });
  return { inputs, labelled, positive };
}

const refused = (what: string): VitalsError =>
  new VitalsError('GV-CLI-002', `The network cannot learn from this: ${what}`, '');
