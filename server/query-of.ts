import type { Context } from 'hono';

/**
 * Parameters of the address by name, once; one that is given twice is told as a list, which no schema of ours takes, and so is
 * one without a name.
 */
export function queryOf(c: Context): Record<string, string> {
  const query: Record<string, unknown> = Object.fromEntries(
    Object.entries(c.req.queries()).map(([name, list]) => [name, list.length === 1 ? list[0] : list]),
  );
  if (/[?&]=/.test(c.req.url)) query[''] = '';
  return query as Record<string, string>;
}
