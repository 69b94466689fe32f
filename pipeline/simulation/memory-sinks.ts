import { framesSink } from '../../sinks/live/frames-sink.ts';
import { tableSink } from '../../sinks/questdb/table-sink.ts';
import { alertSink } from '../bus/alert-sink.ts';
import { deadLetterSink } from '../bus/dead-letter-sink.ts';
import { jsonEventSink } from '../bus/json-event-sink.ts';
import type { Batch } from '../contract/batch.ts';
import type { Bus } from '../contract/bus.ts';
import { VitalsError } from '../contract/errors.ts';
import { METRIC_COUNT } from '../contract/metrics.ts';
import type { Sink } from '../contract/ports.ts';
import { GPU_ECONOMIC_DECISIONS, GPU_FAILURE_PREDICTIONS } from '../contract/prediction-tables.ts';
import type { TableSpec } from '../contract/table-spec.ts';
import { ANOMALIES, GPU_ASSETS, GPU_METRICS } from '../contract/tables.ts';
import { hours, milliseconds, seconds } from '../contract/time.ts';
import {
  FLEET_QUANTILES,
  GPU_FEATURES,
  GPU_FORECASTS,
  GPU_HEALTH_SCORES,
  INCIDENTS,
  XID_EPISODES,
} from '../contract/verdict-tables.ts';
import type { SinkMakers } from '../roles/engine-sinks.ts';
import { teeSink } from '../tee-sink.ts';
import type { FaultPlan } from './faults.ts';
import { type MemoryDatabase, spellForMemory } from './memory-database.ts';
import type { MemoryStreams } from './memory-streams.ts';
import type { Draw } from './seeded-random.ts';
import type { Life } from './virtual-time.ts';

export interface MemorySinksOptions {
  readonly life: Life;
  readonly bus: Bus;
  readonly streams: MemoryStreams;
  readonly database: MemoryDatabase;
  readonly draw: Draw;
  readonly faults: FaultPlan;
  readonly tell: (error: VitalsError) => void;
  /** Takes how many rows wait in a table's sink. */
  readonly waiting: (table: string, rows: number) => void;
  /** Takes every row that is refused. */
  readonly refused: () => void;
  /** Whether the alerts that are stored are known to a new process; false breaks it on purpose. */
  readonly remembers_alerts: boolean;
}

/** Marks rows for `MemoryDatabase.passing`: a symbol outlives the sink's copies, and is no field. */
export const PASSING = Symbol('passing');

/** Small, so that queues fill, requests fail between two rows and the source has to wait. */
const ROWS_MAX = 40;
export const ROWS_WAITING_MAX = 240;

/**
 * The engine's own sinks, writing to tables and streams in memory. Frames go out, taps are closed. The groups of two nodes may
 * score one board at the same instant, the one as lost there, the other as it is here: both must be told, and which of them
 * comes last is nobody's promise, so that scores are kept by node too.
 */
export function memorySinks(options: MemorySinksOptions): SinkMakers {
  const { life, bus, streams, tell } = options;
  const { timers, clock } = life;
  const table = <Row extends object>(spec: TableSpec, row: (row: Row) => unknown = (one) => one): Sink<Row> => {
    const sink = tableSink<Row>(spec, {
      url: 'http://127.0.0.1:1',
      age_max: milliseconds(300),
      answer_timeout: seconds(60),
      backoff_min: milliseconds(100),
      backoff_max: seconds(2),
      close_timeout: seconds(60),
      onRefused: ([refused]) => tell(new VitalsError('GV-SNK-002', refused?.reason ?? '', spec.name)),
      onEvent: () => undefined,
      timers,
      rows_max: ROWS_MAX,
      waiting_max: ROWS_WAITING_MAX,
      connection: options.database.connect(life, options.draw, options.faults),
      spell: (one) => {
        const fields = one as Readonly<Record<string, unknown>>;
        const keys = [...spec.keys, ...(spec === GPU_HEALTH_SCORES ? ['node'] : [])].map((key) => fields[key]).join();
        return spellForMemory(spec.name, keys, JSON.stringify(row(one)), PASSING in one);
      },
    });
    return {
      ...sink,
      write(one) {
        sink.write(one);
        options.waiting(spec.name, sink.counts().rows_waiting);
      },
    };
  };
  const told =
    <Row extends { readonly node: string; readonly gpu_uuid: string }>(spec: TableSpec) =>
    (): Sink<Row> =>
      teeSink(table<Row>(spec), jsonEventSink<Row>(bus, spec.name));
  const nowhere = (): Sink<Batch> => ({
    write: () => undefined,
    flush: async () => undefined,
    pressure: () => null,
    close: async () => undefined,
  });
  const letters = deadLetterSink(bus, {
    timers,
    storedIds: async function* () {
      await bus.streamState('DCGM_INVALID');
      for (const { id } of options.remembers_alerts ? streams.held('DCGM_INVALID') : []) yield id;
    },
    onRefused: (letter) => tell(new VitalsError('GV-BUS-002', letter.detail, letter.node)),
  });
  return {
    gpu_metrics: () => batchRows(table(GPU_METRICS)),
    gpu_assets: () => table(GPU_ASSETS),
    gpu_features: () =>
      table(GPU_FEATURES, ({ values, latest, ...rest }) => ({ ...rest, values: [...values, ...latest] })),
    anomalies: told(ANOMALIES),
    gpu_health_scores: told(GPU_HEALTH_SCORES),
    gpu_economic_decisions: told(GPU_ECONOMIC_DECISIONS),
    gpu_failure_predictions: told(GPU_FAILURE_PREDICTIONS),
    xid_episodes: told(XID_EPISODES),
    incidents: told(INCIDENTS),
    gpu_forecasts: told(GPU_FORECASTS),
    fleet_quantiles: () => table(FLEET_QUANTILES),
    alerts: () =>
      alertSink(bus, {
        clock,
        timers,
        told_again_max: hours(24),
        storedIds: async function* (since) {
          await bus.streamState('ALERTS');
          for (const { id, arrived_at } of options.remembers_alerts ? streams.held('ALERTS') : []) {
            if (arrived_at >= since) yield id;
          }
        },
        onRefused: ({ id, node }) => tell(new VitalsError('GV-BUS-002', id, node)),
      }),
    live: () => framesSink(bus, { worker: 'simulated' }),
    validated_tap: nowhere,
    enriched_tap: nowhere,
    dead_letters: () => ({
      ...letters,
      write(letter) {
        letters.write(letter);
        if (letter.level === 'row' && letter.step !== 'decode') options.refused();
      },
    }),
  };
}

interface MetricRow {
  readonly ts: number;
  readonly gpu_uuid: string;
  readonly instance: string;
  readonly node: string;
  readonly values: readonly number[];
}

/** Batches are lent: what of them waits is copied. */
const batchRows = (sink: Sink<MetricRow>): Sink<Batch> => ({
  ...sink,
  write(batch) {
    for (let row = 0; row < batch.rows; row++) {
      const gpu = batch.registry.gpus[batch.gpu[row] as number];
      sink.write({
        ts: batch.ts[row] as number,
        gpu_uuid: gpu?.uuid ?? '',
        instance: gpu?.instance ?? '',
        node: batch.registry.nodes[batch.node[row] as number] ?? '',
        values: Array.from(batch.values.subarray(row * METRIC_COUNT, (row + 1) * METRIC_COUNT)),
      });
    }
  },
});
