import type { AlarmCosts } from '../models/prediction/calibrate.ts';
import type { Clock } from '../pipeline/clock.ts';
import type { Database } from '../pipeline/contract/database.ts';
import { HORIZONS_DAYS, type HorizonDays } from '../pipeline/contract/predictions.ts';
import type { GpuFates } from '../pipeline/honesty/outcomes.ts';
import { type Performance, performanceOf } from '../pipeline/honesty/performance.ts';
import { allAssets } from '../sinks/questdb/read-assets.ts';
import { readLabels } from '../sinks/questdb/read-labels.ts';
import type { FleetView } from './fleet-view.ts';
import { type ModelName, type PredictionHistory, predictionHistory } from './prediction-history.ts';

/** An engineer's look and a board that stands still for half a day; the work that a job loses with a board, and its repair. */
export const ALARM_COSTS_DEFAULT: AlarmCosts = { false_alarm_usd: 250, missed_failure_usd: 2_500 };

export interface PerformanceQuery {
  readonly horizons: readonly HorizonDays[];
  readonly costs: AlarmCosts;
  /** Null: the cheapest by the costs. */
  readonly threshold: number | null;
  /** Predictions at or after, and before; epoch ms. */
  readonly from: number;
  readonly to: number;
}

export interface ModelPerformance extends Performance {
  readonly model: ModelName;
  readonly horizon_days: HorizonDays;
}

export interface PerformanceReports {
  /** Every model version that has predictions in the span, newest first. Throws GV-API-003 when the database is away. */
  report(query: PerformanceQuery): Promise<readonly ModelPerformance[]>;
  /** With all defaults as last computed, while what is old is computed anew behind it; none before the first time. */
  known(): readonly ModelPerformance[];
}

const EVERYTHING: PerformanceQuery = {
  horizons: HORIZONS_DAYS,
  costs: ALARM_COSTS_DEFAULT,
  threshold: null,
  from: Number.NEGATIVE_INFINITY,
  to: Number.POSITIVE_INFINITY,
};

/** Predictions are one a day: what is a minute old is new enough. */
const HISTORY_AGE_MS = 60_000;
const KNOWN_AGE_MS = 600_000;
const KNOWN_RETRY_MS = 30_000;
const REPORTS_MAX = 64;

/**
 * How good what was really predicted has been. Predictions are kept in memory; labels and retirements are read for every
 * report, and figures are computed anew only when something of all that has changed.
 */
export function performanceReports(parts: {
  readonly database: Database;
  readonly clock: Clock;
  readonly view: Pick<FleetView, 'newest_ts'>;
}): PerformanceReports {
  const { database, clock, view } = parts;
  const history = predictionHistory(database);
  const computed = new Map<string, { readonly basis: string; readonly performance: ModelPerformance | null }>();
  let read_at = Number.NEGATIVE_INFINITY;
  let known: readonly ModelPerformance[] = [];
  let known_at = Number.NEGATIVE_INFINITY;
  let computing = false;

  async function report(query: PerformanceQuery): Promise<readonly ModelPerformance[]> {
    const asked_at = clock.monotonic();
    if (asked_at - read_at >= HISTORY_AGE_MS) {
      await history.refresh();
      read_at = asked_at;
    }
    const { fates, told } = await readFates(database, history);
    const newest = Number.isNaN(view.newest_ts) ? history.newest : Math.max(history.newest, view.newest_ts);
    // A new minute alone changes no figure, but a horizon may pass with it; predictions are one a day.
    const hour = Math.floor(newest / 3_600_000);
    const found: ModelPerformance[] = [];
    for (const model of history.models()) {
      for (const horizon_days of query.horizons) {
        const { costs, threshold, from, to } = query;
        const key = JSON.stringify([model, horizon_days, costs, threshold, from, to]);
        const basis = `${history.revision} ${hour} ${told}`;
        let entry = computed.get(key);
        if (entry?.basis !== basis) {
          const columns = history.columns(model, horizon_days, from, to);
          const options = { horizon_days, newest, costs, threshold };
          const performance = await inTurns(performanceOf(columns, fates, options));
          entry = { basis, performance: performance === null ? null : { model, horizon_days, ...performance } };
          computed.delete(key);
          computed.set(key, entry);
          const [oldest] = computed.keys();
          if (computed.size > REPORTS_MAX && oldest !== undefined) computed.delete(oldest);
        }
        if (entry.performance !== null) found.push(entry.performance);
      }
    }
    return found.sort((a, b) => b.to - a.to || a.horizon_days - b.horizon_days);
  }

  return {
    report,
    known() {
      const now = clock.monotonic();
      if (!computing && now - known_at >= KNOWN_AGE_MS) {
        computing = true;
        known_at = now;
        report(EVERYTHING)
          .then((found) => {
            known = found;
          })
          .catch(() => {
            known = [];
            known_at = now - KNOWN_AGE_MS + KNOWN_RETRY_MS;
          })
          .finally(() => {
            computing = false;
          });
      }
      return known;
    },
  };
}

/** What became of the GPUs of the history; `told` is the same text while it is the same. */
async function readFates(
  database: Database,
  history: PredictionHistory,
): Promise<{ readonly fates: GpuFates; readonly told: string }> {
  const [labels, assets] = await Promise.all([readLabels(database), allAssets(database)]);
  const failures: number[][] = Array.from({ length: history.gpus }, () => []);
  const retired_at = new Float64Array(history.gpus).fill(Number.NaN);
  for (const { gpu_uuid, failed_at, status } of labels.toReversed()) {
    if (status === 'confirmed') failures[history.gpu(gpu_uuid)]?.push(failed_at);
  }
  for (const asset of assets) {
    const gpu = history.gpu(asset.gpu_uuid);
    if (gpu >= 0 && asset.retired_at !== null) retired_at[gpu] = asset.retired_at;
  }
  return {
    fates: { failures, retired_at, last_seen: history.lastSeen() },
    told: JSON.stringify([failures, [...retired_at]]),
  };
}

/** Others are answered between two steps. */
async function inTurns<T>(steps: Generator<void, T>): Promise<T> {
  for (;;) {
    await new Promise((resolve) => setImmediate(resolve));
    const { done, value } = steps.next();
    if (done) return value;
  }
}
