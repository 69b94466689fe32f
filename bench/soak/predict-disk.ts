import { MEASURED } from '../../deploy/scale/plan.ts';
import type { ColumnType, TableSpec } from '../../pipeline/contract/table-spec.ts';
import { GPU_METRICS } from '../../pipeline/contract/tables.ts';

/** Of a value in QuestDB's column files; a VARCHAR's text comes on top. */
const WIDTH: Readonly<Record<ColumnType, number>> = {
  TIMESTAMP: 8,
  SYMBOL: 4,
  VARCHAR: 16,
  DOUBLE: 8,
  FLOAT: 4,
  LONG: 8,
  BOOLEAN: 1,
  TRISTATE: 4,
  JSON: 16,
};

/** What the server adds to a message's data on the disk, bytes: what SCALE.md counts with. */
const MESSAGE_EXTRA_BYTES = MEASURED.stored_bytes.value - MEASURED.message_bytes.value;

/** Bytes of a row in its column files, missing values included. */
export const rowWidth = (spec: TableSpec): number => spec.columns.reduce((sum, { type }) => sum + WIDTH[type], 0);

/** What a row adds to the two big parts, bytes, told before anything has run; to the stream up to its limit. */
export const predictDisk = (options: {
  readonly message_bytes: number;
  readonly rows_per_message: number;
}): { readonly stream: number; readonly gpu_metrics: number } => ({
  stream: (options.message_bytes + MESSAGE_EXTRA_BYTES) / options.rows_per_message,
  gpu_metrics: rowWidth(GPU_METRICS),
});
