import { bytesPerGpu, GroupStates } from '../operators/core/group-state.ts';
import { type Clock, systemClock } from '../pipeline/clock.ts';
import type { Batch } from '../pipeline/contract/batch.ts';
import type { Bus } from '../pipeline/contract/bus.ts';
import { encodeScrape } from '../pipeline/contract/encode-scrape.ts';
import { rawSubject } from '../pipeline/contract/ids.ts';
import type { RawMessage } from '../pipeline/contract/message.ts';
import type { Sink } from '../pipeline/contract/ports.ts';
import { GPU_METRICS } from '../pipeline/contract/tables.ts';
import { readHeader } from '../pipeline/contract/wire.ts';
import { topologyStateSpecs, wireTopology } from '../pipeline/run-topology.ts';
import { defaultTopology, type SinkItems } from '../pipeline/topology.ts';
import { framesSink } from '../sinks/live/frames-sink.ts';
import { clearChunk, createChunk } from '../sinks/questdb/row-chunk.ts';
import { rowEncoder } from '../sinks/questdb/row-encoder.ts';
import {
  CHAIN_VALUES,
  type ChainFleet,
  GPUS_PER_NODE,
  nodeName,
  nodesOf,
  readingMover,
  scrapeTime,
  usualReadings,
  usualScrape,
} from './chain-fleet.ts';

export interface EngineBenchOptions {
  readonly gpus: number;
  readonly seed: number;
  readonly interval_ms: number;
  readonly rows: number;
  /** Messages handed to the topology at a time, as the bus does. */
  readonly messages_per_push: number;
  readonly clock?: Clock;
}

export interface EngineBenchResult {
  readonly gpus: number;
  readonly rows: number;
  readonly rows_per_s: number;
  /** Per row, in microseconds, by step; what the bus and the database cost is not in it. */
  readonly step_us: Readonly<Record<string, number>>;
  readonly state_bytes_per_gpu: number;
}

export const ENGINE_BENCH_DEFAULTS = {
  gpus: 100_000,
  seed: 42,
  interval_ms: 10_000,
  rows: 2_000_000,
  messages_per_push: 512,
} as const satisfies EngineBenchOptions;

const CHUNK_BYTES = 64 << 20;
const EPOCH_MS = 1_767_225_600_000;
const SEQUENCE_AT = 12;
const TIME_AT = 16;

/** Everything between the bus and the network on one thread: decode, operators, and encoding for the database and the live view. */
export function benchEngine(options: EngineBenchOptions): EngineBenchResult {
  const { clock = systemClock } = options;
  const fleet: ChainFleet = { ...options, start_ms: EPOCH_MS };
  const nodes = nodesOf(fleet);
  const move = readingMover(fleet);
  const messages = Array.from({ length: nodes }, (_, node) => {
    const data = encodeScrape(usualScrape(fleet, node, EPOCH_MS));
    return {
      subject: rawSubject(nodeName(node)),
      data,
      view: new DataView(data.buffer, data.byteOffset),
      values: new Float64Array(data.buffer, data.byteOffset + readHeader(data).values_at, CHAIN_VALUES),
      usual: usualReadings(fleet, node),
    };
  });
  const topology = defaultTopology();
  const wired = wireTopology<SinkItems>({
    topology,
    states: new GroupStates(),
    sinks: { gpu_metrics: encodeOnly(), live: framesSink(silentBus(), { worker: 'bench' }) },
    clock,
  });

  let position = 0;
  let rows = 0;
  let spent_ms = 0;
  const round = (rowsMax: number): void => {
    for (rows = 0, spent_ms = 0; rows < rowsMax; ) {
      const poll: RawMessage[] = [];
      for (let i = 0; i < options.messages_per_push; i++) {
        const node = position % nodes;
        const turn = (position - node) / nodes;
        const { subject, data, view, values, usual } = messages[node] as (typeof messages)[number];
        const ts = scrapeTime(fleet, turn, node);
        view.setUint32(SEQUENCE_AT, turn + 1, true);
        view.setFloat64(TIME_AT, ts, true);
        move(values, usual);
        position++;
        poll.push({
          subject,
          data,
          content_type: 'application/vnd.gpu-vitals.scrape',
          position,
          arrived_at: ts,
          event_time: ts,
        });
      }
      const started = clock.monotonic();
      wired.push(poll);
      spent_ms += clock.monotonic() - started;
      rows += poll.length * GPUS_PER_NODE;
    }
  };
  // The first round meets every GPU; what is measured is the fleet as it lives on.
  round(nodes * GPUS_PER_NODE);
  const before = new Map(wired.counters.map(({ id, busy_ms }) => [id, busy_ms]));
  round(options.rows);
  return {
    gpus: nodes * GPUS_PER_NODE,
    rows,
    rows_per_s: Math.round((rows / spent_ms) * 1_000),
    step_us: Object.fromEntries(
      wired.counters
        .map(({ id, busy_ms }) => [id, Math.round(((busy_ms - (before.get(id) ?? 0)) / rows) * 1e6) / 1e3] as const)
        .filter(([, us]) => us > 0),
    ),
    state_bytes_per_gpu: [...topologyStateSpecs(topology).values()].reduce((sum, spec) => sum + bytesPerGpu(spec), 0),
  };
}

/** The database's rows without the database. */
function encodeOnly(): Sink<Batch> {
  const encoder = rowEncoder(GPU_METRICS.name);
  const chunk = createChunk(CHUNK_BYTES, 50_000);
  return {
    write(batch) {
      for (let from = 0; from < batch.rows; ) {
        from = encoder.append(batch, from, chunk);
        if (from < batch.rows) clearChunk(chunk);
      }
    },
    flush: () => Promise.resolve(),
    pressure: () => null,
    close: () => Promise.resolve(),
  };
}

/** A connection that takes everything and sends nothing. */
const silentBus = (): Bus =>
  ({ connected: true, publish: () => undefined, flush: () => Promise.resolve() }) as unknown as Bus;
