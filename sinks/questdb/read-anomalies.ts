import type { Database } from '../../pipeline/contract/database.ts';
import type { Anomaly, Severity } from '../../pipeline/contract/events.ts';
import { ANOMALIES } from '../../pipeline/contract/tables.ts';
import { decodePlace, encodeCursor, type Page, type PageRequest, withTotal } from './page.ts';
import { type Conditions, columnList, conditions, fillTexts } from './select-rows.ts';

export interface AnomalyFilter {
  readonly gpu_uuid?: string | undefined;
  readonly node?: string | undefined;
  readonly instance?: string | undefined;
  readonly severity?: Severity | undefined;
  readonly state?: Anomaly['state'] | undefined;
  readonly type?: string | undefined;
  readonly metric?: string | undefined;
  readonly detector?: string | undefined;
  readonly window?: string | undefined;
  readonly id?: string | undefined;
  /** Opened at or after, and before; epoch ms. */
  readonly from?: number | undefined;
  readonly to?: number | undefined;
}

/** Anomalies that match, newest opening first unless the oldest are asked for. Throws GV-API-001 on a foreign cursor, GV-API-003 when the database is away. */
export async function listAnomalies(
  database: Database,
  filter: AnomalyFilter,
  page: PageRequest & { readonly oldest_first?: boolean },
): Promise<Page<Anomaly>> {
  const order = page.oldest_first ? 'ASC' : 'DESC';
  const paged = filtered(filter);
  if (page.cursor !== undefined) {
    const [at, id] = decodePlace(page.cursor, 'string', order);
    paged.add('ts', page.oldest_first ? '>=' : '<=', at);
    const given = page.oldest_first ? '<=' : '>=';
    paged.addText(`NOT (ts = ${paged.bind(at)} AND id ${given} ${paged.bind(id as string)})`);
  }
  const limit = paged.bind(page.limit + 1);
  const rows = await database.query(
    `SELECT ${columnList(ANOMALIES)} FROM anomalies${paged.where()} ORDER BY ts ${order}, id ${order} LIMIT ${limit}`,
    paged.parameters,
  );
  fillTexts(ANOMALIES, rows);
  const items = rows.slice(0, page.limit) as unknown as Anomaly[];
  const last = items.at(-1);
  const next = rows.length > page.limit && last ? encodeCursor(last.ts, last.id, order) : null;
  return withTotal({ items, next }, page.cursor, () => {
    const matching = filtered(filter);
    return database.query<{ total: number }>(
      `SELECT count() AS total FROM anomalies${matching.where()}`,
      matching.parameters,
    );
  });
}

/** Every open anomaly, of one GPU (all its instances) or of all; newest first, at most `rows_max`. */
export async function openAnomalies(
  database: Database,
  options: { readonly gpu_uuid?: string; readonly rows_max: number },
): Promise<Anomaly[]> {
  const open = filtered({ gpu_uuid: options.gpu_uuid, state: 'open' });
  const limit = open.bind(options.rows_max);
  const rows = await database.query(
    `SELECT ${columnList(ANOMALIES)} FROM anomalies${open.where()} ORDER BY ts DESC, id DESC LIMIT ${limit}`,
    open.parameters,
  );
  fillTexts(ANOMALIES, rows);
  return rows as unknown as Anomaly[];
}

function filtered(filter: AnomalyFilter): Conditions {
  const found = conditions();
  found.add('ts', '>=', filter.from === undefined ? undefined : new Date(filter.from));
  found.add('ts', '<', filter.to === undefined ? undefined : new Date(filter.to));
  for (const name of [
    'gpu_uuid',
    'node',
    'instance',
    'severity',
    'state',
    'type',
    'metric',
    'detector',
    'window',
    'id',
  ] as const) {
    found.add(name, '=', filter[name]);
  }
  return found;
}
