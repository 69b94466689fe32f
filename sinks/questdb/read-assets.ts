import type { Database } from '../../pipeline/contract/database.ts';
import type { Asset } from '../../pipeline/contract/events.ts';
import { GPU_ASSETS } from '../../pipeline/contract/tables.ts';
import { decodeCursor, encodeCursor, type Page, type PageRequest } from './page.ts';
import { columnList, conditions, fillTexts } from './select-rows.ts';

export interface AssetFilter {
  readonly node?: string | undefined;
  readonly model?: string | undefined;
  readonly cluster?: string | undefined;
  readonly rack?: string | undefined;
  readonly owner?: string | undefined;
  readonly tenant?: string | undefined;
  readonly status?: string | undefined;
}

const LATEST = `(SELECT ${columnList(GPU_ASSETS)} FROM gpu_assets LATEST ON ts PARTITION BY gpu_uuid)`;

/** Assets as last written, by gpu_uuid. Throws GV-API-001 on a foreign cursor, GV-API-003 when the database is away. */
export async function listAssets(database: Database, filter: AssetFilter, page: PageRequest): Promise<Page<Asset>> {
  const matching = filtered(filter);
  const counted = await database.query<{ total: number }>(
    `SELECT count() AS total FROM ${LATEST}${matching.where()}`,
    matching.parameters,
  );
  const paged = filtered(filter);
  if (page.cursor !== undefined) {
    const [uuid] = decodeCursor(page.cursor, ['string']);
    paged.add('gpu_uuid', '>', uuid);
  }
  const limit = paged.bind(page.limit + 1);
  const rows = await database.query(
    `SELECT * FROM ${LATEST}${paged.where()} ORDER BY gpu_uuid LIMIT ${limit}`,
    paged.parameters,
  );
  fillTexts(GPU_ASSETS, rows);
  const items = rows.slice(0, page.limit) as unknown as Asset[];
  const last = items.at(-1);
  return {
    items,
    next: rows.length > page.limit && last ? encodeCursor(last.gpu_uuid) : null,
    total: counted[0]?.total ?? 0,
  };
}

/** All assets as last written, none while there is no table yet. Throws GV-API-003 when the database is away. */
export async function allAssets(database: Database): Promise<Asset[]> {
  const found = await database.query('SELECT table_name FROM tables() WHERE table_name = $1', [GPU_ASSETS.name]);
  if (found.length === 0) return [];
  const rows = await database.query(`SELECT * FROM ${LATEST} ORDER BY gpu_uuid`);
  fillTexts(GPU_ASSETS, rows);
  return rows as unknown as Asset[];
}

/** One asset as last written; null when there is none. */
export async function readAsset(database: Database, gpuUuid: string): Promise<Asset | null> {
  const rows = await database.query(
    `SELECT ${columnList(GPU_ASSETS)} FROM gpu_assets WHERE gpu_uuid = $1 LATEST ON ts PARTITION BY gpu_uuid`,
    [gpuUuid],
  );
  fillTexts(GPU_ASSETS, rows);
  return (rows[0] as unknown as Asset | undefined) ?? null;
}

function filtered(filter: AssetFilter): ReturnType<typeof conditions> {
  const found = conditions();
  for (const name of ['node', 'model', 'cluster', 'rack', 'owner', 'tenant', 'status'] as const) {
    found.add(name, '=', filter[name]);
  }
  return found;
}
