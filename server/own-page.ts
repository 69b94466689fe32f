import type { Context, MiddlewareHandler } from 'hono';
import { BadRequest, problem } from './problem.ts';

const FOREIGN = new BadRequest([
  { field: 'Origin', detail: 'Must be that of the console; pages of others send nothing' },
]);

/**
 * Refuses what a page of another origin sends, unread: some types a browser sends to anybody unasked, and reading costs as much
 * as if it were wanted. `pages` are origins that are ours besides the one that was called, as behind a proxy.
 */
export function ownPagesOnly(pages: readonly string[]): MiddlewareHandler {
  return async (c, next) => {
    const { method } = c.req;
    if (method === 'GET' || method === 'HEAD' || method === 'OPTIONS' || isOwn(c, pages)) return next();
    return problem(c, FOREIGN);
  };
}

/** Browsers name the page that sends something; who names none is no browser. */
function isOwn(c: Context, pages: readonly string[]): boolean {
  const origin = c.req.header('Origin');
  if (origin === undefined || pages.includes(origin)) return true;
  // No page can make its browser say so of another.
  if (c.req.header('Sec-Fetch-Site') === 'same-origin') return true;
  return origin.replace(/^https?:\/\//, '') === (c.req.header('Host') ?? new URL(c.req.url).host);
}
