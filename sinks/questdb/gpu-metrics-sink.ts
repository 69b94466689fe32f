import type { Batch } from '../../pipeline/contract/batch.ts';
import type { Sink } from '../../pipeline/contract/ports.ts';
import { GPU_METRICS } from '../../pipeline/contract/tables.ts';
import { deliveryQueue } from './delivery-queue.ts';
import { ilpConnection } from './ilp-connection.ts';
import {
  chunkSlice,
  clearChunk,
  createChunk,
  decodeRow,
  instantStart,
  moveRows,
  type RowChunk,
  sortChunk,
} from './row-chunk.ts';
import { rowEncoder } from './row-encoder.ts';
import { sendUntilTaken } from './send-until-taken.ts';
import type { DeliveryOptions, RefusedRow, SinkCounts } from './sink-events.ts';

export interface GpuMetricsSinkOptions extends DeliveryOptions {
  /** A request is sent when it has this many rows or bytes, or when its first row is `age_max` old. */
  readonly rows_max: number;
  readonly bytes_max: number;
  /** Requests' worth of rows held in memory while the database is slow or away; then `pressure` holds the source. At least 3. */
  readonly chunks_max: number;
  /**
   * Share of a full request that waits for the next one, the newest rows: what is still to come of the same instants goes
   * with them. A request that begins before the end of the one before makes QuestDB merge, which costs it up to a quarter more a row.
   */
  readonly held_share?: number;
  /** Told of the event times of every request that the database has taken, ascending; lent for the call. */
  readonly onStored?: (ts: Float64Array) => void;
}

const HELD_SHARE = 1 / 8;

export interface GpuMetricsSink extends Sink<Batch> {
  counts(): SinkCounts;
}

/**
 * Samples into gpu_metrics: ILP v2 over HTTP, one request at a time, each one transaction sorted by event time.
 *
 * Order    rows reach the database in the order of `write`, request by request.
 * Memory   chunks_max * bytes_max at most, of which only what was once used is resident. A batch that comes although
 *          `pressure` was not waited for is still taken whole, into memory beyond the limit.
 * Delivery nothing is dropped: a failed request is sent again for ever; the dedup keys make that idempotent.
 * Errors   none thrown by `write`; refused rows go to onRefused, troubles to onEvent; `flush` and `close` reject with
 *          GV-SNK-001 when the sink was closed before all was taken.
 */
export function gpuMetricsSink(options: GpuMetricsSinkOptions): GpuMetricsSink {
  if (options.chunks_max < 3) throw new RangeError(`chunks_max must be at least 3, not ${options.chunks_max}`);
  const table = GPU_METRICS.name;
  const heldShare = options.held_share ?? HELD_SHARE;
  const connection = ilpConnection(options.url, options.answer_timeout);
  const encoder = rowEncoder(table);
  const newChunk = (): RowChunk => createChunk(options.bytes_max, options.rows_max);
  const counts = { rows_written: 0, rows_refused: 0, bytes_sent: 0, requests: 0, retries: 0 };

  let filling = newChunk();
  let spare = newChunk();
  let allocated = 2;
  const free: RowChunk[] = [];
  let age: NodeJS.Timeout | null = null;
  let rowsQueued = 0;

  const refuse = (rows: RefusedRow[]): void => {
    counts.rows_refused += rows.length;
    if (rows.length > 0) options.onRefused(rows);
  };

  const queue = deliveryQueue<RowChunk>({
    table,
    items_max: options.chunks_max - 2,
    close_timeout: options.close_timeout,
    async deliver(chunk, signal) {
      const refused: RefusedRow[] = [];
      await sendUntilTaken(
        0,
        chunk.rows,
        async (from, to) => {
          const body = chunkSlice(chunk, from, to);
          counts.requests++;
          const outcome = await connection.post(body, 'ms', signal);
          if (outcome.kind === 'taken') {
            counts.rows_written += to - from;
            counts.bytes_sent += body.byteLength;
          }
          return outcome;
        },
        (row, reason) => refused.push({ table, row: decodeRow(chunkSlice(chunk, row, row + 1)), reason }),
        { ...options, table, signal, onRetry: () => counts.retries++ },
      );
      rowsQueued -= chunk.rows;
      options.onStored?.(chunk.ts.subarray(0, chunk.rows));
      refuse(refused);
      // Beyond the limit only what came without waiting for `pressure`: that memory is let go.
      if (allocated > options.chunks_max) allocated--;
      else free.push(chunk);
    },
  });

  const closeChunk = (held: number): void => {
    if (age !== null) clearTimeout(age);
    age = null;
    if (filling.rows === 0) return;
    if (sortChunk(filling, spare)) [filling, spare] = [spare, filling];
    let next = free.pop();
    if (next === undefined) {
      next = newChunk();
      allocated++;
    }
    clearChunk(next);
    moveRows(filling, instantStart(filling, filling.rows - Math.floor(filling.rows * held)), next);
    rowsQueued += filling.rows;
    queue.add(filling);
    filling = next;
  };

  return {
    write(batch) {
      for (let from = 0; from < batch.rows; ) {
        const next = encoder.append(batch, from, filling);
        if (next === from && filling.rows === 0) {
          refuse([
            { table, row: oversizedRow(batch, from), reason: `the row is larger than ${options.bytes_max} bytes` },
          ]);
          from++;
          continue;
        }
        from = next;
        if (from < batch.rows || filling.rows === options.rows_max) closeChunk(heldShare);
      }
      if (filling.rows > 0) age ??= setTimeout(closeChunk, options.age_max, 0);
    },
    flush() {
      closeChunk(0);
      return queue.settled();
    },
    pressure: queue.pressure,
    async close() {
      closeChunk(0);
      try {
        await queue.close();
      } finally {
        await connection.close();
      }
    },
    counts: () => ({ ...counts, rows_waiting: rowsQueued + filling.rows }),
  };
}

/** Only names of megabytes make a row larger than a request: told shortened. */
function oversizedRow(batch: Batch, row: number): Record<string, unknown> {
  const gpu = batch.registry.gpus[batch.gpu[row] as number];
  return { ts: batch.ts[row], gpu_uuid: gpu?.uuid.slice(0, 200), instance: gpu?.instance.slice(0, 200) };
}
