import type { Bus } from '../../pipeline/contract/bus.ts';
import { seconds } from '../../pipeline/contract/time.ts';
import { connectDatabase } from '../../sinks/questdb/connect-database.ts';
import { countRows, explainMissing, type OddPage, type Stop } from './count-rows.ts';
import type { SoakFleetFigures } from './soak-fleet.ts';
import type { SoakReport } from './soak-report.ts';
import { toldOnce } from './told-once.ts';

const NAMED_MAX = 10;

/** When all is over: pages against rows, alerts and dead letters that are there twice or not at all, tables that stand still. */
export async function countEverything(options: {
  readonly questdb_pg_url: string;
  readonly bus: Bus;
  /** Folder of the log of what was served. */
  readonly log: string;
  readonly nodes: readonly string[];
  /** The collector's ends, from the signal until it was gone. */
  readonly kills: readonly Stop[];
  /** When it stood still. */
  readonly stops: readonly Stop[];
  readonly figures: SoakFleetFigures;
  readonly say: (line: string) => void;
}): Promise<SoakReport['rows']> {
  const { bus, log, nodes, kills, figures, say } = options;
  const database = connectDatabase({
    url: options.questdb_pg_url,
    pool_size: 1,
    statement_timeout: seconds(300),
    connect_timeout: seconds(10),
  });
  const name = (why: string, pages: readonly OddPage[]): void => {
    for (const { node, ts, rows, stored_rows } of pages.slice(0, NAMED_MAX)) {
      say(`${why}: ${nodes[node]} at ${new Date(ts).toISOString()}, ${rows} rows served, ${stored_rows} stored`);
    }
  };
  try {
    await database.query("SELECT wait_wal_table('gpu_metrics')");
    const tables = await database.query<{ name: string; suspended: boolean }>(
      'SELECT name, suspended FROM wal_tables()',
    );
    const count = await countRows({ log, nodes, database });
    const why = explainMissing(count.missing, kills, options.stops);
    name('lost', why.lost);
    name('uneven', count.uneven);
    const told = await toldOnce(bus, 'rubbish');
    return {
      served: count.rows,
      stored: count.stored_rows,
      pages_served: count.pages,
      pages_killed: why.killed,
      pages_stopped: why.stopped,
      killed_lead_max_ms: Math.round(why.killed_lead_max_ms),
      pages_given_up: why.given_up,
      pages_lost: why.lost.length,
      pages_uneven: count.uneven.length,
      rows_strange: count.strange_rows,
      rubbish_served: figures.rubbish,
      rubbish_letters: told.letters,
      hangs: figures.hangs,
      alerts: told.alerts,
      alerts_twice: told.alerts_twice,
      tables_suspended: tables.filter(({ suspended }) => suspended).map((table) => table.name),
    };
  } finally {
    await database.close();
  }
}
