import { setTimeout as sleep } from 'node:timers/promises';
import type { Database } from '../../pipeline/contract/database.ts';
import { VitalsError } from '../../pipeline/contract/errors.ts';
import type { TableSpec } from '../../pipeline/contract/table-spec.ts';
import { ROLLUPS, type RollupSpec, TABLES } from '../../pipeline/contract/tables.ts';
import { quoted } from './select-rows.ts';
import {
  addColumn,
  createRollup,
  createTable,
  REFRESH_MINUTES,
  refreshText,
  rollupQuery,
  storedType,
  type ViewRefresh,
} from './table-ddl.ts';

/**
 * Raised when a release stores something that the one before would read wrongly. New columns and tables do not raise it:
 * they are added to what is there.
 */
const SCHEMA_VERSION = 1;

const COLUMN_PAUSE_MS = 50;
const COLUMN_TRIES_MAX = 1_200;

const VERSIONS: TableSpec = {
  name: 'schema_versions',
  summary: 'Every schema version that this database has had.',
  columns: [
    { name: 'ts', type: 'TIMESTAMP', help: 'When it was reached.' },
    { name: 'version', type: 'LONG', help: 'The version.' },
  ],
  keys: ['ts', 'version'],
  partition: 'YEAR',
  ttl_days: null,
};

export interface PrepareOptions {
  readonly tables?: readonly TableSpec[];
  readonly rollups?: readonly RollupSpec[];
  /** How rollups follow; without it the measured minutes of table-ddl. */
  readonly refresh?: ViewRefresh;
  readonly version?: number;
  /** One line per change that was made, for the log. */
  readonly onStep?: (step: string) => void;
}

/**
 * Brings the database to this release's schema: creates what is missing, adds new columns to tables with data, and makes
 * rollups anew whose statement changed (they fill themselves from their base). Runs at every start; when nothing is to be
 * done it only reads. Throws GV-SNK-005 when the database belongs to a newer release, GV-SNK-001 when a table has a
 * column of another type, GV-API-003 when the database is away.
 */
export async function prepareDatabase(database: Database, options: PrepareOptions = {}): Promise<void> {
  const { tables = TABLES, rollups = ROLLUPS, version = SCHEMA_VERSION, onStep = () => {} } = options;
  await database.query(createTable(VERSIONS));
  const known = await database.query<{ version: number | null }>('SELECT max(version) AS version FROM schema_versions');
  const stored = known[0]?.version ?? 0;
  if (stored > version) {
    throw new VitalsError('GV-SNK-005', `The database has schema ${stored}, this release knows ${version}`, 'QuestDB');
  }
  for (const spec of tables) await prepareTable(database, spec, onStep);
  await prepareRollups(database, rollups, options.refresh, onStep);
  if (stored < version) {
    await database.query(`INSERT INTO schema_versions VALUES (now(), ${Math.trunc(version)})`);
    await database.query("SELECT wait_wal_table('schema_versions')");
    onStep(`schema ${version}`);
  }
}

async function storedColumns(database: Database, table: string): Promise<{ name: string; type: string }[] | null> {
  const found = await database.query('SELECT table_name FROM tables() WHERE table_name = $1', [table]);
  if (found.length === 0) return null;
  return database.query<{ name: string; type: string }>(
    `SELECT "column" AS name, type FROM table_columns('${quoted(table).slice(1, -1)}')`,
  );
}

async function prepareTable(database: Database, spec: TableSpec, onStep: (step: string) => void): Promise<void> {
  const before = await storedColumns(database, spec.name);
  if (before === null) {
    await database.query(createTable(spec));
    onStep(`table ${spec.name} created`);
    return;
  }
  const types = new Map(before.map((column) => [column.name, column.type]));
  let added = false;
  for (const column of spec.columns) {
    const type = types.get(column.name);
    if (type === undefined) {
      await database.query(addColumn(spec.name, column));
      added = true;
      onStep(`column ${spec.name}.${column.name} added`);
    } else if (type !== storedType(column)) {
      const what = `${spec.name}.${column.name} is ${type}, not ${storedType(column)}`;
      throw new VitalsError('GV-SNK-001', what, 'QuestDB', { action: 'Rename the table, or give another database.' });
    }
  }
  if (added) await columnsVisible(database, spec);
}

/**
 * A new column stands behind the transactions that the table has yet to apply; a rollup over it cannot be made before.
 * Throws GV-SNK-003 when they are not applied in a minute.
 */
async function columnsVisible(database: Database, spec: TableSpec): Promise<void> {
  for (let tries = 0; tries < COLUMN_TRIES_MAX; tries++) {
    const there = new Set((await storedColumns(database, spec.name))?.map((column) => column.name));
    if (spec.columns.every((column) => there.has(column.name))) return;
    // A suspended table applies nothing until it is told to; for any other this changes nothing.
    if (tries % 20 === 0) await database.query(`ALTER TABLE ${quoted(spec.name)} RESUME WAL`);
    await sleep(COLUMN_PAUSE_MS);
  }
  throw new VitalsError('GV-SNK-003', `New columns of ${spec.name} were not applied in a minute`, 'QuestDB');
}

/**
 * A rollup is made anew when its statement changed or the one below it is: from its base, and so without what the base no
 * longer keeps. Views are dropped from the top down: dropping a base first would mark a new view of the same name invalid.
 */
async function prepareRollups(
  database: Database,
  rollups: readonly RollupSpec[],
  refresh: ViewRefresh | undefined,
  onStep: (step: string) => void,
): Promise<void> {
  const found = await database.query<StoredView>(
    'SELECT view_name, view_sql, view_status, refresh_type, timer_interval FROM materialized_views()',
  );
  const stored = new Map(found.map((view) => [view.view_name, view]));
  const renewed = new Set<string>();
  for (const view of rollups) {
    if (renewed.has(view.from) || stored.get(view.name)?.view_sql !== rollupQuery(view)) renewed.add(view.name);
  }
  for (const view of rollups.toReversed()) {
    if (!renewed.has(view.name) || !stored.has(view.name)) continue;
    await database.query(`DROP MATERIALIZED VIEW IF EXISTS ${quoted(view.name)}`);
    onStep(`view ${view.name} dropped: its columns changed`);
  }
  for (const view of rollups) {
    const wanted: ViewRefresh = refresh ?? { every_minutes: REFRESH_MINUTES[view.size] };
    const there = stored.get(view.name);
    if (there === undefined || renewed.has(view.name)) {
      await database.query(createRollup(view, wanted));
      onStep(`view ${view.name} created`);
    } else {
      await adjustRollup(database, there, wanted, onStep);
    }
  }
}

interface StoredView extends Record<string, unknown> {
  readonly view_name: string;
  readonly view_sql: string;
  readonly view_status: string;
  readonly refresh_type: string;
  readonly timer_interval: number;
}

async function adjustRollup(
  database: Database,
  there: StoredView,
  wanted: ViewRefresh,
  onStep: (step: string) => void,
): Promise<void> {
  const asWanted =
    wanted === 'immediate'
      ? there.refresh_type === 'immediate'
      : there.refresh_type === 'timer' && there.timer_interval === wanted.every_minutes;
  if (asWanted) return;
  const how = refreshText(wanted);
  await database.query(`ALTER MATERIALIZED VIEW ${quoted(there.view_name)} SET REFRESH ${how}`);
  onStep(`view ${there.view_name} refreshed ${how}`);
}
