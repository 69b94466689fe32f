/**
 * The tables: one description for DDL, JSON rows, REST fields and documentation. `ts` is the designated timestamp;
 * identity columns come first; instants are epoch ms outside the database and TIMESTAMP inside.
 */
export type ColumnType =
  | 'TIMESTAMP'
  | 'SYMBOL'
  | 'VARCHAR'
  | 'DOUBLE'
  | 'FLOAT'
  | 'LONG'
  | 'BOOLEAN'
  /** True, false or null; the database's own booleans know no null, so inside it is a symbol. */
  | 'TRISTATE'
  /** A list or object outside the database, its JSON text (VARCHAR) inside. */
  | 'JSON';

export interface ColumnSpec {
  readonly name: string;
  readonly type: ColumnType;
  readonly help: string;
}

export interface TableSpec {
  readonly name: string;
  readonly summary: string;
  readonly columns: readonly ColumnSpec[];
  /** DEDUP UPSERT KEYS: a row with the same keys replaces the one before. */
  readonly keys: readonly string[];
  readonly partition: 'HOUR' | 'DAY' | 'WEEK' | 'MONTH' | 'YEAR';
  /** How long rows are kept, in days; null = for ever. */
  readonly ttl_days: number | null;
}

export const column = (name: string, type: ColumnType, help: string): ColumnSpec => ({ name, type, help });
export const TS = column('ts', 'TIMESTAMP', 'Event time.');
export const UUID = column('gpu_uuid', 'SYMBOL', 'GPU identity.');
export const NODE = column('node', 'SYMBOL', 'Host.');
export const INSTANCE = column('instance', 'SYMBOL', "MIG's GPU_I_ID; empty for the whole board.");
