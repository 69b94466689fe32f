import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { serveStatic } from '@hono/node-server/serve-static';
import type { OpenAPIHono } from '@hono/zod-openapi';
import type { Context, MiddlewareHandler } from 'hono';
import { CONSOLE_PAGES } from './console-pages.ts';
import { liveUrlFor } from './live-url.ts';

export interface ConsoleOptions {
  /** Folder of the built console; null: none. */
  readonly console_dir: string | null;
  readonly live_url: () => string | null;
}

const PAGES = [...CONSOLE_PAGES.map(({ path }) => path), '/gpus/:gpu_uuid'];
const YEAR_S = 31_536_000;

/** The console's files: pages are asked for anew every time, assets carry a hash in their name and are kept for a year. */
export function consoleFiles(app: OpenAPIHono, options: ConsoleOptions): void {
  const { console_dir } = options;
  const policy: MiddlewareHandler = async (c, next) => {
    await next();
    c.res.headers.set('Content-Security-Policy', consolePolicy(c, options.live_url()));
  };
  if (console_dir === null || !existsSync(join(console_dir, 'index.html'))) {
    for (const page of PAGES) {
      app.get(page, (c) => c.html(NOT_BUILT, 503, { 'Cache-Control': 'no-store' }));
    }
    return;
  }
  for (const page of PAGES) {
    app.get(page, policy, serveStatic({ root: console_dir, path: 'index.html', onFound: keep('no-cache') }));
  }
  for (const files of ['/assets/*', '/favicon.ico', '/favicon.svg']) {
    const keeping = files.startsWith('/assets/') ? `public, max-age=${YEAR_S}, immutable` : 'no-cache';
    app.get(files, policy, serveStatic({ root: console_dir, precompressed: true, onFound: keep(keeping) }));
  }
}

const keep = (value: string) => (_path: string, c: Context) => {
  c.header('Cache-Control', value);
};

function consolePolicy(c: Context, liveUrl: string | null): string {
  const live = liveUrlFor(liveUrl, c.req.url);
  return [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data:",
    "font-src 'self'",
    `connect-src 'self'${live === null ? '' : ` ${new URL(live).origin}`}`,
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
  ].join('; ');
}

const NOT_BUILT =
  '<!doctype html><html lang="en"><meta charset="utf-8"><title>gpu-vitals</title><p>The console is not built. ' +
  'Run <code>npm run build</code> and start again. The API is described at <a href="/docs">/docs</a>.</p></html>';
