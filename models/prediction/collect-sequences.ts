import type { FeatureVector } from '../../pipeline/contract/events.ts';
import { FAILURE_TYPES, type FailureLabel } from '../../pipeline/contract/predictions.ts';
import { days, hours } from '../../pipeline/contract/time.ts';
import type { LstmSequence, LstmSequences } from '../lstm/sequences.ts';
import { inputReader } from '../training/model-features.ts';
import { LSTM_STEP_MS } from './components.ts';
import { LSTM_INPUTS } from './lstm-inputs.ts';

const UNKNOWN_TYPE = 255;
const HORIZON_MS = days(30);

interface History {
  readonly gpu_uuid: string;
  inputs: Float32Array;
  readonly ts: number[];
}

export interface SequenceCollector {
  /** Takes every vector, in the order of time per GPU: one per ten minutes is kept, of whole boards. */
  take(vector: FeatureVector): void;
  readonly steps: number;
  /**
   * Histories with their labels; a history ends with its GPU's failure, and the next begins two days after it. A GPU is watched
   * until its last step, or as `watched_until` says by UUID (epoch ms) where only parts of what was stored were taken.
   */
  finish(failures: readonly FailureLabel[], until: number, watched_until?: ReadonlyMap<string, number>): LstmSequences;
}

/**
 * Histories for the recurrent network, as the running system would have stepped it. A step's label is known where the GPU
 * failed within 30 days, or was watched for so long (within `until`); 4 B an input and step.
 */
export function createSequenceCollector(): SequenceCollector {
  const width = LSTM_INPUTS.length;
  const read = inputReader(LSTM_INPUTS.map(({ name }) => name));
  const histories = new Map<string, History>();
  let steps = 0;
  return {
    get steps() {
      return steps;
    },
    take(vector) {
      if (vector.instance !== '') return;
      const known = histories.get(vector.gpu_uuid);
      const history = known ?? { gpu_uuid: vector.gpu_uuid, inputs: new Float32Array(64 * width), ts: [] };
      if (known === undefined) histories.set(vector.gpu_uuid, history);
      if (vector.ts - (history.ts.at(-1) ?? Number.NEGATIVE_INFINITY) < LSTM_STEP_MS) return;
      const at = history.ts.length * width;
      if (at + width > history.inputs.length) {
        const larger = new Float32Array(history.inputs.length * 2);
        larger.set(history.inputs);
        history.inputs = larger;
      }
      read(vector.values, history.inputs, at);
      history.ts.push(vector.ts);
      steps += 1;
    },
    finish(failures, until, watched_until) {
      const lives: { history: History; from: number; to: number; failure: FailureLabel | undefined }[] = [];
      for (const history of histories.values()) {
        const own = failures
          .filter(
            ({ gpu_uuid, status, failed_at }) =>
              gpu_uuid === history.gpu_uuid && status === 'confirmed' && failed_at <= until,
          )
          .toSorted((a, b) => a.failed_at - b.failed_at);
        let from_ms = Number.NEGATIVE_INFINITY;
        for (const failure of [...own, undefined]) {
          const to_ms = failure?.failed_at ?? until;
          const from = history.ts.findIndex((ts) => ts >= from_ms);
          const after = history.ts.findIndex((ts) => ts >= to_ms);
          const to = after < 0 ? history.ts.length : after;
          if (from >= 0 && to > from) lives.push({ history, from, to, failure });
          from_ms = to_ms + hours(48);
        }
      }
      return {
        input_width: width,
        count: lives.length,
        steps: (index) => {
          const life = lives[index];
          return life === undefined ? 0 : life.to - life.from;
        },
        sequence(index): LstmSequence {
          const { history, from, to, failure } = lives[index] as (typeof lives)[number];
          const count = to - from;
          const elapsed = new Float32Array(count);
          const failing = new Float32Array(count);
          const type = new Uint8Array(count).fill(UNKNOWN_TYPE);
          const last_ms = Math.min(until, watched_until?.get(history.gpu_uuid) ?? (history.ts[to - 1] as number));
          for (let i = 0; i < count; i++) {
            const ts = history.ts[from + i] as number;
            elapsed[i] =
              i === 0 ? 0 : Math.max(1, Math.round((ts - (history.ts[from + i - 1] as number)) / LSTM_STEP_MS));
            const fails = failure !== undefined && failure.failed_at - ts <= HORIZON_MS;
            const survived = (failure?.failed_at ?? last_ms) - ts >= HORIZON_MS;
            // As with landmarks: where no survivor could be known, failures are not learned from either.
            failing[i] = ts + HORIZON_MS > until ? Number.NaN : fails ? 1 : survived ? 0 : Number.NaN;
            if (fails) type[i] = FAILURE_TYPES.indexOf(failure.type);
          }
          return {
            steps: count,
            inputs: history.inputs.subarray(from * width, to * width),
            steps_elapsed: elapsed,
            failure: failing,
            type,
          };
        },
      };
    },
  };
}
