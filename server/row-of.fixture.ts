import type { ColumnType, TableSpec } from '../pipeline/contract/table-spec.ts';
import { columnWords } from './table-schema.ts';

/** Something that the database may answer for a column of the type. */
const STORED: Readonly<Record<ColumnType, unknown>> = {
  TIMESTAMP: Date.UTC(2026, 0, 1),
  SYMBOL: 'x',
  VARCHAR: 'x',
  DOUBLE: 0.5,
  FLOAT: 0.5,
  LONG: 3,
  BOOLEAN: false,
  TRISTATE: 'false',
  JSON: '["one"]',
};

/** A row of a table with something in every column. */
export const rowOf = (spec: TableSpec, changes: Record<string, unknown> = {}): Record<string, unknown> => ({
  ...Object.fromEntries(
    spec.columns.map(({ name, type }) => [
      name,
      ['contributions', 'xids', 'sensitivity'].includes(name)
        ? '[]'
        : (columnWords(spec.name, name)?.[0] ?? STORED[type]),
    ]),
  ),
  gpu_uuid: 'GPU-00',
  node: 'n0',
  ...(spec.columns.some(({ name }) => name === 'instance') ? { instance: '' } : {}),
  ...changes,
});
