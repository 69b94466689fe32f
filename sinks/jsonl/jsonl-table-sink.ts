import { join } from 'node:path';
import type { TableSpec } from '../../pipeline/contract/table-spec.ts';
import { type CountingSink, openJsonlFile } from './jsonl-file.ts';
import { jsonNumber } from './metric-lines.ts';

export interface JsonlTableSinkOptions {
  readonly directory: string;
  readonly table: Pick<TableSpec, 'name' | 'columns' | 'keys'>;
  /** Whether rows are written again with the same keys, to change them: anomalies that close, assets. */
  readonly rewrites: boolean;
}

/**
 * `DIR/<table>.jsonl`: one line a row with the columns of the table in their order; instants are epoch ms, missing fields and
 * NaN null. Written at `close`, also when empty.
 *
 * With `rewrites`, a row with the keys of an earlier one takes its place, as in the database: a closed anomaly is one line,
 * where it was opened. That holds the table's lines in memory; without it rows are written as they come. Throws
 * VitalsError when the folder cannot be written to.
 */
export function jsonlTableSink<Row extends object>(options: JsonlTableSinkOptions): CountingSink<Row> {
  const { directory, table, rewrites } = options;
  const file = openJsonlFile(join(directory, `${table.name}.jsonl`));
  const fields = table.columns.map((column) => ({ name: column.name, key: `${JSON.stringify(column.name)}:` }));
  const current = new Map<string, string>();
  return {
    get rows() {
      return current.size + file.lines;
    },
    write(row) {
      const content = row as Readonly<Record<string, unknown>>;
      const line = `{${fields.map(({ name, key }) => key + jsonOf(content[name])).join(',')}}`;
      if (rewrites) current.set(JSON.stringify(table.keys.map((key) => content[key])), line);
      else file.append(line);
    },
    flush: file.flush,
    pressure: file.pressure,
    async close() {
      for (const line of current.values()) file.append(line);
      current.clear();
      await file.close();
    },
  };
}

const jsonOf = (content: unknown): string =>
  typeof content === 'number' ? jsonNumber(content) : (JSON.stringify(content) ?? 'null');
