import { VitalsError } from '../pipeline/contract/errors.ts';
import { decodeCursor, encodeCursor, type Page } from '../sinks/questdb/page.ts';
import { LIMIT_DEFAULT } from './list-query.ts';

export type SortKey = string | number | null;

export interface PageOfOptions<T> {
  /** Those that match, in ascending order of identity. */
  readonly items: readonly T[];
  /** Null: by identity alone. */
  readonly sort: { readonly name: string; readonly descending: boolean; readonly key: (item: T) => SortKey } | null;
  /** Unique per item; items with equal keys are in its ascending order. */
  readonly identity: (item: T) => string;
  readonly limit: number | undefined;
  readonly cursor: string | undefined;
}

/**
 * A page of a list held in memory. The cursor names the last item of the page before, not a count, so that items which
 * come or go in between neither repeat nor hide others. Missing keys come last both ways. Throws GV-API-001 on a foreign cursor.
 */
export function pageOf<T>(options: PageOfOptions<T>): Page<T> {
  const { items, sort, identity } = options;
  const limit = options.limit ?? LIMIT_DEFAULT;
  const name = sort === null ? '' : `${sort.descending ? '-' : ''}${sort.name}`;
  const compare = (a: Place, b: Place): number =>
    compareKeys(a.key, b.key, sort?.descending ?? false) || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0);
  const after = options.cursor === undefined ? null : placeOf(options.cursor, name);
  // The page and one more, which tells whether there is another; sorting all of a large fleet would take ten times as long.
  const first: Keyed<T>[] = [];
  for (const item of items) {
    const one = { item, key: sort === null ? null : sort.key(item), id: identity(item) };
    if (after !== null && compare(one, after) <= 0) continue;
    const last = first[limit];
    if (last === undefined || compare(one, last) < 0) {
      first.splice(placeFor(first, one, compare), 0, one);
      if (first.length > limit + 1) first.pop();
    } else if (sort === null) break;
  }
  const page = first.slice(0, limit);
  const end = page.at(-1);
  return {
    items: page.map(({ item }) => item),
    next: end !== undefined && first.length > limit ? encodeCursor(name, JSON.stringify(end.key), end.id) : null,
    total: items.length,
  };
}

interface Keyed<T> extends Place {
  readonly item: T;
}

/** Behind those that come before it or with it. */
function placeFor<T>(sorted: readonly Keyed<T>[], one: Place, compare: (a: Place, b: Place) => number): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (compare(sorted[middle] as Keyed<T>, one) <= 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

interface Place {
  readonly key: SortKey;
  readonly id: string;
}

function placeOf(cursor: string, name: string): Place {
  const [sorted, key, id] = decodeCursor(cursor, ['string', 'string', 'string']) as [string, string, string];
  if (sorted !== name) throw new VitalsError('GV-API-001', 'The cursor belongs to another order', 'cursor');
  try {
    const parsed: unknown = JSON.parse(key);
    if (parsed === null || typeof parsed === 'string' || typeof parsed === 'number') return { key: parsed, id };
  } catch {
    // Told below.
  }
  throw new VitalsError('GV-API-001', 'The cursor is not one that this list gave', 'cursor');
}

function compareKeys(a: SortKey, b: SortKey, descending: boolean): number {
  if (a === b) return 0;
  if (a === null) return 1;
  if (b === null) return -1;
  return (a < b ? -1 : 1) * (descending ? -1 : 1);
}
