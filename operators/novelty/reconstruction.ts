import type { Anomaly, FeatureVector } from '../../pipeline/contract/events.ts';
import { fnv1a } from '../../pipeline/contract/ids.ts';
import type { FleetOperator } from '../../pipeline/contract/operator.ts';
import { type DurationMs, days, hours, minutes, seconds } from '../../pipeline/contract/time.ts';
import {
  type BoardAutoencoderOptions,
  createBoardAutoencoders,
  type Judge,
  type Trainee,
} from './board-autoencoder.ts';
import { type BoardVector, boardVector, modelOf, presentModels } from './board-vector.ts';
import { confirm, forgetWatches, type Watches } from './confirmation.ts';
import { outlierAnomaly } from './outlier-anomaly.ts';
import { forgetBefore, offerRow, type RowReservoir, reservoirRows, SLOTS } from './row-reservoir.ts';

export interface ReconstructionOptions extends BoardAutoencoderOptions {
  /** How long an item waits for others of its time. */
  readonly delay: DurationMs;
  /** Event time between two trainings of a model. */
  readonly refit_every: DurationMs;
  /** Steps that one minute's tick takes. */
  readonly batches_per_tick: number;
  /** Rows of the last day that are learned from, at most. */
  readonly rows_max: number;
  /** Below these a model is not judged. */
  readonly rows_min: number;
  readonly gpus_min: number;
  /** Time that a model must have been seen before its first training. */
  readonly learn_for: DurationMs;
  /** Time in samples that a GPU must have before it is judged or learned from. */
  readonly observed_min: DurationMs;
  /** Event time between two evaluations of a GPU that looks strange; what passes within an hour or two is work, not health. */
  readonly evaluate_every: DurationMs;
  /** Share of the threshold that an open anomaly's error may fall below it without counting as calm. */
  readonly hysteresis: number;
  /** Spreads by which the worst feature must be off: the rarest of a healthy fleet is rare, and still healthy. */
  readonly deviation_min: number;
  /** Share of strange evaluations from which the model as a whole has changed: then nothing opens, and it is learned. */
  readonly changed_share: number;
}

export const RECONSTRUCTION_DEFAULTS: ReconstructionOptions = {
  delay: seconds(30),
  refit_every: hours(6),
  hidden: [16, 6, 16],
  batches: 300,
  batches_per_tick: 3,
  batch_rows: 64,
  learning_rate: 0.01,
  corrupted_share: 0.1,
  sick_share: 0.1,
  contamination: 0.005,
  threshold_min: 1,
  rows_max: 384,
  rows_min: 64,
  gpus_min: 8,
  learn_for: hours(24),
  observed_min: hours(12),
  evaluate_every: minutes(30),
  hysteresis: 0.1,
  deviation_min: 4,
  changed_share: 0.25,
};

/** What is known of a GPU model: plain data. */
interface ModelState {
  readonly name: string;
  /** First and last vector. */
  readonly since: number;
  seen: number;
  /** Of the last evaluations, the share that was strange. */
  strange_share: number;
  readonly reservoir: RowReservoir;
  judge: Judge | null;
  trainee: Trainee | null;
  readonly watches: Watches;
}

const STATE = { models: { scope: 'group', type: 'record', width: 1, initial: 0 } } as const;

const TICK = minutes(1);
const WATCH_KEPT = days(1);
/** Evaluations over which the strange ones are averaged. */
const SHARE_EVALUATIONS = 64;

/**
 * Says which GPU shows readings that do not go together as they do on the others of its model; may be switched on.
 *
 * Input    feature vectors of whole boards (MIG instances are left out: they show the board's readings once each).
 * Output   anomalies of type `reconstruction_error`, always info.
 * Time     each model's autoencoder is trained anew every 6 h of event time, at an offset of its own, a few steps a minute, for
 *          an hour and 40 minutes; one model at a time, the one that was trained longest ago, so that more than three models
 *          wait longer than 6 h. Evaluations are the vectors; three of five open, five calm ones close.
 * State    a record: per model up to `rows_max` rows of the last day, some 400 B each as JSON, and 20 kB of weights; the one that
 *          is trained has those rows twice and 90 kB of weights and moments, as they stand after each tick. GPUs that looked
 *          strange lately some 100 B, others nothing.
 * Cost     per vector some 8 us; per tick some 3 ms while one is trained, at most some 10. Loading
 *          TensorFlow.js and making this takes 0.1 to 0.4 s and 50 MB, once, before rows flow.
 * Errors   none.
 * Limits   a feature that follows the workload counts only where the board's work is like that of most; one that fewer than half of
 *          the rows know does not count.
 * Source   Hinton, Salakhutdinov 2006; Vincent et al. 2008. What the workload explains is taken off first by least squares,
 *          over robustly trimmed rows.
 */
export function reconstruction(
  options: ReconstructionOptions,
): FleetOperator<{ vectors: FeatureVector }, typeof STATE, { anomalies: Anomaly }> {
  const autoencoders = createBoardAutoencoders(options);
  const rows_per_slot = Math.ceil(options.rows_max / SLOTS);

  /** Whether the row may be learned from. */
  const evaluate = (
    model: ModelState,
    judge: Judge,
    vector: BoardVector,
    emit: (anomaly: Anomaly) => void,
  ): boolean => {
    const { error, error_max } = autoencoders.errorOf(judge, vector.row);
    const gpu = `${vector.gpu_uuid}/`;
    const isMaterial = error_max >= options.deviation_min;
    const isStrange = isMaterial && error > judge.threshold;
    const isOpen = Boolean(model.watches[gpu]?.open);
    const hot = isStrange || (isMaterial && isOpen && error > judge.threshold * (1 - options.hysteresis));
    model.strange_share += (Number(isStrange) - model.strange_share) / SHARE_EVALUATIONS;
    const changed = model.strange_share >= options.changed_share;
    confirm(
      model.watches,
      { gpu, ts: vector.ts, every: options.evaluate_every, hot, strong: false },
      (severity, opened_at) => (changed ? null : tell(model, judge, { vector, error, severity, opened_at })),
      emit,
    );
    // Learning from a GPU that is told as strange would make it ordinary; learning nothing of a changed fleet would keep it strange.
    return changed || !(hot && Boolean(model.watches[gpu]?.open));
  };

  const tell = (
    model: ModelState,
    judge: Judge,
    found: { vector: BoardVector; error: number; severity: 'info' | 'warning'; opened_at: number },
  ): Anomaly | null => {
    const { vector, error, severity, opened_at } = found;
    const { worst, fitting } = autoencoders.explain(judge, vector.row);
    return outlierAnomaly({
      type: 'reconstruction_error',
      detector: 'autoencoder',
      window: '24h',
      board: vector,
      severity,
      score: error,
      opened_at,
      residuals: judge.residuals,
      reasons: worst,
      fitting,
      claim: `has shown readings that do not go together as on the other ${model.name} of the last day, ${error.toFixed(1)} spreads off where ${judge.threshold.toFixed(1)} is the limit`,
    });
  };

  const isDue = (model: ModelState, now: number): boolean => {
    if (now - model.since < options.learn_for) return false;
    const offset = fnv1a(model.name) % options.refit_every;
    const turn = (ts: number): number => Math.floor((ts - offset) / options.refit_every);
    return !model.judge || turn(now) > turn(model.judge.at);
  };

  /** Takes the rows for a new autoencoder where there are enough. */
  const enrol = (model: ModelState, now: number): boolean => {
    const held = reservoirRows(model.reservoir);
    if (held.length < options.rows_min || new Set(held.map(({ gpu }) => gpu)).size < options.gpus_min) return false;
    const seed = fnv1a(`${model.name}/${now}`);
    model.trainee = autoencoders.enrol(now, seed, held);
    return model.trainee !== null;
  };

  return {
    name: 'reconstruction',
    summary: 'boards whose readings do not go together as on others of their model',
    state: STATE,
    ports: ['anomalies'],
    delay: options.delay,
    on: {
      vectors: {
        pick: (vector): BoardVector | null => boardVector(vector, options.observed_min),
        take(vector: BoardVector, state, emit) {
          const model = modelOf(state.models, vector, newModel);
          if (!model) return;
          const { judge } = model;
          const learn = judge ? evaluate(model, judge, vector, (anomaly) => emit('anomalies', anomaly)) : true;
          if (learn) offerRow(model.reservoir, { gpu: vector.gpu_uuid, ts: vector.ts, row: vector.row }, rows_per_slot);
        },
      },
    },
    timer: {
      every: TICK,
      onTime(now, state, emit) {
        const all = presentModels<ModelState>(state.models, now);
        for (const { reservoir, watches } of all) {
          forgetBefore(reservoir, now);
          forgetWatches(watches, now - WATCH_KEPT, now, (anomaly) => emit('anomalies', anomaly));
        }
        const learning = all.find((model) => model.trainee);
        if (!learning?.trainee) {
          const due = all.filter((model) => isDue(model, now));
          due.sort((a, b) => (a.judge?.at ?? 0) - (b.judge?.at ?? 0)).find((model) => enrol(model, now));
          return;
        }
        const judge = autoencoders.step(learning.trainee, options.batches_per_tick);
        if (judge === null) return;
        learning.judge = judge;
        learning.trainee = null;
      },
    },
  };
}

const newModel = ({ model, ts }: BoardVector): ModelState => ({
  name: model,
  since: ts,
  seen: ts,
  strange_share: 0,
  reservoir: [],
  judge: null,
  trainee: null,
  watches: {},
});
