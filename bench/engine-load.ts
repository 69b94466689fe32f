import type { Batch } from '../pipeline/contract/batch.ts';
import type { Bus } from '../pipeline/contract/bus.ts';
import { encodeScrape } from '../pipeline/contract/encode-scrape.ts';
import { rawSubject } from '../pipeline/contract/ids.ts';
import type { RawMessage } from '../pipeline/contract/message.ts';
import type { Sink } from '../pipeline/contract/ports.ts';
import { GPU_METRICS } from '../pipeline/contract/tables.ts';
import { readHeader } from '../pipeline/contract/wire.ts';
import type { Sinks } from '../pipeline/run-topology.ts';
import type { SinkItems } from '../pipeline/topology.ts';
import { framesSink } from '../sinks/live/frames-sink.ts';
import { clearChunk, createChunk } from '../sinks/questdb/row-chunk.ts';
import { rowEncoder } from '../sinks/questdb/row-encoder.ts';
import {
  CHAIN_VALUES,
  type ChainFleet,
  nodeName,
  nodesOf,
  readingMover,
  scrapeTime,
  usualReadings,
  usualScrape,
} from './chain-fleet.ts';

const CHUNK_BYTES = 64 << 20;
const SEQUENCE_AT = 12;
const TIME_AT = 16;

/** A message of each node, which becomes its next one when it is taken again. */
export interface EngineMessages {
  readonly nodes: number;
  readonly messages: readonly { readonly values: Float64Array }[];
  /** The next messages of the fleet; their bytes are good until their node's turn comes again. */
  take(count: number): RawMessage[];
  /** From the fleet's next round on, scrapes come in this interval, ms. */
  pace(interval_ms: number): void;
}

export function engineMessages(fleet: ChainFleet): EngineMessages {
  const nodes = nodesOf(fleet);
  const move = readingMover(fleet);
  const messages = Array.from({ length: nodes }, (_, node) => {
    const data = encodeScrape(usualScrape(fleet, node, fleet.start_ms));
    return {
      subject: rawSubject(nodeName(node)),
      data,
      view: new DataView(data.buffer, data.byteOffset),
      values: new Float64Array(data.buffer, data.byteOffset + readHeader(data).values_at, CHAIN_VALUES),
      usual: usualReadings(fleet, node),
    };
  });
  let position = 0;
  let round = fleet;
  let next_ms = fleet.interval_ms;
  return {
    nodes,
    messages,
    pace(interval_ms) {
      next_ms = interval_ms;
    },
    take: (count) =>
      Array.from({ length: count }, () => {
        const node = position % nodes;
        const turn = (position - node) / nodes;
        if (node === 0 && turn > 0) {
          round = { ...round, start_ms: round.start_ms + round.interval_ms, interval_ms: next_ms };
        }
        const { subject, data, view, values, usual } = messages[node] as (typeof messages)[number];
        const ts = scrapeTime(round, 0, node);
        view.setUint32(SEQUENCE_AT, turn + 1, true);
        view.setFloat64(TIME_AT, ts, true);
        move(values, usual);
        position++;
        const content_type = 'application/vnd.gpu-vitals.scrape';
        return { subject, data, content_type, position, arrived_at: ts, event_time: ts };
      }),
  };
}

/** Rows are encoded for the database and for the live view, and go nowhere. */
export const encodingSinks = (): Sinks<SinkItems> => ({
  gpu_metrics: encodeOnly(),
  live: framesSink(silentBus(), { worker: 'bench' }),
});

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
