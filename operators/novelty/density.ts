import { dbscan, NOISE, neighbourDistances } from '../../models/density-clustering/dbscan.ts';
import type { Anomaly, FeatureVector } from '../../pipeline/contract/events.ts';
import { fnv1a } from '../../pipeline/contract/ids.ts';
import type { FleetOperator } from '../../pipeline/contract/operator.ts';
import { type DurationMs, days, hours, milliseconds, minutes, seconds } from '../../pipeline/contract/time.ts';
import { type BoardVector, boardVector, modelOf, presentModels } from './board-vector.ts';
import { confirm, forgetWatches, type Watches } from './confirmation.ts';
import { NOVELTY_FEATURES } from './novelty-features.ts';
import { outlierAnomaly } from './outlier-anomaly.ts';
import { ticketOf } from './row-reservoir.ts';
import { learnResiduals, remaindersOf } from './workload-residuals.ts';

export interface DensityOptions {
  readonly delay: DurationMs;
  /** Event time between two clusterings of a model. */
  readonly every: DurationMs;
  /** Boards of a model that are clustered, at most: always the same ones, chosen by their UUID. */
  readonly gpus_max: number;
  /** Below this a model is not judged. */
  readonly gpus_min: number;
  /** A vector older than this is no longer the GPU's present. */
  readonly fresh: DurationMs;
  /** Time in samples that a GPU must have before it is judged. */
  readonly observed_min: DurationMs;
  /** Alike boards, the own one included, that make a place dense. */
  readonly neighbours_min: number;
  /** Of the distance within which `radius_share` of the boards have their neighbours. */
  readonly radius_factor: number;
  readonly radius_share: number;
  /** The radius is never below this, in spreads. */
  readonly radius_min: number;
}

export const DENSITY_DEFAULTS: DensityOptions = {
  delay: seconds(30),
  every: hours(1),
  gpus_max: 768,
  gpus_min: 16,
  fresh: hours(1),
  observed_min: hours(12),
  neighbours_min: 5,
  radius_factor: 2,
  radius_share: 0.9,
  radius_min: 6,
};

/** What is known of a GPU model: plain data. */
interface ModelState {
  readonly name: string;
  seen: number;
  /** When it was clustered last; 0 = never. */
  clustered_at: number;
  /** Latest vectors by GPU. */
  readonly latest: Record<string, Latest>;
  readonly watches: Watches;
}

interface Latest extends BoardVector {
  /** Place in the lottery when there are too many: the smallest stay. */
  readonly ticket: number;
}

const STATE = { models: { scope: 'group', type: 'record', width: 1, initial: 0 } } as const;

const WATCH_KEPT = days(1);
/** Spreads beyond which a feature counts no more: one wild reading is no reason to see no other difference. */
const SPREADS_MAX = 20;

/**
 * Says which board lies alone where the others of its model lie in clusters of alike ones; may be switched on.
 *
 * Input    feature vectors of whole boards.
 * Output   anomalies of type `density_outlier`, always info.
 * Time     hourly in event time per model, at an offset of its own, at most one model a minute; noise in three of five
 *          clusterings opens, five without close.
 * State    a record: per model the latest row of up to `gpus_max` boards, some 350 B each as JSON; models of more boards are
 *          judged by that sample alone.
 * Cost     per vector some 2 us; per clustering O(boards^2), some 20 ms for 768.
 * Errors   none.
 * Source   Ester et al. 1996; the radius after their sorted neighbour distances. Distances are Euclidean over what the workload
 *          leaves unexplained, in spreads of each feature.
 */
export function density(
  options: DensityOptions,
): FleetOperator<{ vectors: FeatureVector }, typeof STATE, { anomalies: Anomaly }> {
  const cluster = (model: ModelState, now: number, emit: (anomaly: Anomaly) => void): void => {
    model.clustered_at = now;
    for (const [key, { ts }] of Object.entries(model.latest)) if (ts < now - options.fresh) delete model.latest[key];
    const boards = Object.values(model.latest).sort(
      (a, b) => a.ticket - b.ticket || (a.gpu_uuid < b.gpu_uuid ? -1 : 1),
    );
    if (boards.length < options.gpus_min) return;
    const width = NOVELTY_FEATURES.length;
    const residuals = learnResiduals(boards.map(({ row }) => row));
    const points = new Float64Array(boards.length * width);
    boards.forEach(({ row }, b) => {
      const point = remaindersOf(residuals, row, points.subarray(b * width, (b + 1) * width), 'exact');
      for (let f = 0; f < width; f++) {
        const x = point[f] as number;
        point[f] = Number.isNaN(x) ? 0 : Math.max(-SPREADS_MAX, Math.min(SPREADS_MAX, x));
      }
    });
    const apart = neighbourDistances(points, width, options.neighbours_min - 1);
    const usual = apart.toSorted()[Math.ceil(boards.length * options.radius_share) - 1] as number;
    const radius = Math.max(options.radius_min, usual * options.radius_factor);
    const { labels } = dbscan(points, width, { radius, neighbours_min: options.neighbours_min });
    boards.forEach((board, b) => {
      const point = points.subarray(b * width, (b + 1) * width);
      confirm(
        model.watches,
        { gpu: `${board.gpu_uuid}/`, ts: now, every: milliseconds(0), hot: labels[b] === NOISE, strong: false },
        (severity, opened_at) =>
          outlierAnomaly({
            type: 'density_outlier',
            detector: 'dbscan',
            window: 'now',
            board,
            severity,
            score: (apart[b] as number) / radius,
            opened_at,
            residuals,
            reasons: farthestFeatures(point),
            claim: `has lain apart from all clusters of the ${boards.length} ${model.name} seen, ${(apart[b] as number).toFixed(1)} spreads from its neighbours where ${radius.toFixed(1)} is the limit`,
          }),
        emit,
      );
    });
  };

  const isDue = (model: ModelState, now: number): boolean => {
    const turn = (ts: number): number => Math.floor((ts - (fnv1a(model.name) % options.every)) / options.every);
    return turn(now) > turn(model.clustered_at);
  };

  return {
    name: 'density',
    summary: 'boards that lie apart from all clusters of their model',
    state: STATE,
    ports: ['anomalies'],
    delay: options.delay,
    on: {
      vectors: {
        pick: (vector): BoardVector | null => boardVector(vector, options.observed_min),
        take(vector: BoardVector, state) {
          const model = modelOf(state.models, vector, newModel);
          if (model) keepLatest(model.latest, vector, options.gpus_max);
        },
      },
    },
    timer: {
      every: minutes(1),
      onTime(now, state, emit) {
        const tell = (anomaly: Anomaly): void => emit('anomalies', anomaly);
        const all = presentModels<ModelState>(state.models, now);
        for (const { watches } of all) forgetWatches(watches, now - WATCH_KEPT, now, tell);
        const due = all.find((model) => isDue(model, now));
        if (due) cluster(due, now, tell);
      },
    },
  };
}

const farthestFeatures = (point: Float64Array): number[] =>
  Array.from(point, (x, feature) => ({ feature, off: Math.abs(x) }))
    .filter(({ off }) => off >= 1)
    .sort((a, b) => b.off - a.off || a.feature - b.feature)
    .map(({ feature }) => feature);

function keepLatest(latest: Record<string, Latest>, vector: BoardVector, gpus_max: number): void {
  const key = `${vector.gpu_uuid}/`;
  const known = latest[key];
  if (known && known.ts >= vector.ts) return;
  const ticket = known?.ticket ?? ticketOf(vector.gpu_uuid, 0);
  if (!known) {
    const keys = Object.keys(latest);
    if (keys.length >= gpus_max) {
      const worst = keys.reduce((a, b) => ((latest[b] as Latest).ticket > (latest[a] as Latest).ticket ? b : a));
      if ((latest[worst] as Latest).ticket <= ticket) return;
      delete latest[worst];
    }
  }
  latest[key] = { ...vector, ticket };
}

const newModel = ({ model, ts }: BoardVector): ModelState => ({
  name: model,
  seen: ts,
  clustered_at: ts,
  latest: {},
  watches: {},
});
