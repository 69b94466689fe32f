import { ALERTS } from '../../pipeline/contract/alert-tables.ts';
import type { Alert, AlertHandling } from '../../pipeline/contract/alerts.ts';
import type { Database } from '../../pipeline/contract/database.ts';
import { decodePlace, encodeCursor, type Page, type PageRequest, withTotal } from './page.ts';
import { type Conditions, columnList, conditions, fillTexts } from './select-rows.ts';

/** A row of `alerts`: the alert and what people have said of it. */
export type AlertRow = Omit<Alert, 'gpus'> &
  Omit<AlertHandling, 'alert_id' | 'note'> & { readonly handling_note: string };

export const ALERT_FILTERS = [
  'state',
  'severity',
  'rule',
  'category',
  'node',
  'gpu_uuid',
  'model',
  'rack',
  'cluster',
  'owner',
  'tenant',
] as const;

export type AlertFilter = { readonly [K in (typeof ALERT_FILTERS)[number]]?: string | undefined } & {
  /** Opened at or after, and before; epoch ms. */
  readonly from?: number | undefined;
  readonly to?: number | undefined;
};

/** Alerts that match, by opening, newest first unless the oldest are asked for. Throws GV-API-001 on a foreign cursor, GV-API-003 when the database is away. */
export async function listAlerts(
  database: Database,
  filter: AlertFilter,
  page: PageRequest & { readonly oldest_first: boolean },
): Promise<Page<AlertRow>> {
  const [order, onwards, beyond] = page.oldest_first ? (['ASC', '>=', '<='] as const) : (['DESC', '<=', '>='] as const);
  const paged = filtered(filter);
  if (page.cursor !== undefined) {
    const [at, id] = decodePlace(page.cursor, 'string', order);
    paged.add('ts', onwards, at);
    paged.addText(`NOT (ts = ${paged.bind(at)} AND id ${beyond} ${paged.bind(id as string)})`);
  }
  const limit = paged.bind(page.limit + 1);
  const rows = await database.query(
    `SELECT ${columnList(ALERTS)} FROM alerts${paged.where()} ORDER BY ts ${order}, id ${order} LIMIT ${limit}`,
    paged.parameters,
  );
  fillTexts(ALERTS, rows);
  const items = rows.slice(0, page.limit) as unknown as AlertRow[];
  const last = items.at(-1);
  const next = rows.length > page.limit && last ? encodeCursor(last.ts, last.id, order) : null;
  return withTotal({ items, next }, page.cursor, () => {
    const matching = filtered(filter);
    return database.query<{ total: number }>(
      `SELECT count() AS total FROM alerts${matching.where()}`,
      matching.parameters,
    );
  });
}

/** The row of one alert; null when there is none. Throws GV-API-003 when the database is away. */
export async function readAlertRow(database: Database, id: string): Promise<AlertRow | null> {
  const asked = conditions();
  asked.add('id', '=', id);
  const limit = asked.bind(1);
  const rows = await database.query(
    `SELECT ${columnList(ALERTS)} FROM alerts${asked.where()} ORDER BY ts DESC LIMIT ${limit}`,
    asked.parameters,
  );
  fillTexts(ALERTS, rows);
  return (rows[0] as unknown as AlertRow | undefined) ?? null;
}

function filtered(filter: AlertFilter): Conditions {
  const found = conditions();
  found.add('ts', '>=', filter.from === undefined ? undefined : new Date(filter.from));
  found.add('ts', '<', filter.to === undefined ? undefined : new Date(filter.to));
  for (const name of ALERT_FILTERS) found.add(name, '=', filter[name]);
  return found;
}
