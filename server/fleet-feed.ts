import type { Clock } from '../pipeline/clock.ts';
import type { Bus, BusSubscription } from '../pipeline/contract/bus.ts';
import type { Database } from '../pipeline/contract/database.ts';
import { VitalsError } from '../pipeline/contract/errors.ts';
import { FRAME_TRACES_HEADER } from '../pipeline/contract/tracing.ts';
import { frameReader } from '../sinks/live/frame-format.ts';
import { announceFrames } from '../sinks/live/frame-interest.ts';
import { FRAMES_WILDCARD } from '../sinks/live/frames-sink.ts';
import { readAnomaly } from './anomaly-row.ts';
import type { FleetView } from './fleet-view.ts';
import { type ReadAgain, readAgain } from './read-again.ts';
import { seedAnomalies, seedSamples, seedVerdicts, type ViewSeed } from './seed-fleet-view.ts';
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
  /** Told of messages of engines that cannot be read, by what they are and why. */
  readonly onRefused?: (reason: string, detail: string) => void;
  /** How far back the last sample of a GPU is looked for at the start. */
  readonly seed_span_ms?: number;
  readonly retry_ms?: number;
  /** As for `readAgain`. */
  readonly again_after_ms?: readonly number[];
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
const HEARD_MAX = 100_000;

/**
 * Keeps a fleet view current: frames and anomalies from the bus as they come, what was before from the database, asked
 * again until it answers; and what was told while this side or the engine had no connection, which the bus does not keep. Messages that cannot be read are counted and left.
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
  let lastFrameAt = Number.NaN;
  let stopped = false;
  let tables: ReadAgain | null = null;

  const subscriptions: BusSubscription[] = [
    bus.subscribe(FRAMES_WILDCARD, ({ subject, data, headers }) => {
      lastFrameAt = clock.now();
      try {
        counters.rows += reader.read(data, (who, ts, values) => view.applySample(who, ts, values, lastFrameAt));
        counters.frames++;
      } catch (error) {
        counters.frames_refused++;
        if (error instanceof VitalsError) {
          const { code, message, action } = error;
          options.onRefused?.(`frame ${code}`, `a frame on ${subject}: ${code} ${message}. ${action}`);
        }
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
      tables?.note(anomaly.id);
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

  const { database } = options;
  if (database !== null) {
    const read = (parts: readonly ((seed: ViewSeed) => Promise<void>)[]) => async (): Promise<void> => {
      const span_ms = options.seed_span_ms ?? DAY_MS;
      const heard = (id: string): boolean => tables?.heard(id) ?? false;
      for (const part of parts) await part({ database, view, clock, span_ms, heard, stopped: () => stopped });
    };
    tables = readAgain({
      bus,
      seed: read([seedSamples, seedAnomalies, seedVerdicts]),
      again: read([seedAnomalies, seedVerdicts]),
      onMissed: () => rows?.forget(),
      heard_max: HEARD_MAX,
      retry_ms: options.retry_ms,
      again_after_ms: options.again_after_ms,
    });
  }
  return {
    get seeded() {
      return tables?.seeded ?? true;
    },
    get last_frame_at() {
      return lastFrameAt;
    },
    counters,
    seeding: tables?.seeding ?? Promise.resolve(),
    stop() {
      stopped = true;
      tables?.stop();
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
