import type { Clock } from '../pipeline/clock.ts';
import type { Bus, BusSubscription } from '../pipeline/contract/bus.ts';
import type { Database } from '../pipeline/contract/database.ts';
import { METRIC_COUNT, METRICS } from '../pipeline/contract/metrics.ts';
import { GPU_ECONOMIC_DECISIONS, GPU_FAILURE_PREDICTIONS } from '../pipeline/contract/prediction-tables.ts';
import { FRAME_TRACES_HEADER } from '../pipeline/contract/tracing.ts';
import { GPU_HEALTH_SCORES } from '../pipeline/contract/verdict-tables.ts';
import { frameReader } from '../sinks/live/frame-format.ts';
import { announceFrames } from '../sinks/live/frame-interest.ts';
import { FRAMES_WILDCARD } from '../sinks/live/frames-sink.ts';
import { latestColumns } from '../sinks/questdb/latest-columns.ts';
import { openAnomalies } from '../sinks/questdb/read-anomalies.ts';
import { listAssets } from '../sinks/questdb/read-assets.ts';
import { latestSamples } from '../sinks/questdb/read-samples.ts';
import { readAnomaly } from './anomaly-row.ts';
import type { FleetView } from './fleet-view.ts';
import { seedUntilDone } from './seed-until-done.ts';
import { DECISION_NOW, HEALTH_NOW, PREDICTION_NOW, type VerdictKind } from './verdict-now.ts';
import { verdictChange } from './verdict-row.ts';
import { VERDICT_PARTS, type VerdictRows, verdictTable } from './verdict-rows.ts';

export interface FleetFeedOptions {
  readonly bus: Bus;
  /** Null: begins empty. */
  readonly database: Database | null;
  readonly view: FleetView;
  /** Told of every row about a GPU that comes over the bus; nobody when absent. */
  readonly rows?: Pick<VerdictRows, 'apply' | 'forget'>;
  readonly clock: Clock;
  /** Told of frames whose rows belong to traces, once they are in the view: the header as it came. */
  readonly onTraces?: (header: string) => void;
  /** How far back the last sample of a GPU is looked for at the start. */
  readonly seed_span_ms?: number;
  readonly retry_ms?: number;
}

export interface FleetFeed {
  /** Whether the database's part has been read. */
  readonly seeded: boolean;
  /** When the last frame came, epoch ms by our clock; NaN before the first. */
  readonly last_frame_at: number;
  readonly counters: {
    frames: number;
    rows: number;
    frames_refused: number;
    anomalies: number;
    anomalies_refused: number;
    verdicts: number;
    verdicts_refused: number;
  };
  /** Resolves when seeding is done or given up by `stop`. */
  readonly seeding: Promise<void>;
  stop(): void;
}

const decoder = new TextDecoder();
const DAY_MS = 86_400_000;
const ANOMALIES_MAX = 100_000;
const VERDICTS = [
  { kind: 'health', table: GPU_HEALTH_SCORES, columns: HEALTH_NOW, equal: { profile: 'default' } },
  { kind: 'prediction', table: GPU_FAILURE_PREDICTIONS, columns: PREDICTION_NOW, equal: {} },
  { kind: 'decision', table: GPU_ECONOMIC_DECISIONS, columns: [...DECISION_NOW, 'instance'], equal: {} },
] as const satisfies readonly { readonly kind: VerdictKind; readonly [field: string]: unknown }[];

/**
 * Keeps a fleet view current: frames and anomalies from the bus as they come, what was before from the database, asked
 * again until it answers. Messages that cannot be read are counted and left.
 */
export function fleetFeed(options: FleetFeedOptions): FleetFeed {
  const { bus, view, clock, rows } = options;
  const reader = frameReader();
  const counters = {
    frames: 0,
    rows: 0,
    frames_refused: 0,
    anomalies: 0,
    anomalies_refused: 0,
    verdicts: 0,
    verdicts_refused: 0,
  };
  const closedMeanwhile = new Set<string>();
  let lastFrameAt = Number.NaN;
  let stopped = false;

  const subscriptions: BusSubscription[] = [
    bus.subscribe(FRAMES_WILDCARD, ({ data, headers }) => {
      lastFrameAt = clock.now();
      try {
        counters.rows += reader.read(data, (who, ts, values) => view.applySample(who, ts, values, lastFrameAt));
        counters.frames++;
      } catch {
        counters.frames_refused++;
        return;
      }
      const traces = headers[FRAME_TRACES_HEADER];
      if (traces !== undefined) options.onTraces?.(traces);
    }),
    bus.subscribe('vitals.anomalies.>', ({ data }) => {
      const anomaly = readAnomaly(data);
      if (anomaly === null) {
        counters.anomalies_refused++;
        return;
      }
      counters.anomalies++;
      if (seeding !== null && !seeding.done && anomaly.state === 'closed') closedMeanwhile.add(anomaly.id);
      view.applyAnomaly(anomaly);
    }),
    ...VERDICT_PARTS.map((part) =>
      bus.subscribe(`vitals.${verdictTable(part).name}.>`, ({ data }) => {
        const row = parsed(data);
        const whose = row?.gpu_uuid;
        if (typeof whose === 'string') rows?.apply(part, whose, row);
        if (part === 'episodes') return;
        const change = verdictChange(part, row);
        if (change === null) {
          counters.verdicts_refused++;
          return;
        }
        counters.verdicts++;
        view.applyVerdict(change);
      }),
    ),
  ];
  const announcing = announceFrames(bus);
  const sweeping = setInterval(() => {
    view.sweep();
    if (!bus.connected) rows?.forget();
  }, 1_000);
  sweeping.unref();

  async function seed(database: Database): Promise<void> {
    const newest = clock.now();
    const values = new Float64Array(METRIC_COUNT);
    const identities = new Map<string, { model: string; slot: string }>();
    for (let cursor: string | undefined; ; ) {
      const page = await listAssets(database, {}, { limit: 1_000, cursor });
      for (const asset of page.items) identities.set(asset.gpu_uuid, { model: asset.model, slot: asset.slot });
      if (page.next === null || stopped) break;
      cursor = page.next;
    }
    const since = newest - (options.seed_span_ms ?? DAY_MS);
    for (const row of await latestSamples(database, { since })) {
      METRICS.forEach((metric, index) => {
        values[index] = row[metric.name] ?? Number.NaN;
      });
      const { model, slot } = identities.get(row.gpu_uuid) ?? { model: '', slot: '' };
      const who = { gpu_uuid: row.gpu_uuid, instance: row.instance, node: row.node, model, slot, attribution: [] };
      const known = view.find(row.gpu_uuid, row.instance);
      // What came over the bus meanwhile is newer, and knows who uses the GPU.
      if (known === undefined || !(known.ts >= row.ts)) view.applySample(who, row.ts, values, Math.min(row.ts, newest));
    }
    for (const anomaly of await openAnomalies(database, { rows_max: ANOMALIES_MAX })) {
      if (!closedMeanwhile.has(anomaly.id)) view.applyAnomaly(anomaly);
    }
    for (const { kind, table, columns, equal } of VERDICTS) {
      const known = await latestColumns(database, table, {
        columns: [...columns, 'gpu_uuid', ...Object.keys(equal)],
        since,
        equal,
      });
      for (const row of known) {
        const change = verdictChange(kind, row);
        if (change !== null) view.applyVerdict(change);
      }
    }
    closedMeanwhile.clear();
  }

  const { database } = options;
  const seeding = database === null ? null : seedUntilDone(() => seed(database), options);
  return {
    get seeded() {
      return seeding?.done ?? true;
    },
    get last_frame_at() {
      return lastFrameAt;
    },
    counters,
    seeding: seeding?.finished ?? Promise.resolve(),
    stop() {
      stopped = true;
      seeding?.stop();
      clearInterval(sweeping);
      announcing.stop();
      for (const subscription of subscriptions) subscription.unsubscribe();
    },
  };
}

function parsed(data: Uint8Array): Readonly<Record<string, unknown>> | null {
  try {
    const value: unknown = JSON.parse(decoder.decode(data));
    return typeof value === 'object' ? (value as Readonly<Record<string, unknown>> | null) : null;
  } catch {
    return null;
  }
}
