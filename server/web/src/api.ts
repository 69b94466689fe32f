import { apiClient } from '../../client/api-client.ts';
import { sessionFetch } from './session.ts';

/** The API that serves this page. Everything it does throws ApiError. */
export const api = apiClient({ fetch: sessionFetch });

interface Page<T> {
  readonly items: readonly T[];
  readonly next: string | null;
}

/** The first pages of a list, at most `pages_max`. */
export async function firstPages<T, L extends Page<T>>(
  pages: AsyncIterable<L & Page<T>>,
  pages_max: number,
): Promise<{ readonly items: readonly T[]; readonly first: L; readonly complete: boolean }> {
  const items: T[] = [];
  let first: L | undefined;
  let read = 0;
  for await (const page of pages) {
    first ??= page;
    items.push(...page.items);
    if (++read === pages_max && page.next !== null) return { items, first, complete: false };
  }
  return { items, first: first as L, complete: true };
}
