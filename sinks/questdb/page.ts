import { VitalsError } from '../../pipeline/contract/errors.ts';
import { EPOCH_MS_MAX } from '../../pipeline/contract/time.ts';

/** One page of a list, as REST answers it. */
export interface Page<Row> {
  readonly items: Row[];
  /** Pass as `cursor` for the next page; null on the last one. */
  readonly next: string | null;
  /** Rows that match over all pages. */
  readonly total: number;
}

export interface PageRequest {
  /** Rows a page, 1..1000. */
  readonly limit: number;
  readonly cursor?: string | undefined;
}

/** The page with its total: a first page that is the last one tells it, else the rows are counted. */
export async function withTotal<Row>(
  page: { readonly items: Row[]; readonly next: string | null },
  cursor: string | undefined,
  count: () => Promise<readonly { readonly total: number }[]>,
): Promise<Page<Row>> {
  if (cursor === undefined && page.next === null) return { ...page, total: page.items.length };
  return { ...page, total: (await count())[0]?.total ?? 0 };
}

/** An opaque cursor from the sort keys of the last row of a page. */
export const encodeCursor = (...keys: readonly (string | number)[]): string =>
  Buffer.from(JSON.stringify(keys)).toString('base64url');

/** The sort keys again; `kinds` says what they must be. Throws GV-API-001 on a text that is no cursor of ours. */
export function decodeCursor(cursor: string, kinds: readonly ('number' | 'string')[]): (string | number)[] {
  try {
    const keys: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString());
    if (Array.isArray(keys) && keys.length === kinds.length && keys.every((key, i) => isKey(key, kinds[i]))) {
      return keys;
    }
  } catch {
    // Told below like any other text that is no cursor.
  }
  throw new VitalsError('GV-API-001', FOREIGN, 'cursor');
}

/** Of a list in more than one order: an instant, what else tells the place, and at the end in which order. */
export function decodePlace(
  cursor: string,
  kind: 'number' | 'string',
  order: string,
): readonly [at: Date, beside: string | number] {
  const [at, beside, way] = decodeCursor(cursor, ['number', kind, 'string']) as [number, string | number, string];
  if (at > EPOCH_MS_MAX) throw new VitalsError('GV-API-001', FOREIGN, 'cursor');
  if (way !== order) throw new VitalsError('GV-API-001', 'The cursor belongs to another order', 'cursor');
  return [new Date(at), beside];
}

const FOREIGN = 'The cursor is not one that this list gave';

/** Numbers in cursors are instants, positions and counts. */
const isKey = (key: unknown, kind: unknown): boolean =>
  typeof key === kind && (typeof key !== 'number' || (Number.isSafeInteger(key) && key >= 0));
