import { writeLstm } from '../lstm/lstm-document.ts';
import type { LstmSequences } from '../lstm/sequences.ts';
import { LSTM_TRAINING_DEFAULTS, type LstmTrainingOptions, trainLstm } from '../lstm/train-lstm.ts';
import type { PredictionBundle } from './bundle.ts';
import { LSTM_INPUTS } from './lstm-inputs.ts';

export interface TrainNetworkOptions {
  readonly seed: number;
  readonly lstm_options: Partial<LstmTrainingOptions>;
  readonly say: (line: string) => void;
  readonly monotonic: () => number;
}

/** Told every so many milliseconds at most while it learns. */
const TELL_EVERY_MS = 15_000;

/** The recurrent part of a bundle, from histories; `valid` are other GPUs and decide when to end. */
export async function trainNetwork(
  sequences: { readonly train: LstmSequences; readonly valid: LstmSequences | null },
  options: TrainNetworkOptions,
): Promise<PredictionBundle['lstm']> {
  const { say, monotonic } = options;
  let told = Number.NEGATIVE_INFINITY;
  const trained = await trainLstm({
    inputs: LSTM_INPUTS,
    sequences: sequences.train,
    ...(sequences.valid === null ? {} : { valid: sequences.valid }),
    options: { ...LSTM_TRAINING_DEFAULTS, seed: options.seed, ...options.lstm_options },
    monotonic,
    on_progress({ epoch, batch, loss, eta_s }) {
      if (monotonic() - told < TELL_EVERY_MS) return;
      told = monotonic();
      const left = eta_s === null ? '' : `, ${Math.round(eta_s)} s left`;
      say(`network: epoch ${epoch}, window ${batch}, loss ${loss.toFixed(4)}${left}`);
    },
  });
  const losses = trained.epochs.map(({ loss, valid_loss }) => `${loss.toFixed(4)}/${valid_loss?.toFixed(4) ?? '-'}`);
  say(`network: ${trained.gpu_steps} steps of GPUs on ${trained.backend}, loss ${losses.join(' ')}`);
  return { document: writeLstm(trained.model, 'f16') };
}
