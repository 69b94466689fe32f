import { headLoss, type LossWeights } from './head-loss.ts';
import { HEAD_WIDTH, type LstmModel } from './lstm-model.ts';
import type { LstmSequence, LstmSequences } from './sequences.ts';
import { createLstmStepper } from './stepper.ts';

/** What a model says about histories that it has not learned from. */
export interface LstmJudgement {
  /** Weighted as in training, per labelled step. */
  readonly loss: number;
  /** Of every labelled step: log-odds of a failure, and whether it came. */
  readonly log_odds: Float32Array;
  readonly failures: Uint8Array;
}

/** Histories that step together. */
const TOGETHER = 64;

/**
 * Streams every history through the stepper that serves, so that what is judged is what will be told.
 * Cost     as `createLstmStepper`; between histories of 64 `pause` is called, for others to have their turn.
 */
export async function judgeLstm(options: {
  readonly model: LstmModel;
  readonly sequences: LstmSequences;
  readonly weights: LossWeights;
  readonly pause: () => Promise<unknown>;
}): Promise<LstmJudgement> {
  const { model, sequences, weights, pause } = options;
  const stepper = createLstmStepper(model);
  const width = stepper.input_width;
  const log_odds: number[] = [];
  const failures: number[] = [];
  let loss = 0;
  for (let first = 0; first < sequences.count; first += TOGETHER) {
    const count = Math.min(TOGETHER, sequences.count - first);
    const together = Array.from({ length: count }, (_, i) => sequences.sequence(first + i)).sort(
      (a, b) => b.steps - a.steps,
    );
    const raw = new Float32Array(count * width);
    const elapsed = new Float32Array(count);
    const states = new Float32Array(count * stepper.state_width);
    const out = new Float32Array(count * stepper.output_width);
    let rows = count;
    for (let t = 0; ; t++) {
      // The longest come first, so that those that have ended are at the end.
      while (rows > 0 && (together[rows - 1] as LstmSequence).steps <= t) rows--;
      if (rows === 0) break;
      for (let row = 0; row < rows; row++) {
        const one = together[row] as LstmSequence;
        raw.set(one.inputs.subarray(t * width, (t + 1) * width), row * width);
        elapsed[row] = t === 0 ? 0 : (one.steps_elapsed[t] as number);
      }
      stepper.step(rows, raw, elapsed, states, out);
      for (let row = 0; row < rows; row++) {
        const { failure, type } = together[row] as LstmSequence;
        const label = failure[t] as number;
        if (Number.isNaN(label)) continue;
        const sums = headSums(out, row * HEAD_WIDTH);
        loss += headLoss(sums, 0, label, type[t] as number, weights);
        log_odds.push(sums[0] as number);
        failures.push(label);
      }
    }
    await pause();
  }
  return {
    loss: log_odds.length === 0 ? Number.NaN : loss / log_odds.length,
    log_odds: Float32Array.from(log_odds),
    failures: Uint8Array.from(failures),
  };
}

/** Sums that give these probabilities. */
function headSums(out: Float32Array, at: number): number[] {
  const p = Math.min(1 - 1e-7, Math.max(1e-30, out[at] as number));
  const types = Array.from(out.subarray(at + 1, at + HEAD_WIDTH), (share) => Math.log(Math.max(1e-30, share)));
  return [Math.log(p / (1 - p)), ...types];
}

/** What log-odds are best divided by, by likelihood within 0.2 to 5; golden sections. Source: Guo et al. 2017. */
export function bestTemperature({ log_odds, failures }: Pick<LstmJudgement, 'log_odds' | 'failures'>): number {
  const missed = (log_temperature: number): number => {
    const by = Math.exp(-log_temperature);
    let sum = 0;
    for (let i = 0; i < log_odds.length; i++) {
      const x = (log_odds[i] as number) * by;
      sum += Math.max(x, 0) - x * (failures[i] as number) + Math.log1p(Math.exp(-Math.abs(x)));
    }
    return sum;
  };
  const golden = (Math.sqrt(5) - 1) / 2;
  let [low, high] = [Math.log(0.2), Math.log(5)];
  while (high - low > 1e-3) {
    const [a, b] = [high - golden * (high - low), low + golden * (high - low)];
    if (missed(a) < missed(b)) high = b;
    else low = a;
  }
  return Math.exp((low + high) / 2);
}
