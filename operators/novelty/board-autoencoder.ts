import {
  type Autoencoder,
  type AutoencoderData,
  autoencoderData,
  readAutoencoder,
  reconstructionErrors,
  rootMeanSquare,
} from '../../models/autoencoder/autoencoder.ts';
import {
  startTraining,
  type Training,
  type TrainingData,
  type TrainingOptions,
} from '../../models/autoencoder/training.ts';
import { type InputRanges, isWithinRanges, learnInputRanges } from './input-ranges.ts';
import { type KeptRow, NOVELTY_FEATURES } from './novelty-features.ts';
import type { ReservoirRow } from './row-reservoir.ts';
import { learnResiduals, type Residuals, remaindersOf } from './workload-residuals.ts';

/** What an autoencoder sees of a row: plain data. */
interface View {
  /** Features that enough of the rows knew. */
  readonly features: readonly number[];
  readonly residuals: Residuals;
  readonly ranges: InputRanges;
}

/** An autoencoder that learns, as state: plain data. */
export interface Trainee extends View {
  /** When its rows were taken. */
  readonly at: number;
  readonly seed: number;
  readonly rows: readonly KeptRow[];
  /** Of each row its board, numbered from 0. */
  readonly boards: readonly number[];
  /** As it stands after the last step. */
  progress: TrainingData | null;
}

/** An autoencoder that judges, as state: plain data. */
export interface Judge extends View {
  /** When the rows were taken that it learned from. */
  readonly at: number;
  readonly autoencoder: AutoencoderData;
  /** Error above which a row is strange. */
  readonly threshold: number;
}

export interface BoardAutoencoderOptions extends Omit<TrainingOptions, 'corruption' | 'seed'> {
  /** Share of the boards, the worst ones, that are left out where the threshold is found: the sick must not hide each other. */
  readonly sick_share: number;
  /** Share of the others' rows whose error may lie above the threshold. */
  readonly contamination: number;
  /** The threshold is never below this, in spreads. */
  readonly threshold_min: number;
}

/** Spreads within which it learns: one wild board must not bend it. */
const LEARNED_SPREADS = 4;
/** Spreads beyond which a feature counts no more: one wild reading is no reason to see no other difference. */
const JUDGED_SPREADS = 20;
const WARM_UP_STEPS = 10;
/** Share of the rows that must know a feature: what was hardly ever seen is not known to be strange. */
const KNOWN_SHARE = 0.5;

/**
 * Autoencoders over what the workload leaves unexplained. What follows from state is kept beside it as long as that lives.
 * Cost     making them 60 ms in a new process; taking rows some 4 ms for 384, the first step after that or a restore 3 ms more;
 *          graduating 3 ms; judging a row some 5 us.
 */
export function createBoardAutoencoders(options: BoardAutoencoderOptions): {
  /** Null where the rows know nothing. */
  enrol(at: number, seed: number, rows: readonly ReservoirRow[]): Trainee | null;
  /** Takes up to `batches` more steps; what it has become once all are done, which takes a call of its own. */
  step(trainee: Trainee, batches: number): Judge | null;
  /** Root of the mean square of what a row's features are off, and the largest of them, in spreads. */
  errorOf(judge: Judge, row: KeptRow): { readonly error: number; readonly error_max: number };
  /** The features that are off by a spread or more, worst first; and what it expects of every one it sees, in spreads. */
  explain(judge: Judge, row: KeptRow): { readonly worst: number[]; readonly fitting: Float64Array };
} {
  warmUp(options);
  const trainings = new WeakMap<Trainee, Training>();
  const models = new WeakMap<Judge, Autoencoder>();

  const trainingOf = (trainee: Trainee): Training => {
    let training = trainings.get(trainee);
    if (!training) {
      const rows = trainee.rows.map((row) => seen(trainee, row, LEARNED_SPREADS));
      const learned: TrainingOptions = { ...options, corruption: LEARNED_SPREADS, seed: trainee.seed };
      training = startTraining(rows, learned, trainee.progress);
      trainings.set(trainee, training);
    }
    return training;
  };
  const modelOf = (judge: Judge): Autoencoder => {
    let model = models.get(judge);
    if (!model) {
      model = readAutoencoder(judge.autoencoder);
      models.set(judge, model);
    }
    return model;
  };
  const graduate = (trainee: Trainee, model: Autoencoder): Judge => {
    const { at, features, residuals, ranges, rows, boards } = trainee;
    const errors = rows.map((row) => rootMeanSquare(missed(model, seen(trainee, row, JUDGED_SPREADS))));
    const worst = worstBoards(boards, errors, options.sick_share);
    const others = Float64Array.from(errors.filter((_, r) => !worst.has(boards[r] as number))).sort();
    const rank = Math.max(0, Math.ceil(others.length * (1 - options.contamination)) - 1);
    const threshold = Math.max(options.threshold_min, others[rank] as number);
    return { at, features, residuals, ranges, autoencoder: autoencoderData(model), threshold };
  };

  return {
    enrol(at, seed, held) {
      const rows = held.map(({ row }) => row);
      const names = [...new Set(held.map(({ gpu }) => gpu))];
      const boards = held.map(({ gpu }) => names.indexOf(gpu));
      const { width, coefficients, medians, spreads } = learnResiduals(rows);
      const residuals = {
        width,
        coefficients: Array.from(coefficients),
        medians: Array.from(medians),
        spreads: Array.from(spreads),
      };
      const ranges = learnInputRanges(rows);
      const all = { features: Array.from(spreads, (_, f) => f), residuals, ranges };
      const known = new Uint32Array(width);
      for (const row of rows) {
        seen(all, row, LEARNED_SPREADS).forEach((x, f) => {
          if (!Number.isNaN(x)) known[f] = (known[f] as number) + 1;
        });
      }
      const features = all.features.filter((f) => (known[f] as number) >= KNOWN_SHARE * rows.length);
      return features.length === 0 ? null : { at, seed, rows, boards, features, residuals, ranges, progress: null };
    },
    step(trainee, batches) {
      const training = trainingOf(trainee);
      if (training.done) return graduate(trainee, training.model());
      training.step(batches);
      trainee.progress = training.data();
      return null;
    },
    errorOf(judge, row) {
      const errors = missed(modelOf(judge), seen(judge, row, JUDGED_SPREADS));
      let error_max = 0;
      for (const error of errors) if (Math.abs(error) > error_max) error_max = Math.abs(error);
      return { error: rootMeanSquare(errors), error_max };
    },
    explain(judge, row) {
      const shown = seen(judge, row, JUDGED_SPREADS);
      const errors = missed(modelOf(judge), shown);
      const fitting = new Float64Array(judge.residuals.width).fill(Number.NaN);
      judge.features.forEach((feature, i) => {
        fitting[feature] = (shown[i] as number) - (errors[i] as number);
      });
      const worst = judge.features
        .map((feature, i) => ({ feature, off: Math.abs(errors[i] as number) }))
        .filter(({ off }) => off >= 1)
        .sort((a, b) => b.off - a.off || a.feature - b.feature)
        .map(({ feature }) => feature);
      return { worst, fitting };
    },
  };
}

/** The first steps of a process take ten times as long as others: better now than while rows flow. */
function warmUp(options: BoardAutoencoderOptions): void {
  const rows = Array.from({ length: options.batch_rows }, () => new Float64Array(NOVELTY_FEATURES.length));
  startTraining(rows, { ...options, corruption: LEARNED_SPREADS, seed: 0 }).step(WARM_UP_STEPS);
}

/** The share of the boards, rounded down, whose errors are largest in the mean. */
function worstBoards(boards: readonly number[], errors: readonly number[], share: number): ReadonlySet<number> {
  const sums: number[] = [];
  const counts: number[] = [];
  boards.forEach((board, r) => {
    sums[board] = (sums[board] ?? 0) + (errors[r] as number);
    counts[board] = (counts[board] ?? 0) + 1;
  });
  const means = sums.map((sum, board) => ({ board, mean: sum / (counts[board] as number) }));
  means.sort((a, b) => b.mean - a.mean || a.board - b.board);
  return new Set(means.slice(0, Math.floor(means.length * share)).map(({ board }) => board));
}

const missed = (model: Autoencoder, shown: Float64Array): Float64Array =>
  reconstructionErrors(model, shown, new Float64Array(shown.length));

/** What remains of a row's features, at most `limit` spreads; NaN where it is not known. */
function seen({ features, residuals, ranges }: View, row: KeptRow, limit: number): Float64Array {
  const remainders = remaindersOf(residuals, row, new Float64Array(residuals.width), 'exact');
  return Float64Array.from(features, (f) =>
    isWithinRanges(ranges, row, f) ? Math.max(-limit, Math.min(limit, remainders[f] as number)) : Number.NaN,
  );
}
