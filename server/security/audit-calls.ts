import type { Context, MiddlewareHandler } from 'hono';
import { matchedRoutes } from 'hono/route';
import type { AuditLog } from '../../pipeline/audit/audit-log.ts';
import type { Clock } from '../../pipeline/clock.ts';
import { accessOf } from './access.ts';
import type { Caller } from './caller.ts';
import { peerAddress } from './peer-address.ts';
import { RefusalsTold } from './refusals-told.ts';

export interface AuditCallsOptions {
  readonly audit: Pick<AuditLog, 'write'>;
  readonly clock: Clock;
  readonly behind_proxy: boolean;
  readonly onFailure: (error: unknown, where: string) => void;
}

const DETAIL_CHARACTERS_MAX = 2_000;
const TARGET_CHARACTERS_MAX = 500;
/** A token says what its issuer lets it say. */
const NAME_CHARACTERS_MAX = 200;

/**
 * Writes down every call of somebody known that changes something, by the table of `access.ts`, done or refused: before the
 * answer goes out, so that whoever has an answer can be found. What is refused a caller can have as often as it likes: of
 * answers that are not 2xx one a minute for each caller, route and status, with the number of those left out since the one before.
 * That it cannot be written is told and hinders nobody. State: that of `RefusalsTold`.
 */
export function auditCalls(options: AuditCallsOptions): MiddlewareHandler {
  const { audit, clock, onFailure } = options;
  const refusals = new RefusalsTold(clock);
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
    const left_out = c.res.ok ? 0 : refusals.tell(`${kind}/${id} ${status} ${action}`);
    if (left_out === null) return undefined;
    const before = left_out === 0 ? '' : `(${left_out} more like this were left out before) `;
    await audit
      .write({
        at: clock.now(),
        by: name.slice(0, NAME_CHARACTERS_MAX),
        key_id: id.slice(0, NAME_CHARACTERS_MAX),
        role: kind === 'open' ? '' : role,
        tenant: tenant.slice(0, NAME_CHARACTERS_MAX),
        origin: peerAddress(c, options.behind_proxy),
        action,
        target: c.req.path.slice(0, TARGET_CHARACTERS_MAX),
        status,
        detail: `${before}${detailOf(c)}`.slice(0, DETAIL_CHARACTERS_MAX),
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
  return type === 'application/json' ? text : type.slice(0, 80);
}
