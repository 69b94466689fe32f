import type { Context } from 'hono';
import type { ApiParts } from '../api-parts.ts';
import type { Caller } from './caller.ts';
import { tenancy } from './tenancy.ts';
import { tenantParts } from './tenant-parts.ts';

/** Answers a call of somebody with a tenant. */
export type AnswerTenant = (c: Context, caller: Caller) => Promise<Response>;

interface App {
  fetch(request: Request, env: unknown): Response | Promise<Response>;
}

/** Tokens of an identity provider may name any number of tenants. */
const APPS_MAX = 256;

/**
 * One app a tenant, made when it first calls, over parts that know only its GPUs; the one that was not used for longest goes when
 * there are too many. `make` builds an app over parts.
 */
export function tenantApps(parts: ApiParts, make: (parts: ApiParts) => App): AnswerTenant {
  const book = tenancy(parts);
  const apps = new Map<string, App>();
  return async (c, caller) => {
    const scope = await book.scope(caller.tenant);
    const app = apps.get(caller.tenant) ?? make(tenantParts(parts, scope));
    apps.delete(caller.tenant);
    apps.set(caller.tenant, app);
    for (const oldest of apps.keys()) {
      if (apps.size <= APPS_MAX) break;
      apps.delete(oldest);
    }
    return app.fetch(c.req.raw, { ...(c.env as object | undefined), caller });
  };
}
