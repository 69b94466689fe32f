import { ALERTS } from '../../pipeline/contract/alert-tables.ts';
import type { Database } from '../../pipeline/contract/database.ts';
import { VitalsError } from '../../pipeline/contract/errors.ts';
import { ANOMALIES, GPU_ASSETS, ROLLUPS, TABLES } from '../../pipeline/contract/tables.ts';
import { FEATURE_DEFINITIONS, INCIDENTS } from '../../pipeline/contract/verdict-tables.ts';
import type { TenantScope } from './tenancy.ts';

type Parameters = readonly (string | number | boolean | Date | null)[];
type Bound = string | Date;

/** Tables whose rows are each of one GPU, and so of one tenant. */
const OF_A_GPU: ReadonlySet<string> = new Set([
  ...TABLES.filter(
    ({ columns, name }) => columns.some((one) => one.name === 'gpu_uuid') && name !== INCIDENTS.name,
  ).map(({ name }) => name),
  ...ROLLUPS.map(({ name }) => name),
]);
/** Of these, rows without a GPU are of a whole node. */
const OR_A_NODE: ReadonlySet<string> = new Set([ANOMALIES.name, ALERTS.name]);
/** Tables whose rows say how things are now, whatever their instant. */
const OF_NOW: ReadonlySet<string> = new Set([GPU_ASSETS.name]);
/** Tables about nobody's GPU. */
const OF_NOBODY: ReadonlySet<string> = new Set([FEATURE_DEFINITIONS.name]);

const SOURCE = /\b(FROM|JOIN)\s+("?)([a-z_][a-z0-9_]*)\2(?![a-z0-9_"(])((?:\s+(?:AS\s+)?\w+)?\s*,)?/gi;
const EVERY_SOURCE = /\b(?:FROM|JOIN)\b(?!\s*\()(?!\s+tables\(\))/gi;

/**
 * The database as a tenant sees it: wherever a statement names a table, its rows of the tenant's GPUs stand instead, from the
 * time that it has them, so that no query can forget to ask for them. A statement that writes, or that names a table which is
 * not known to be safe, is refused.
 * Values are bound, as everywhere. Throws what the database throws, and GV-SEC-004.
 */
export function tenantDatabase(database: Database, scope: TenantScope): Database {
  return {
    async query<Row extends Record<string, unknown>>(sql: string, parameters: Parameters = []): Promise<Row[]> {
      const scoped = scopedStatement(sql, scope);
      const rows = await database.query<Row>(scoped.sql, [...scoped.parameters, ...parameters]);
      return scoped.incidents ? rows.map((row) => ownPart(row, scope)) : rows;
    },
    close: async () => undefined,
  };
}

export function scopedStatement(
  sql: string,
  scope: TenantScope,
): { readonly sql: string; readonly parameters: readonly Bound[]; readonly incidents: boolean } {
  const refuse = (): never => {
    throw new VitalsError('GV-SEC-004', 'This cannot be asked for one tenant alone', scope.tenant);
  };
  if (!/^\s*SELECT\b/i.test(sql)) refuse();
  const named = [...sql.matchAll(SOURCE)];
  if (named.length !== (sql.match(EVERY_SOURCE) ?? []).length || named.some(([, , , , comma]) => comma)) refuse();
  const tables = new Set(named.map(([, , , table = '']) => table));
  const parameters: Bound[] = [];
  const bind = (value: Bound): string => `$${parameters.push(value)}`;
  const conditions = new Map<string, string>();
  const uuids = scope.uuids();
  /** Rows of these from the time that the tenant has them. */
  const owned = (
    names: readonly string[],
    since: (name: string) => number,
    test: (some: readonly string[]) => string,
  ): string =>
    [...grouped(names, since)]
      .sort(([a], [b]) => a - b)
      .map(([from, some]) => (from < 0 ? test(some) : `(${test(some)} AND ts >= ${bind(new Date(from))})`))
      .join(' OR ') || '1 = 2';
  const among = (column: string) => (some: readonly string[]) => `${column} IN (${some.map(bind).join(', ')})`;
  let timed: string | null = null;
  const ofGpus = (table: string): string => {
    if (OF_NOW.has(table)) return uuids.length === 0 ? '1 = 2' : among('gpu_uuid')(uuids);
    timed ??= owned(uuids, scope.since, among('gpu_uuid'));
    return timed;
  };
  for (const table of tables) {
    if (OF_NOBODY.has(table)) continue;
    if (table === INCIDENTS.name) {
      const any = (some: readonly string[]) => `gpus ~ ${bind(`"(${some.map(escaped).join('|')})"`)}`;
      conditions.set(table, owned(uuids, scope.since, any));
      continue;
    }
    if (!OF_A_GPU.has(table)) refuse();
    const gpus = ofGpus(table);
    const nodes = OR_A_NODE.has(table) ? [...scope.wholeNodes()] : [];
    const ofNodes =
      nodes.length === 0 ? '' : ` OR (gpu_uuid IS NULL AND (${owned(nodes, scope.nodeSince, among('node'))}))`;
    // Alerts of incidents may be about others' GPUs too, and the table does not say so; of others it says whose they were.
    const alone =
      table === ALERTS.name
        ? ` AND source <> '${INCIDENTS.name}' AND (tenant IS NULL OR tenant = '' OR tenant = ${bind(scope.tenant)})`
        : '';
    conditions.set(table, `(${gpus}${ofNodes})${alone}`);
  }
  const shift = parameters.length;
  const moved = sql.replace(/\$(\d+)/g, (_, number: string) => `$${Number(number) + shift}`);
  return {
    sql: moved.replace(SOURCE, (whole, keyword: string, quote: string, table: string) => {
      const condition = conditions.get(table);
      return condition === undefined ? whole : `${keyword} (SELECT * FROM ${quote}${table}${quote} WHERE ${condition})`;
    }),
    parameters,
    incidents: tables.has(INCIDENTS.name),
  };
}

function grouped(names: readonly string[], by: (name: string) => number): ReadonlyMap<number, readonly string[]> {
  const groups = new Map<number, string[]>();
  for (const name of names) {
    const key = by(name);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [name]);
    else group.push(name);
  }
  return groups;
}

/** What an incident says of others: rows go by it for nobody who is shown only a part of them. */
export const OF_OTHERS: ReadonlySet<string> = new Set(['gpu_uuid', 'node', 'origin', 'summary']);

const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

/**
 * An incident with others' GPUs, or with nodes on which it names none of the tenant's and which are not the tenant's (a node that
 * fell silent is in it without a GPU), shows only its own, and none of the words that name others.
 */
function ownPart<Row extends Record<string, unknown>>(row: Row, scope: TenantScope): Row {
  const gpus = listOf(row.gpus);
  const at = typeof row.ts === 'number' ? row.ts : Number.POSITIVE_INFINITY;
  const own = gpus.filter((uuid) => scope.had(uuid, at));
  const named = listOf(row.nodes);
  const nodes = named.filter((node) => scope.concerns({ gpu_uuid: '', node }, at));
  const hosts = new Set([...nodes, ...own.flatMap((uuid) => scope.nodesOf(uuid))]);
  // Where one node alone is named, its GPUs were there.
  const placed = (named.length === 1 && own.length > 0) || named.every((node) => hosts.has(node));
  if (own.length === gpus.length && placed) return row;
  const shown: Record<string, unknown> = {
    gpu_uuid: own.includes(String(row.gpu_uuid)) ? row.gpu_uuid : '',
    node: nodes.includes(String(row.node)) ? row.node : '',
    origin: '',
    gpus: JSON.stringify(own),
    nodes: JSON.stringify(nodes),
    episodes: '[]',
    evidence: '[]',
    summary: `Concerns ${own.length} of your GPUs, and others.`,
  };
  return Object.fromEntries(
    Object.entries(row).map(([name, value]) => [name, name in shown ? shown[name] : value]),
  ) as Row;
}

function listOf(text: unknown): readonly string[] {
  if (typeof text !== 'string') return [];
  const list: unknown = JSON.parse(text);
  return Array.isArray(list) ? list.map(String) : [];
}
