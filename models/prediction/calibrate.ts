import type { FeatureVector } from '../../pipeline/contract/events.ts';
import { HORIZONS_DAYS } from '../../pipeline/contract/predictions.ts';
import { COMPONENTS, type LoadedBundle, loadBundle, type PredictionBundle, treesAlone } from './bundle.ts';
import { type Combiner, fitBias, fitCombiner } from './combiner.ts';
import { createComponents } from './components.ts';
import { combinedProbabilities, inOrdinaryFleets } from './ensemble.ts';
import { createLandmarkBuilder, type KnownRows, knownRows, type LandmarkOptions, type Landmarks } from './landmarks.ts';
import { thresholdByCost } from './threshold-by-cost.ts';

const WIDTH = COMPONENTS.length;
const ROW = HORIZONS_DAYS.length * WIDTH;
const TREES = COMPONENTS.indexOf('trees');
const MONTH = 1;
/** GPUs that must have failed for the trees to be scaled too, and not only moved. */
const SCALED_FAILURES_MIN = 5;
/** Rows added to those before a failure: that none was seen does not make one impossible. */
const UNSEEN_ROWS = 0.5;

/** Landmarks with what each model of a bundle said then. */
export interface ScoredLandmarks {
  readonly landmarks: Landmarks;
  /** One row per vector that made a landmark (see `taken`): by horizon, by component. */
  readonly inputs: Float64Array;
}

export interface ScoreCollector {
  /** Takes every vector, in the order of time per GPU: what is carried is carried as it would have been live. */
  take(vector: FeatureVector): void;
  finish(failures: Parameters<ReturnType<typeof createLandmarkBuilder>['finish']>[0], until: number): ScoredLandmarks;
}

/** Asks the models of a bundle along a history, as they would have been asked live. About 2 kB a GPU, 96 B a landmark. */
export function createScoreCollector(loaded: LoadedBundle, options: Omit<LandmarkOptions, 'features'>): ScoreCollector {
  const components = createComponents(loaded);
  const builder = createLandmarkBuilder({ ...options, features: loaded.bundle.features });
  const carried = new Map<string, { numbers: Float32Array; ts: number }>();
  let inputs = new Float64Array(1_024 * ROW);
  return {
    take(vector) {
      if (vector.instance !== '') return;
      let own = carried.get(vector.gpu_uuid);
      if (own === undefined) {
        own = { numbers: new Float32Array(components.carried_width), ts: vector.ts };
        carried.set(vector.gpu_uuid, own);
      }
      const row = builder.rows;
      const elapsed_ms = vector.ts - own.ts;
      own.ts = vector.ts;
      if (!builder.take(vector)) {
        components.follow(vector, own.numbers, elapsed_ms);
        return;
      }
      components.judge(vector, own.numbers, elapsed_ms);
      if ((row + 1) * ROW > inputs.length) {
        const larger = new Float64Array(inputs.length * 2);
        larger.set(inputs);
        inputs = larger;
      }
      inputs.set(components.scores.inputs, row * ROW);
    },
    finish: (failures, until) => ({ landmarks: builder.finish(failures, until), inputs }),
  };
}

/** What an alarm that was none and a failure without an alarm cost, US dollars. */
export interface AlarmCosts {
  readonly false_alarm_usd: number;
  readonly missed_failure_usd: number;
}

export interface CalibrateOptions {
  /** GPUs that must have failed within a horizon for it to get a combination of its own; below, the trees speak alone. */
  readonly failures_min: number;
  readonly costs: AlarmCosts;
  /** Failures in ordinary fleets for each one in the fleets of the training. */
  readonly background_ratio: number;
  readonly say: (line: string) => void;
}

/**
 * Learns how the models of a bundle are put together, from landmarks that none of them has learned from: one logistic
 * combination a horizon, which is also its calibration (Platt 1999), one per model alone, and the alarm threshold that
 * costs least. Where too few have failed for that the trees of a month speak alone, calibrated by themselves, and the other
 * horizons follow them. GPUs count alike, however many landmarks they have before and without failures.
 */
export function calibrate(
  bundle: PredictionBundle,
  scored: ScoredLandmarks,
  options: CalibrateOptions,
): PredictionBundle {
  const { landmarks, inputs } = scored;
  const { say } = options;
  const known = HORIZONS_DAYS.map((days) => knownRows(landmarks, days));
  const combinerOf = (h: number, among: (component: number) => boolean): Combiner => {
    const { rows, labels } = known[h] as KnownRows;
    const some = new Float64Array(rows.length * WIDTH);
    for (const [to, row] of rows.entries()) {
      const from = (landmarks.taken[row] as number) * ROW + h * WIDTH;
      for (let k = 0; k < WIDTH; k++) some[to * WIDTH + k] = among(k) ? (inputs[from + k] as number) : Number.NaN;
    }
    return fitCombiner({ inputs: some, width: WIDTH, labels });
  };
  const fitFor = (h: number, among: (component: number) => boolean): Combiner | null =>
    (known[h] as KnownRows).failing < options.failures_min ? null : combinerOf(h, among);
  const calibratedTrees = (): Combiner => {
    const { rows, labels, failing } = known[MONTH] as KnownRows;
    if (rows.length === 0) {
      say('30 days: nothing is known to calibrate by, the trees are taken as they are');
      return bundle.combiners.d30;
    }
    if (failing >= SCALED_FAILURES_MIN) {
      const fitted = combinerOf(MONTH, (component) => component === TREES);
      say(`30 days: the trees alone x ${(fitted.weights[TREES] as number).toFixed(2)}, by ${failing} GPUs that failed`);
      return fitted;
    }
    const log_odds = rows.map(
      (row) => inputs[(landmarks.taken[row] as number) * ROW + MONTH * WIDTH + TREES] as number,
    );
    const failed = labels.reduce((sum, label) => sum + label, 0);
    const bias = fitBias(log_odds, failed + UNSEEN_ROWS);
    say(`30 days: the trees alone, moved by ${bias.toFixed(2)} to as many failures as came: ${failing} GPUs failed`);
    return treesAlone(bias);
  };
  const everything = HORIZONS_DAYS.map((days, h) => {
    const fitted = fitFor(h, () => true);
    say(
      fitted === null
        ? `${days} days: too few failures to combine by`
        : `${days} days: ${COMPONENTS.map((name, k) => `${name} x ${(fitted.weights[k] as number).toFixed(2)}`).join(', ')}`,
    );
    return fitted;
  });
  const month = everything[MONTH] ?? calibratedTrees();
  const combiners = [everything[0] ?? null, month, everything[2] ?? null];
  const told = Array.from({ length: landmarks.rows }, (_, row) => {
    const from = (landmarks.taken[row] as number) * ROW;
    return combinedProbabilities(combiners, { inputs: inputs.subarray(from, from + ROW) });
  });
  const background = {
    hazards: HORIZONS_DAYS.map((_, h) => -Math.log1p(-Math.min(1 - 1e-12, median(told.map((p) => p[h] as number))))),
    ratio: options.background_ratio,
  };
  const { rows, labels } = known[MONTH] as KnownRows;
  const probabilities = rows.map((row) => (told[row] as readonly number[])[MONTH] as number);
  const calibrated = {
    ...bundle,
    combiners: { d7: plain(everything[0] ?? null), d30: plain(month), d90: plain(everything[2] ?? null) },
    background,
    alone: COMPONENTS.map((_, k) => plain(fitFor(MONTH, (component) => component === k))),
    threshold_30d: inOrdinaryFleets(
      thresholdByCost(labels, probabilities, options.costs),
      background.hazards[1] ?? 0,
      background.ratio,
    ),
  } as PredictionBundle;
  // Whatever is written must be what is read.
  loadBundle(JSON.parse(JSON.stringify(calibrated)), 'calibrated bundle');
  return calibrated;
}

const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0;

const plain = (combiner: Combiner | null): { bias: number; weights: number[]; means: number[] } | null =>
  combiner && { bias: combiner.bias, weights: [...combiner.weights], means: [...combiner.means] };
