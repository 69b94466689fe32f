import type { Context, MiddlewareHandler } from 'hono';
import { matchedRoutes } from 'hono/route';
import type { AuditLog } from '../../pipeline/audit/audit-log.ts';
import type { Clock } from '../../pipeline/clock.ts';
import { accessOf } from './access.ts';
import type { Caller } from './caller.ts';
import { peerAddress } from './peer-address.ts';
import { RateLimiter } from './rate-limiter.ts';

export interface AuditCallsOptions {
  readonly audit: Pick<AuditLog, 'write'>;
  readonly clock: Clock;
  readonly behind_proxy: boolean;
  readonly onFailure: (error: unknown, where: string) => void;
}

const DETAIL_CHARACTERS_MAX = 2_000;
const TARGET_CHARACTERS_MAX = 500;
/** Answers that a caller can have as often as it likes: of a kind, one a minute tells that it tries. */
const REFUSALS: ReadonlySet<number> = new Set([403, 429]);
const REFUSALS_TOLD = { burst: 1, per_s: 1 / 60 };

/**
 * Writes down every call of somebody known that changes something, by the table of `access.ts`, done or refused: before the
 * answer goes out, so that whoever has an answer can be found. Of refusals (403, 429) one a minute for each caller and route. That
 * it cannot be written is told and hinders nobody. State: a bucket for each of those who were refused last, at most 10,000.
 */
export function auditCalls(options: AuditCallsOptions): MiddlewareHandler {
  const { audit, clock, onFailure } = options;
  const refusals = new RateLimiter(REFUSALS_TOLD, clock);
  return async (c, next) => {
    const route = matchedRoutes(c).find(({ method }) => method !== 'ALL');
    if (route === undefined || accessOf(route.method, route.path)?.audited !== true) return next();
    await next();
    const caller: Caller | undefined = c.get('caller');
    // Strangers could fill the trail, which nobody can shorten; what a tenant's app answers, that one writes down.
    if (caller === undefined || c.get('passed_on')) return undefined;
    const { id, name, role, tenant, kind } = caller;
    const { status } = c.res;
    const action = `${route.method} ${route.path}`;
    if (REFUSALS.has(status) && refusals.take(`${kind}/${id} ${status} ${action}`) !== null) return undefined;
    await audit
      .write({
        at: clock.now(),
        by: name,
        key_id: id,
        role: kind === 'open' ? '' : role,
        tenant,
        origin: peerAddress(c, options.behind_proxy),
        action,
        target: c.req.path.slice(0, TARGET_CHARACTERS_MAX),
        status,
        detail: detailOf(c),
      })
      .catch((error: unknown) => onFailure(error, `audit of ${action}`));
    return undefined;
  };
}

/** JSON as it was sent; of anything else its kind, since it may be many rows; nothing of what was not read. */
function detailOf(c: Context): string {
  const text = c.get('body_text');
  if (text === undefined) return '';
  const type = (c.req.header('Content-Type') ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? '';
  return type === 'application/json' ? text.slice(0, DETAIL_CHARACTERS_MAX) : type.slice(0, 80);
}
