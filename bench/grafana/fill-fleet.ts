import type { Database } from '../../pipeline/contract/database.ts';
import { ROLLUPS, TABLES } from '../../pipeline/contract/tables.ts';
import { prepareDatabase } from '../../sinks/questdb/prepare-database.ts';
import {
  type FleetRows,
  type JudgedSpans,
  judged,
  metricsNamed,
  rollupRows,
  rollupTable,
  type Span,
  samples,
} from './fill-tables.ts';

export interface FillOptions extends FleetRows, JudgedSpans {
  /** Samples, span by span. */
  readonly samples: readonly Span[];
  /** How long each rollup reaches back, ms; null: they are the real views over the samples. */
  readonly rollups: Readonly<Record<string, number>> | null;
  /** Columns that anybody reads; only these are filled. */
  readonly used: (name: string) => boolean;
  readonly say: (line: string) => void;
}

/** Fills an empty database with a made-up fleet; all of it can be read when this ends. Takes minutes for a large one. */
export async function fillFleet(database: Database, options: FillOptions): Promise<void> {
  const { rollups, used, say } = options;
  await prepareDatabase(database, {
    rollups: rollups === null ? ROLLUPS : [],
    refresh: { every_minutes: 600 },
  });
  const metrics = metricsNamed(used);
  const statements = [...options.samples.map((span) => samples(options, span, metrics)), ...judged(options, options)];
  for (const view of rollups === null ? [] : ROLLUPS) {
    statements.push(rollupTable(view, used), rollupRows(view, options, rollups?.[view.name] ?? 0, used));
  }
  for (const sql of statements) {
    say(sql.slice(0, sql.indexOf('(')).trim());
    await database.query(sql);
  }
  const names = [...TABLES, ...(rollups === null ? [] : ROLLUPS)].map(({ name }) => name);
  for (const name of names) await database.query(`SELECT wait_wal_table('${name}')`);
  if (rollups === null) await completeViews(database);
}

async function completeViews(database: Database): Promise<void> {
  for (const { name } of ROLLUPS) {
    await database.query(`REFRESH MATERIALIZED VIEW ${name} FULL`);
    for (;;) {
      const [view] = await database.query<{ done: boolean }>(
        `SELECT last_refresh_finish_timestamp IS NOT NULL AND refresh_base_table_txn = base_table_txn AND view_status = 'valid' AS done FROM materialized_views() WHERE view_name = '${name}'`,
      );
      if (view?.done === true) break;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    await database.query(`SELECT wait_wal_table('${name}')`);
  }
}
