import type { MiddlewareHandler } from 'hono';

/**
 * What every answer tells a browser: run nothing, frame nothing, guess no type, tell nobody where one came from. Pages that are
 * more than data bring a policy of their own.
 */
const ALWAYS = {
  'Content-Security-Policy': "default-src 'none'; frame-ancestors 'none'",
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Origin-Agent-Cluster': '?1',
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
  'X-DNS-Prefetch-Control': 'off',
  'X-Download-Options': 'noopen',
  'X-Frame-Options': 'DENY',
  'X-Permitted-Cross-Domain-Policies': 'none',
  'X-XSS-Protection': '0',
} as const;

/** Said over TLS of our own only: of TLS in front, who put it there tells. Names below ours are not ours to speak for. */
const OVER_TLS = { ...ALWAYS, 'Strict-Transport-Security': 'max-age=31536000' } as const;

/** The headers of any answer, also of those that no app makes. */
export const browserHeaders = (tls: boolean): Readonly<Record<string, string>> => (tls ? OVER_TLS : ALWAYS);

/** Puts them on what an app answers, where the answer has none of that name. */
export function addBrowserHeaders(): MiddlewareHandler {
  return async (c, next) => {
    await next();
    const { headers } = c.res;
    // The scheme is that of the connection itself, whatever a proxy says.
    for (const [name, value] of Object.entries(browserHeaders(c.req.url.startsWith('https:')))) {
      if (!headers.has(name)) headers.set(name, value);
    }
  };
}
