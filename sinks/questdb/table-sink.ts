import { SenderBufferV2, SenderOptions } from '@questdb/nodejs-client';
import { systemTimers } from '../../pipeline/clock.ts';
import type { Sink } from '../../pipeline/contract/ports.ts';
import type { TableSpec } from '../../pipeline/contract/table-spec.ts';
import { deliveryQueue } from './delivery-queue.ts';
import { type IlpConnection, ilpConnection } from './ilp-connection.ts';
import { sendUntilTaken } from './send-until-taken.ts';
import type { DeliveryOptions, RefusedRow, SinkCounts } from './sink-events.ts';

export interface TableSinkOptions<Row> extends DeliveryOptions {
  /** Rows a request at most. */
  readonly rows_max: number;
  /** Rows held in memory before `pressure` holds the source. */
  readonly waiting_max: number;
  /** For tables that have a faster way: a row as ILP bytes with its timestamp in ms; throws on one that cannot be spelled. */
  readonly spell?: (row: Row) => Uint8Array;
  /** The way to the database, in place of HTTP to `url`. */
  readonly connection?: IlpConnection;
}

export interface TableSink<Row> extends Sink<Row> {
  counts(): SinkCounts;
}

/**
 * Rows of a small table, by its specification: a row with the same keys (`ts` is one of them) replaces the one before,
 * whole. NULL, undefined and NaN are left out and become NULL; unknown texts are stored as the empty text.
 *
 * Delivery as gpuMetricsSink: in order, one request at a time, again for ever; a row that cannot be spelled (no usable
 * `ts`, a text where a number belongs) or is refused by the database goes to onRefused.
 * Cost     about 10 us a row, and more for many columns: for tables with few rows.
 */
export function tableSink<Row extends object>(spec: TableSpec, options: TableSinkOptions<Row>): TableSink<Row> {
  const table = spec.name;
  const { spell, timers = systemTimers } = options;
  const connection = options.connection ?? ilpConnection(options.url, options.answer_timeout, options.onSocket);
  const senderOptions = new SenderOptions('http::addr=127.0.0.1:9000;protocol_version=2;auto_flush=off');
  const counts = { rows_written: 0, rows_refused: 0, bytes_sent: 0, requests: 0, retries: 0 };
  let filling: Record<string, unknown>[] = [];
  let rowsQueued = 0;
  let cancelAge: (() => void) | null = null;

  const refuse = (rows: RefusedRow[]): void => {
    counts.rows_refused += rows.length;
    if (rows.length > 0) options.onRefused(rows);
  };

  const queue = deliveryQueue<readonly Record<string, unknown>[]>({
    table,
    items_max: Math.max(1, Math.floor(options.waiting_max / options.rows_max)),
    close_timeout: options.close_timeout,
    timers,
    async deliver(rows, signal) {
      const refused: RefusedRow[] = [];
      const spelled: { readonly row: Record<string, unknown>; readonly bytes: Uint8Array }[] = [];
      const buffer = new SenderBufferV2(senderOptions);
      for (const row of rows) {
        try {
          spelled.push({ row, bytes: spell ? spell(row as Row) : spellRow(spec, row, buffer) });
        } catch (error) {
          buffer.reset();
          refused.push({ table, row, reason: error instanceof Error ? error.message : String(error) });
        }
      }
      if (spelled.length > 0) {
        await sendUntilTaken(
          0,
          spelled.length,
          async (from, to) => {
            const body = Buffer.concat(spelled.slice(from, to).map((one) => one.bytes));
            counts.requests++;
            const outcome = await connection.post(body, spell ? 'ms' : 'n', signal);
            if (outcome.kind === 'taken') {
              counts.rows_written += to - from;
              counts.bytes_sent += body.byteLength;
            }
            return outcome;
          },
          (i, reason) => refused.push({ table, row: spelled[i]?.row ?? {}, reason }),
          { ...options, table, signal, onRetry: () => counts.retries++ },
        );
      }
      rowsQueued -= rows.length;
      refuse(refused);
    },
  });

  const send = (): void => {
    cancelAge?.();
    cancelAge = null;
    if (filling.length === 0) return;
    rowsQueued += filling.length;
    queue.add(filling);
    filling = [];
  };

  return {
    write(row) {
      filling.push({ ...row } as Record<string, unknown>);
      if (filling.length >= options.rows_max) send();
      else cancelAge ??= timers.after(options.age_max, send);
    },
    flush() {
      send();
      return queue.settled();
    },
    pressure: queue.pressure,
    async close() {
      send();
      try {
        await queue.close();
      } finally {
        await connection.close();
      }
    },
    counts: () => ({ ...counts, rows_waiting: rowsQueued + filling.length }),
  };
}

/** One row as ILP; throws on a value that its column cannot take. */
function spellRow(spec: TableSpec, row: Readonly<Record<string, unknown>>, buffer: SenderBufferV2): Uint8Array {
  const instant = (name: string): number => {
    const value = row[name];
    if (typeof value !== 'number' || !(value > 0)) throw new TypeError(`${name} is no instant: ${String(value)}`);
    return Math.trunc(value);
  };
  buffer.table(spec.name);
  // ILP wants all symbols before the first other column.
  for (const { name, type } of spec.columns) {
    if (type === 'SYMBOL' || type === 'TRISTATE') buffer.symbol(name, String(row[name] ?? ''));
  }
  for (const { name, type } of spec.columns) {
    const value = row[name];
    switch (type) {
      case 'SYMBOL':
      case 'TRISTATE':
        break;
      case 'VARCHAR':
        buffer.stringColumn(name, String(value ?? ''));
        break;
      case 'JSON':
        buffer.stringColumn(name, JSON.stringify(value ?? null));
        break;
      case 'TIMESTAMP':
        if (name !== 'ts' && value !== null && value !== undefined) buffer.timestampColumn(name, instant(name), 'ms');
        break;
      case 'DOUBLE':
      case 'FLOAT':
        if (value !== null && value !== undefined && !Number.isNaN(value)) buffer.floatColumn(name, value as number);
        break;
      case 'LONG':
        if (value !== null && value !== undefined) buffer.intColumn(name, value as number);
        break;
      case 'BOOLEAN':
        if (value !== null && value !== undefined) buffer.booleanColumn(name, value as boolean);
        break;
    }
  }
  buffer.at(instant('ts'), 'ms');
  return buffer.toBufferNew();
}
