import type { Context, MiddlewareHandler } from 'hono';
import { matchedRoutes } from 'hono/route';
import type { Clock } from '../../pipeline/clock.ts';
import { VitalsError } from '../../pipeline/contract/errors.ts';
import { isLoopbackHostHeader } from '../../pipeline/contract/loopback.ts';
import { BadRequest, problem } from '../problem.ts';
import { type Access, accessOf, missingFor } from './access.ts';
import { BadKeys } from './bad-keys.ts';
import { ANYBODY, type Caller } from './caller.ts';
import type { Gate } from './gate.ts';
import { clientAddress, originsOf } from './peer-address.ts';
import { RateLimiter } from './rate-limiter.ts';
import type { AnswerTenant } from './tenant-apps.ts';

/** For what is registered but not in the table: nobody may come in by an omission. */
const UNKNOWN_ROUTE: Access = { role: 'admin', scope: 'security', tenants: 'none', audited: true };
/** What there is not is not told to strangers either. */
const NOWHERE: Access = { role: 'viewer', scope: 'any', tenants: 'same', audited: false };
const FOREIGN_HOST = new BadRequest([{ field: 'Host', detail: 'Must be a name of loopback while there are no keys' }]);
const BEARER = /^Bearer +(\S+) *$/i;

/** A page asks for many things at once. */
const BURST_S = 5;

export interface RequireAccessOptions {
  readonly gate: Gate;
  readonly answerTenant: AnswerTenant;
  readonly clock: Clock;
  readonly behind_proxy: boolean;
  /** Of one key, five seconds' worth at once; 0: any number. */
  readonly calls_per_s: number;
}

/**
 * Lets through who may call a route, by the one table of `access.ts`, and notes who it is. 401 with WWW-Authenticate without a
 * good key, 403 when its role is too low, its scopes are others, or the answer concerns
 * more than its tenant, 429 when it calls too fast, or comes from where too many bad keys were shown. Costs a look at a flag while there are
 * no keys.
 */
export function requireAccess(options: RequireAccessOptions): MiddlewareHandler {
  const { gate, answerTenant, clock, behind_proxy, calls_per_s } = options;
  const calls = calls_per_s > 0 ? new RateLimiter({ burst: calls_per_s * BURST_S, per_s: calls_per_s }, clock) : null;
  const badKeys = new BadKeys(clock);
  const tooFast = (c: Context, wait_s: number): Response => {
    const answer = problem(c, new VitalsError('GV-SEC-003', 'Calls come too fast', ''));
    answer.headers.set('Retry-After', String(wait_s));
    return answer;
  };
  return async (c, next) => {
    // Only this server itself sets it: the app of a tenant is handed who calls.
    const { caller: known } = (c.env ?? {}) as { readonly caller?: Caller };
    if (known !== undefined) {
      c.set('caller', known);
      return next();
    }
    if (!gate.locked) {
      // A page whose own name was made to mean this machine would otherwise read everything.
      if (!isLoopbackHostHeader(c.req.header('Host') ?? 'localhost')) return problem(c, FOREIGN_HOST);
      c.set('caller', ANYBODY);
      return next();
    }
    const route = matchedRoutes(c).find(({ method }) => method !== 'ALL');
    const access = route === undefined ? NOWHERE : (accessOf(route.method, route.path) ?? UNKNOWN_ROUTE);
    if (access.role === 'open') return next();
    const authorization = c.req.header('Authorization');
    const address = authorization === undefined ? null : clientAddress(originsOf(c), behind_proxy);
    const held_s = badKeys.wait(address);
    if (held_s !== null) return tooFast(c, held_s);
    const bearer = authorization === undefined ? null : (BEARER.exec(authorization)?.[1] ?? null);
    const caller = bearer === null ? null : await gate.know(bearer);
    if (caller === null) {
      badKeys.note(address);
      const said = authorization === undefined ? 'No key was given' : 'The key is not good';
      const answer = problem(c, new VitalsError('GV-SEC-001', said, 'Authorization'));
      const detail = authorization === undefined ? '' : ', error="invalid_token"';
      answer.headers.set('WWW-Authenticate', `Bearer realm="gpu-vitals"${detail}`);
      return answer;
    }
    c.set('caller', caller);
    const wait_s = calls?.take(`${caller.kind}/${caller.id}`) ?? null;
    if (wait_s !== null) return tooFast(c, wait_s);
    const missing = missingFor(caller, access);
    if (missing !== null) return problem(c, new VitalsError('GV-SEC-002', `This needs ${missing}`, caller.name));
    if (caller.tenant !== '' && access.tenants === 'none') {
      return problem(c, new VitalsError('GV-SEC-004', 'This concerns more than one tenant', caller.tenant));
    }
    if (caller.tenant !== '' && access.tenants === 'own') {
      c.set('passed_on', true);
      c.res = await answerTenant(c, caller);
    } else await next();
    // What one key may see is not for others that ask a cache.
    c.res.headers.append('Vary', 'Authorization');
    if (!/\bno-store\b/.test(c.res.headers.get('Cache-Control') ?? '')) {
      c.res.headers.set('Cache-Control', 'private, no-cache');
    }
    return undefined;
  };
}
