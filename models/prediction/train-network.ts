import { type LstmDocument, writeLstm } from '../lstm/lstm-document.ts';
import type { LstmModel } from '../lstm/lstm-model.ts';
import type { LstmSequences } from '../lstm/sequences.ts';
import {
  LSTM_TRAINING_DEFAULTS,
  type LstmTrainingCall,
  type LstmTrainingOptions,
  type TrainedLstm,
  trainLstm,
} from '../lstm/train-lstm.ts';
import { LSTM_INPUTS } from './lstm-inputs.ts';

/** What may be given beside the histories; as in a training of trainLstm. */
export interface TrainNetworkOptions extends Pick<LstmTrainingCall, 'start' | 'time_max_ms'> {
  readonly seed: number;
  readonly lstm_options: Partial<LstmTrainingOptions>;
  readonly say: (line: string) => void;
  readonly monotonic: () => number;
  /** Puts what was learned on other odds than the fleet's own back on those, before it is written. */
  readonly adjust?: (model: LstmModel) => LstmModel;
}

export interface TrainedNetwork {
  readonly document: LstmDocument;
  readonly trained: TrainedLstm;
}

/** Told every so many milliseconds at most while it learns. */
const TELL_EVERY_MS = 15_000;

/** The recurrent part of a bundle, from histories; `valid` are other GPUs and decide when to end. */
export async function trainNetwork(
  sequences: { readonly train: LstmSequences; readonly valid: LstmSequences | null },
  options: TrainNetworkOptions,
): Promise<TrainedNetwork> {
  const { say, monotonic, start, time_max_ms } = options;
  let told = Number.NEGATIVE_INFINITY;
  const trained = await trainLstm({
    inputs: LSTM_INPUTS,
    sequences: sequences.train,
    ...(sequences.valid === null ? {} : { valid: sequences.valid }),
    options: { ...LSTM_TRAINING_DEFAULTS, seed: options.seed, ...options.lstm_options },
    ...(start === undefined ? {} : { start }),
    ...(time_max_ms === undefined ? {} : { time_max_ms }),
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
  if (trained.ended === 'time')
    say('network: its time was over before its epochs were; what it has learned depends on how fast this machine was');
  const model = options.adjust?.(trained.model) ?? trained.model;
  return { document: writeLstm(model, 'f16'), trained };
}
