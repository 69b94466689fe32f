import { join } from 'node:path';
import type { Batch } from '../../pipeline/contract/batch.ts';
import type { Sink } from '../../pipeline/contract/ports.ts';
import { ROLLUPS } from '../../pipeline/contract/tables.ts';
import type { DurationMs } from '../../pipeline/contract/time.ts';
import { openJsonlFile } from './jsonl-file.ts';
import { metricLines } from './metric-lines.ts';
import { createRollup } from './rollup.ts';

export interface RollupJsonlSink extends Sink<Batch> {
  /** Rows written, by table. */
  readonly rows: Readonly<Record<string, number>>;
}

/** The columns before the aggregates: ts, gpu_uuid, node, instance. */
const IDENTITY_COLUMNS = 4;

/**
 * `DIR/gpu_metrics_1m.jsonl`, `_5m`, `_1h`: what the database computes as materialized views. Buckets that are open at `close`
 * are written as they are. Throws VitalsError when the folder cannot be written to.
 */
export function rollupJsonlSink(options: {
  readonly directory: string;
  readonly lateness_max: DurationMs;
}): RollupJsonlSink {
  const tables = ROLLUPS.map((table) => ({
    table,
    file: openJsonlFile(join(options.directory, `${table.name}.jsonl`)),
    line: metricLines(table.columns.slice(IDENTITY_COLUMNS).map((column) => column.name)),
  }));
  const byName = new Map(tables.map((one) => [one.table.name, one]));
  const rollup = createRollup({
    lateness_max: options.lateness_max,
    row(table, row) {
      const to = byName.get(table.name);
      to?.file.append(to.line(row.ts, row.gpu_uuid, row.node, row.instance, row.values, 0));
    },
  });
  return {
    get rows() {
      return Object.fromEntries(tables.map(({ table, file }) => [table.name, file.lines]));
    },
    write: rollup.add,
    async flush() {
      for (const { file } of tables) await file.flush();
    },
    pressure() {
      for (const { file } of tables) {
        const pressure = file.pressure();
        if (pressure !== null) return pressure;
      }
      return null;
    },
    async close() {
      rollup.end();
      for (const { file } of tables) await file.close();
    },
  };
}
