import { join } from 'node:path';
import { frameInterest } from '../../sinks/live/frame-interest.ts';
import { framesSink } from '../../sinks/live/frames-sink.ts';
import { gpuMetricsSink } from '../../sinks/questdb/gpu-metrics-sink.ts';
import type { DeliveryOptions } from '../../sinks/questdb/sink-events.ts';
import { tableRowSpeller } from '../../sinks/questdb/table-row-speller.ts';
import { tableSink } from '../../sinks/questdb/table-sink.ts';
import { vectorRowSpeller } from '../../sinks/questdb/vector-row.ts';
import { type AlertSinkOptions, alertSink, type UnitAlertSink, unitAlertSink } from '../bus/alert-sink.ts';
import { deadLetterSink } from '../bus/dead-letter-sink.ts';
import { jsonEventSink } from '../bus/json-event-sink.ts';
import type { OnceSink } from '../bus/once-sink.ts';
import { tapSink } from '../bus/tap-sink.ts';
import type { UnitFence } from '../bus/unit-fence.ts';
import { type Clock, systemTimers } from '../clock.ts';
import type { Config } from '../config-schema.ts';
import type { Alert } from '../contract/alerts.ts';
import type { Batch } from '../contract/batch.ts';
import type { Bus } from '../contract/bus.ts';
import { VitalsError } from '../contract/errors.ts';
import type {
  Anomaly,
  Asset,
  DeadLetter,
  Episode,
  FeatureVector,
  FleetQuantiles,
  Forecast,
  HealthScore,
  Incident,
} from '../contract/events.ts';
import { subjectToken } from '../contract/ids.ts';
import type { Sink } from '../contract/ports.ts';
import { GPU_ECONOMIC_DECISIONS, GPU_FAILURE_PREDICTIONS } from '../contract/prediction-tables.ts';
import type { Decision, Prediction } from '../contract/predictions.ts';
import { SampleLatency } from '../contract/sample-latency.ts';
import type { TableSpec } from '../contract/table-spec.ts';
import { ANOMALIES, GPU_ASSETS } from '../contract/tables.ts';
import { milliseconds, seconds } from '../contract/time.ts';
import type { Spans } from '../contract/tracing.ts';
import {
  FLEET_QUANTILES,
  GPU_FEATURES,
  GPU_FORECASTS,
  GPU_HEALTH_SCORES,
  INCIDENTS,
  XID_EPISODES,
} from '../contract/verdict-tables.ts';
import type { Topology } from '../define-topology.ts';
import { refusingSink } from '../refusing-sink.ts';
import { teeSink } from '../tee-sink.ts';
import { measuredSamples } from '../telemetry/measured-samples.ts';
import type { StepTraces } from '../telemetry/step-traces.ts';
import type { SinkItems } from '../topology.ts';

export interface EngineSinksOptions {
  readonly config: Config;
  readonly bus: Bus;
  readonly questdb_http: string;
  readonly worker: string;
  /** Which of an engine's threads, for figures of its own; the only one when absent. */
  readonly thread?: number;
  readonly clock: Clock;
  /** Null or absent: no traces. */
  readonly tracing?: EngineTracing | null;
  readonly say: (line: string) => void;
  readonly tell: (error: VitalsError) => void;
  /** As in `DeliveryOptions`. */
  readonly before_send?: () => void;
  readonly onSocket?: DeliveryOptions['onSocket'];
}

interface Told {
  readonly node: string;
  readonly gpu_uuid: string;
}

export type SinkMakers = { readonly [K in keyof SinkItems]: () => Sink<SinkItems[K]> };

/** Spans, and the traces that are under way in this thread. */
export interface EngineTracing {
  readonly spans: Spans;
  readonly traces: StepTraces;
}

const MIB = 1_048_576;
const TELL_EVERY_MS = 1_000;
export const SMALL_TABLES = { rows_max: 5_000, waiting_max: 50_000 };
/** Rows of 250 columns: a transaction costs by the column, and so little by the row that it pays to wait. */
const WIDE_TABLES = { rows_max: 5_000, waiting_max: 20_000, age_max: seconds(15) };
/** A row of gpu_metrics with all metrics takes about 1.2 kB as ILP, with 25 of them 700 B. */
const FLUSH_BYTES_MAX = 64 * MIB;

export const snapshotFolder = (config: Config): string => join(config.data, 'snapshots');

/** Where an engine, or one thread of it, writes to: a sink is made when it is opened, and has connections of its own. */
export function engineSinks(options: EngineSinksOptions): {
  /** How rows reach the database; what it refuses becomes a dead letter. */
  readonly delivery: DeliveryOptions;
  readonly makers: SinkMakers;
  /** The one into which all of them put what is refused. */
  readonly letters: OnceSink<DeadLetter>;
} {
  const { config, bus, clock, say, tell } = options;
  const deadLetters = deadLetterSink(bus, {
    onRefused: (letter, cause) =>
      tell(new VitalsError('GV-BUS-002', `a dead letter was refused: ${letter.detail}`, letter.node, { cause })),
    onTrouble: (cause) =>
      tell(new VitalsError('GV-BUS-001', 'dead letters that are stored cannot be read', 'DCGM_INVALID', { cause })),
  });
  const delivery: DeliveryOptions = {
    url: options.questdb_http,
    age_max: config['flush-interval'],
    answer_timeout: seconds(60),
    backoff_min: milliseconds(100),
    backoff_max: seconds(5),
    close_timeout: seconds(5),
    ...(options.before_send === undefined ? {} : { before_send: options.before_send }),
    ...(options.onSocket === undefined ? {} : { onSocket: options.onSocket }),
    onRefused(rows) {
      for (const { table, row, reason } of rows) deadLetters.write(refusedRow(table, row, reason, clock.now()));
    },
    onEvent({ code, table, state, detail }) {
      if (state === 'trouble') tell(new VitalsError(code, detail, `table ${table}`));
      else say(`questdb: ${table} recovered, ${detail}`);
    },
  };
  const stored = <Row>(sink: Sink<Row>): Sink<Row> => refusingSink(sink, deadLetters);
  /** Rows of a small table: to the database, and to whoever listens. */
  const told =
    <Row extends Told>(spec: TableSpec) =>
    (): Sink<Row> =>
      teeSink(stored(tableSink<Row>(spec, { ...delivery, ...SMALL_TABLES })), jsonEventSink<Row>(bus, spec.name));
  /** The same for a table with a row of every GPU every few minutes. */
  const toldOfAll =
    <Row extends Told>(spec: TableSpec) =>
    (): Sink<Row> =>
      teeSink(
        stored(tableSink<Row>(spec, { ...delivery, ...SMALL_TABLES, spell: tableRowSpeller(spec) })),
        jsonEventSink<Row>(bus, spec.name),
      );
  return {
    delivery,
    letters: deadLetters,
    makers: {
      gpu_metrics: () =>
        toldSamples(options, (onStored) =>
          stored(
            gpuMetricsSink({
              ...delivery,
              rows_max: config['flush-rows'],
              bytes_max: FLUSH_BYTES_MAX,
              chunks_max: 4,
              onStored,
            }),
          ),
        ),
      gpu_assets: () => stored(tableSink<Asset>(GPU_ASSETS, { ...delivery, ...SMALL_TABLES })),
      gpu_features: () =>
        stored(
          tableSink<FeatureVector>(GPU_FEATURES, {
            ...delivery,
            ...WIDE_TABLES,
            spell: vectorRowSpeller(GPU_FEATURES.name),
          }),
        ),
      anomalies: told<Anomaly>(ANOMALIES),
      gpu_health_scores: toldOfAll<HealthScore>(GPU_HEALTH_SCORES),
      gpu_economic_decisions: toldOfAll<Decision>(GPU_ECONOMIC_DECISIONS),
      gpu_failure_predictions: toldOfAll<Prediction>(GPU_FAILURE_PREDICTIONS),
      xid_episodes: told<Episode>(XID_EPISODES),
      incidents: told<Incident>(INCIDENTS),
      gpu_forecasts: toldOfAll<Forecast>(GPU_FORECASTS),
      fleet_quantiles: () => stored(tableSink<FleetQuantiles>(FLEET_QUANTILES, { ...delivery, ...SMALL_TABLES })),
      alerts: () => toldAlerts(options),
      live: () => wantedFrames(options),
      validated_tap: () => tapSink(bus, { prefix: 'dcgm.validated', clock }),
      enriched_tap: () => tapSink(bus, { prefix: 'dcgm.enriched', clock }),
      dead_letters: () => deadLetters,
    },
  };
}

type AlertOptions = Pick<EngineSinksOptions, 'config' | 'bus' | 'clock' | 'tell'>;

/** Every change of an alert, each once. */
const toldAlerts = (options: AlertOptions): OnceSink<Alert> => alertSink(options.bus, alertOptions(options));

/** The same of several units of a cluster, as long as they are ours. */
export const unitAlerts = (options: AlertOptions, fence: UnitFence): UnitAlertSink =>
  unitAlertSink(options.bus, fence, alertOptions(options));

const alertOptions = ({ config, clock, tell }: AlertOptions): AlertSinkOptions => ({
  clock,
  told_again_max: config['stream-age-max'],
  onRefused: ({ node, id }, cause) => tell(new VitalsError('GV-BUS-002', `alert ${id} was refused`, node, { cause })),
  onTrouble: (cause) =>
    tell(new VitalsError('GV-BUS-001', 'alerts that were told cannot be read', 'ALERTS', { cause })),
});

/** Opens the sinks that a topology ends in. */
export const openSinks = (makers: SinkMakers, topology: Topology): { [K in keyof SinkItems]?: Sink<SinkItems[K]> } =>
  Object.fromEntries(
    topology.nodes
      .filter(({ kind }) => kind === 'sink')
      .map(({ id }) => [id, makers[id as keyof SinkItems]()] as const),
  );

/** Samples with their latency, which is told on the bus while the sink is open. */
function toldSamples(
  { bus, worker, thread, clock, tracing = null }: EngineSinksOptions,
  make: (onStored: (ts: Float64Array) => void) => Sink<Batch>,
): Sink<Batch> {
  const latency = new SampleLatency();
  const sink = measuredSamples(make, { latency, clock, tracing });
  const source = `engine.${subjectToken(worker)}${thread === undefined ? '' : `.${thread}`}`;
  const endTelling = systemTimers.every(TELL_EVERY_MS, () => {
    const figures = { sample_latency_seconds: latency.told() };
    bus.publish({ subject: `vitals.metrics.${source}`, data: Buffer.from(JSON.stringify(figures)) });
  });
  return {
    ...sink,
    async close() {
      endTelling();
      await sink.close();
    },
  };
}

/** Frames while somebody reads them. */
function wantedFrames({ bus, worker, clock, tracing = null }: EngineSinksOptions): Sink<Batch> {
  const interest = frameInterest(bus, clock);
  const frames = framesSink(bus, { worker, wanted: interest.wanted, traces: tracing?.traces ?? null });
  return {
    ...frames,
    async close() {
      await frames.close();
      interest.close();
    },
  };
}

const refusedRow = (
  table: string,
  row: Readonly<Record<string, unknown>>,
  detail: string,
  now: number,
): DeadLetter => ({
  ts: typeof row.ts === 'number' ? row.ts : now,
  node: typeof row.node === 'string' ? row.node : '',
  level: 'row',
  reason: 'refused_by_database',
  code: 'GV-SNK-002',
  step: table,
  detail,
  original: JSON.stringify(row),
});
