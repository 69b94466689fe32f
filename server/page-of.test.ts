import fc from 'fast-check';
import { expect, it } from 'vitest';
import { pageOf, type SortKey } from './page-of.ts';

interface Item {
  readonly id: string;
  readonly key: SortKey;
}

const byId = (a: Item, b: Item): number => (a.id < b.id ? -1 : 1);

/** All of it sorted at once: missing keys last both ways, equal ones by identity. */
function slowly(items: readonly Item[], descending: boolean): string[] {
  return [...items]
    .sort((a, b) => {
      if (a.key === b.key) return byId(a, b);
      if (a.key === null || b.key === null) return a.key === null ? 1 : -1;
      return (a.key < b.key ? -1 : 1) * (descending ? -1 : 1);
    })
    .map(({ id }) => id);
}

const ITEMS = fc
  .uniqueArray(fc.string({ minLength: 1, maxLength: 4 }), { maxLength: 40 })
  .chain((ids) =>
    fc
      .array(fc.option(fc.integer({ min: 0, max: 4 })), { minLength: ids.length, maxLength: ids.length })
      .map((keys) => ids.map((id, i): Item => ({ id, key: keys[i] ?? null }))),
  );

it('shows everything once, page after page, in the order of a whole sort', () => {
  fc.assert(
    fc.property(
      ITEMS,
      fc.integer({ min: 1, max: 7 }),
      fc.constantFrom('rising', 'falling', 'identity'),
      (items, limit, order) => {
        const descending = order === 'falling';
        const sort = order === 'identity' ? null : { name: 'key', descending, key: ({ key }: Item) => key };
        const among = sort === null ? [...items].sort(byId) : items;
        const seen: string[] = [];
        let cursor: string | undefined;
        do {
          const page = pageOf({ items: among, sort, identity: ({ id }) => id, limit, cursor });
          expect(page.total).toBe(items.length);
          expect(page.items.length).toBeLessThanOrEqual(limit);
          seen.push(...page.items.map(({ id }) => id));
          cursor = page.next ?? undefined;
        } while (cursor !== undefined);
        expect(seen).toEqual(sort === null ? among.map(({ id }) => id) : slowly(items, descending));
      },
    ),
  );
});

it('goes on behind the last one, whatever came or went meanwhile', () => {
  const items = ['a', 'c', 'e', 'g'].map((id) => ({ id, key: 1 }));
  for (const sort of [null, { name: 'key', descending: true, key: ({ key }: Item) => key }]) {
    const options = { sort, identity: ({ id }: Item) => id, limit: 2 };
    const { next } = pageOf({ ...options, items, cursor: undefined });
    const changed = ['b', 'd', 'e'].map((id) => ({ id, key: 1 }));
    const page = pageOf({ ...options, items: changed, cursor: next ?? undefined });
    expect(page.items.map(({ id }) => id)).toEqual(['d', 'e']);
  }
});
