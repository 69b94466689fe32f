import { dbscan, neighbourDistances } from '../models/density-clustering/dbscan.ts';
import { scoreRow } from '../models/isolation-forest/forest.ts';
import { FOREST_DEFAULTS, fitForest, startForestFit } from '../models/isolation-forest/forest-fit.ts';
import { NOVELTY_DEFAULTS, novelty } from '../operators/novelty/novelty.ts';
import { NOVELTY_FEATURES } from '../operators/novelty/novelty-features.ts';
import type { FeatureVector } from '../pipeline/contract/events.ts';
import { FEATURES, findFeature } from '../pipeline/contract/features.ts';
import { METRIC_COUNT } from '../pipeline/contract/metrics.ts';
import { draw, draws } from './fleet/random.ts';

/** What novelty costs on one core, in CPU time. */
export interface IsolationForestFigures {
  /** One row through 100 trees. */
  readonly score_ns: number;
  /** 100 trees of 256 rows, at once, and the longest slice of ten of them. */
  readonly fit_ms: number;
  readonly slice_max_ms: number;
  /** The operator: a vector kept, judged and learned from; the longest minute's tick, with forests growing. */
  readonly vector_us: number;
  readonly tick_max_ms: number;
  readonly state_bytes_per_model: number;
  /** Neighbour distances and clusters of 768 boards. */
  readonly clustering_ms: number;
}

const ROWS = 384;
const BOARDS = 768;
const MINUTE_MS = 60_000;
const START_MS = Date.UTC(2026, 0, 1);

const usedSince = (start: NodeJS.CpuUsage): number => {
  const { user, system } = process.cpuUsage(start);
  return user + system;
};

/** CPU time of one call in us, the mean of as many as `seconds` allow, after some that warm up. */
function cost(seconds: number, calls: number, call: (i: number) => void): number {
  for (let i = 0; i < calls; i++) call(i);
  const start = process.cpuUsage();
  let done = 0;
  let used_us = 0;
  while (used_us < seconds * 1e6) {
    for (let i = 0; i < calls; i++) call(i);
    done += calls;
    used_us = usedSince(start);
  }
  return used_us / done;
}

/** Rows that are bell-shaped in every feature. */
function cloud(rows: number, seed: number): Float64Array[] {
  const from = draws(seed);
  return Array.from({ length: rows }, () =>
    Float64Array.from(NOVELTY_FEATURES, () => draw(from) + draw(from) + draw(from) - 1.5),
  );
}

/** Vectors with every feature known, as many GPUs as asked, anew each time. */
function vectors(gpus: number): (ts: number, gpu: number) => FeatureVector {
  const from = draws(7);
  const pool = Array.from({ length: 4_096 }, () => draw(from));
  const latest = new Float64Array(METRIC_COUNT).fill(1);
  const samples = findFeature('samples_7d');
  const cadence = findFeature('cadence_seconds');
  let at = 0;
  return (ts, gpu) => {
    const values = Float64Array.from(FEATURES, () => 50 + (pool[at++ & 4_095] as number) * 20);
    values[samples] = 60_000;
    values[cadence] = 10;
    const node = `node-${gpu >> 3}`;
    const gpu_uuid = `GPU-${gpu % gpus}`;
    return {
      ts,
      gpu_uuid,
      node,
      instance: '',
      model: 'H100',
      job: '',
      values,
      latest,
      latest_ts: ts,
      arrived_at: ts,
      final: false,
    };
  };
}

/** An operator's day and more: warm from the second forest on. */
function benchOperator(
  gpus: number,
  days: number,
): Pick<IsolationForestFigures, 'vector_us' | 'tick_max_ms' | 'state_bytes_per_model'> {
  const operator = novelty(NOVELTY_DEFAULTS);
  const state = { models: [null] as unknown[] };
  const vectorOf = vectors(gpus);
  const warm_until = START_MS + NOVELTY_DEFAULTS.learn_for + NOVELTY_DEFAULTS.refit_every;
  let vectors_us = 0;
  let judged = 0;
  let tick_max_us = 0;
  for (let now = START_MS; now < START_MS + days * 86_400_000; now += MINUTE_MS) {
    const due = Array.from({ length: Math.ceil(gpus / 5) }, (_, i) => vectorOf(now, (i * 5 + now / MINUTE_MS) % gpus));
    const start = process.cpuUsage();
    for (const vector of due) {
      const kept = operator.on.vectors.pick(vector);
      if (kept !== null) operator.on.vectors.take(kept, state, () => undefined);
    }
    const took_us = usedSince(start);
    const before = process.cpuUsage();
    operator.timer?.onTime(now, state, () => undefined);
    const tick_us = usedSince(before);
    if (now < warm_until) continue;
    vectors_us += took_us;
    judged += due.length;
    tick_max_us = Math.max(tick_max_us, tick_us);
  }
  return {
    vector_us: Math.round((vectors_us / judged) * 10) / 10,
    tick_max_ms: Math.round(tick_max_us / 100) / 10,
    state_bytes_per_model: JSON.stringify(state.models[0]).length,
  };
}

/** Costs are CPU time of the process, collector included. */
export function benchIsolationForest(options: { seconds: number; gpus: number; days: number }): IsolationForestFigures {
  const rows = cloud(ROWS, 1);
  const forest = fitForest(rows, FOREST_DEFAULTS);
  let sum = 0;
  const score_us = cost(options.seconds, ROWS, (i) => {
    sum += scoreRow(forest, rows[i] as Float64Array);
  });
  if (!(sum > 0)) throw new Error('nothing was scored');
  const fit_us = cost(options.seconds, 1, () => fitForest(rows, FOREST_DEFAULTS));
  let slice_max_us = 0;
  for (let round = 0; round < 5; round++) {
    const fit = startForestFit(rows, { ...FOREST_DEFAULTS, seed: round });
    for (let whole = false; !whole; ) {
      const start = process.cpuUsage();
      whole = fit.step(NOVELTY_DEFAULTS.trees_per_tick);
      slice_max_us = Math.max(slice_max_us, usedSince(start));
    }
  }
  const width = NOVELTY_FEATURES.length;
  const points = Float64Array.from(cloud(BOARDS, 2).flatMap((row) => Array.from(row)));
  const clustering_us = cost(options.seconds, 1, () => {
    const radius = neighbourDistances(points, width, 4).toSorted()[BOARDS >> 1] as number;
    dbscan(points, width, { radius, neighbours_min: 5 });
  });
  return {
    score_ns: Math.round(score_us * 1_000),
    fit_ms: Math.round(fit_us / 100) / 10,
    slice_max_ms: Math.round(slice_max_us / 100) / 10,
    clustering_ms: Math.round(clustering_us / 100) / 10,
    ...benchOperator(options.gpus, options.days),
  };
}
