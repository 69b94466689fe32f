import type { Anomaly, FeatureVector } from '../../pipeline/contract/events.ts';
import { fnv1a } from '../../pipeline/contract/ids.ts';
import type { FleetOperator } from '../../pipeline/contract/operator.ts';
import { type DurationMs, days, hours, minutes, seconds } from '../../pipeline/contract/time.ts';
import { type BoardVector, boardVector, modelOf, presentModels } from './board-vector.ts';
import { confirm, forgetWatches, type Watches } from './confirmation.ts';
import { createNoveltyForests, type ForestSeed, type NoveltyForestOptions } from './novelty-forest.ts';
import { outlierAnomaly } from './outlier-anomaly.ts';
import { forgetBefore, offerRow, type RowReservoir, reservoirRows, SLOTS } from './row-reservoir.ts';

export interface NoveltyOptions extends NoveltyForestOptions {
  /** How long an item waits for others of its time. */
  readonly delay: DurationMs;
  /** Event time between two forests of a model. */
  readonly refit_every: DurationMs;
  /** Trees that one minute's tick grows. */
  readonly trees_per_tick: number;
  /** Rows of the last day that a forest is grown from, at most. */
  readonly rows_max: number;
  /** Below these a model is not judged. */
  readonly rows_min: number;
  readonly gpus_min: number;
  /** Time that a model must have been seen before its first forest. */
  readonly learn_for: DurationMs;
  /** Time in samples that a GPU must have before it is judged or learned from. */
  readonly observed_min: DurationMs;
  /** What an open anomaly's score may fall below the threshold without counting as calm. */
  readonly hysteresis: number;
  /** Event time between two evaluations of a GPU that looks strange; what passes within an hour or two is work, not health. */
  readonly evaluate_every: DurationMs;
  /** Spreads by which the farthest feature must be off: the rarest of a healthy fleet is rare, and still healthy. */
  readonly deviation_min: number;
  /** Score from which it is a warning. */
  readonly warning_score: number;
  /** Share of strange evaluations from which the model as a whole has changed: then nothing opens, and it is learned. */
  readonly changed_share: number;
}

export const NOVELTY_DEFAULTS: NoveltyOptions = {
  delay: seconds(30),
  refit_every: hours(6),
  trees: 100,
  trees_per_tick: 10,
  sample_size: 256,
  contamination: 0.005,
  threshold_min: 0.65,
  rows_max: 384,
  rows_min: 16,
  gpus_min: 8,
  learn_for: hours(24),
  observed_min: hours(12),
  evaluate_every: minutes(30),
  hysteresis: 0.03,
  deviation_min: 4,
  warning_score: 0.75,
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
  /** The forest that judges, and the one that grows. */
  current: ForestSeed | null;
  growing: ForestSeed | null;
  readonly watches: Watches;
}

const STATE = { models: { scope: 'group', type: 'record', width: 1, initial: 0 } } as const;

const TICK = minutes(1);
/** Models kept at most; more are not judged. */
const WATCH_KEPT = days(1);
/** Evaluations over which the strange ones are averaged. */
const SHARE_EVALUATIONS = 64;

/**
 * Says which GPU looks unlike all others of its model, when no single reading does.
 *
 * Input    feature vectors of whole boards (MIG instances are left out: they show the board's readings once each).
 * Output   anomalies of type `novelty`, info or warning: alone it is never critical.
 * Time     each model's forest is grown anew every 6 h of event time, at an offset of its own, a few trees a minute; at most
 *          one model's a minute. Evaluations are the vectors; three of five open, five calm ones close.
 * State    a record: per model up to `rows_max` rows of the last day, and those of one or two forests: some 400 B a row as
 *          JSON, at most 0.5 MB a model, 64 models; per GPU that looked strange among its last five vectors some 100 B, nothing for others.
 * Cost     per vector one score, some 8 us; per tick at most some 5 ms.
 * Errors   none.
 * Limits   what is the same in all rows splits no tree: a single error rate out of nothing is for the change points to tell.
 * Source   Liu, Ting, Zhou 2008. What the workload explains is taken off first by least squares, over robustly trimmed rows.
 */
export function novelty(
  options: NoveltyOptions,
): FleetOperator<{ vectors: FeatureVector }, typeof STATE, { anomalies: Anomaly }> {
  const forests = createNoveltyForests(options);
  const rows_per_slot = Math.ceil(options.rows_max / SLOTS);

  const judge = (
    model: ModelState,
    forest: ForestSeed,
    vector: BoardVector,
    emit: (anomaly: Anomaly) => void,
  ): boolean => {
    const { gpu_uuid, row, ts } = vector;
    const threshold = forest.threshold ?? 1;
    const { score, deviation } = forests.judge(forest, row);
    const material = deviation >= options.deviation_min;
    const gpu = `${gpu_uuid}/`;
    const isOpen = Boolean(model.watches[gpu]?.open);
    const hot = material && score >= threshold - (isOpen ? options.hysteresis : 0);
    model.strange_share += (Number(material && score >= threshold) - model.strange_share) / SHARE_EVALUATIONS;
    const changed = model.strange_share >= options.changed_share;
    const tell = (severity: 'info' | 'warning', opened_at: number): Anomaly | null =>
      changed ? null : tellOf({ vector, model, forest, score }, severity, opened_at);
    confirm(
      model.watches,
      { gpu, ts, every: options.evaluate_every, hot, strong: hot && score >= options.warning_score },
      tell,
      emit,
    );
    // Learning from a GPU that is told as strange would make it ordinary; learning nothing of a changed fleet would keep it strange.
    return changed || !(hot && Boolean(model.watches[gpu]?.open));
  };

  const tellOf = (
    found: { vector: BoardVector; model: ModelState; forest: ForestSeed; score: number },
    severity: 'info' | 'warning',
    opened_at: number,
  ): Anomaly | null => {
    const { vector, model, forest, score } = found;
    const limit = (forest.threshold ?? 1).toFixed(2);
    return outlierAnomaly({
      type: 'novelty',
      detector: 'isolation_forest',
      window: '24h',
      board: vector,
      severity,
      score,
      opened_at,
      residuals: forests.residuals(forest),
      reasons: forests.reasons(forest, vector.row),
      claim: `has looked unlike the other ${model.name} of the last day, isolation score ${score.toFixed(2)} where ${limit} is the limit`,
    });
  };

  /** Takes the rows for a new forest when it is time for one. */
  const beginForest = (model: ModelState, now: number): boolean => {
    if (now - model.since < options.learn_for) return false;
    const turn = (ts: number): number =>
      Math.floor((ts - (fnv1a(model.name) % options.refit_every)) / options.refit_every);
    if (model.current && turn(now) <= turn(model.current.at)) return false;
    const held = reservoirRows(model.reservoir);
    const gpus = new Set(held.map(({ gpu }) => gpu)).size;
    if (held.length < options.rows_min || gpus < options.gpus_min) return false;
    model.growing = {
      at: now,
      seed: fnv1a(`${model.name}/${now}`),
      rows: held.map(({ row }) => row),
      gpus,
      built: 0,
      threshold: null,
    };
    return true;
  };

  return {
    name: 'novelty',
    summary: 'boards that look unlike all others of their model',
    state: STATE,
    ports: ['anomalies'],
    delay: options.delay,
    on: {
      vectors: {
        pick: (vector): BoardVector | null => boardVector(vector, options.observed_min),
        take(vector: BoardVector, state, emit) {
          const model = modelOf(state.models, vector, newModel);
          if (!model) return;
          const learn = model.current
            ? judge(model, model.current, vector, (anomaly) => emit('anomalies', anomaly))
            : true;
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
        const growing = all.find((model) => model.growing) ?? all.find((model) => beginForest(model, now));
        if (!growing?.growing || !forests.step(growing.growing, options.trees_per_tick)) return;
        growing.current = growing.growing;
        growing.growing = null;
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
  current: null,
  growing: null,
  watches: {},
});
