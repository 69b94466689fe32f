import { VitalsError } from '../pipeline/contract/errors.ts';
import { decodeCursor, encodeCursor, type Page } from '../sinks/questdb/page.ts';
import { LIMIT_DEFAULT } from './list-query.ts';

export type SortKey = string | number | null;

export interface PageOfOptions<T> {
  /** Those that match; where there is no `sort`, in ascending order of identity. */
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
 * Cost: a search when it is by identity alone, else one key per item; identities only where keys are equal.
 */
export function pageOf<T>(options: PageOfOptions<T>): Page<T> {
  const { items, sort, identity } = options;
  const limit = options.limit ?? LIMIT_DEFAULT;
  const name = sort === null ? '' : `${sort.descending ? '-' : ''}${sort.name}`;
  const after = options.cursor === undefined ? null : placeOf(options.cursor, name);
  // The page and one more, which tells whether there is another.
  const first = sort === null ? inOrder(options, after, limit + 1) : sorted(options, sort, after, limit + 1);
  const page = first.slice(0, limit);
  const end = page.at(-1);
  return {
    items: page.map(({ item }) => item),
    next:
      end !== undefined && first.length > limit
        ? encodeCursor(name, JSON.stringify(end.key), identity(end.item))
        : null,
    total: items.length,
  };
}

interface Keyed<T> {
  readonly item: T;
  readonly key: SortKey;
}

function inOrder<T>({ items, identity }: PageOfOptions<T>, after: Place | null, count: number): Keyed<T>[] {
  let [low, high] = [0, after === null ? 0 : items.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (identity(items[middle] as T) <= (after as Place).id) low = middle + 1;
    else high = middle;
  }
  return items.slice(low, low + count).map((item) => ({ item, key: null }));
}

/** The first ones, without sorting all of a large fleet. */
function sorted<T>(
  { items, identity }: PageOfOptions<T>,
  { key: keyOf, descending }: NonNullable<PageOfOptions<T>['sort']>,
  after: Place | null,
  count: number,
): Keyed<T>[] {
  const order = (a: Keyed<T>, b: Keyed<T>): number => {
    const by_key = compareKeys(a.key, b.key, descending);
    return by_key !== 0 ? by_key : identity(a.item) < identity(b.item) ? -1 : 1;
  };
  const first: Keyed<T>[] = [];
  for (const item of items) {
    const one = { item, key: keyOf(item) };
    if (after !== null) {
      const from_cursor = compareKeys(one.key, after.key, descending);
      if (from_cursor < 0 || (from_cursor === 0 && identity(item) <= after.id)) continue;
    }
    const last = first[count - 1];
    if (last !== undefined && order(one, last) > 0) continue;
    let [low, high] = [0, first.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (order(first[middle] as Keyed<T>, one) < 0) low = middle + 1;
      else high = middle;
    }
    first.splice(low, 0, one);
    if (first.length > count) first.pop();
  }
  return first;
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
