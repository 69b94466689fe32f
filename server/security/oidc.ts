import { createRemoteJWKSet, customFetch, errors, type JWTPayload, jwtVerify } from 'jose';
import type { Clock } from '../../pipeline/clock.ts';
import { VitalsError } from '../../pipeline/contract/errors.ts';
import { ACCESS_ROLES, type AccessRole } from '../../pipeline/keys/access-role.ts';
import type { Caller } from './caller.ts';

export interface OidcOptions {
  /** `https://...`, as the tokens spell it; on loopback plain http will do. */
  readonly issuer: string;
  readonly audience: string;
  /** Claim with the role or a list of roles; a dot leads into objects. */
  readonly role_claim: string;
  /** Claim with the tenant; empty: tokens see all tenants. */
  readonly tenant_claim: string;
  readonly clock: Clock;
}

/** Whom tokens of an identity provider belong to. */
export interface Oidc {
  /** Null for what is no good token: signature, issuer, audience, time or role. Throws GV-API-003 while the issuer's keys cannot be had. */
  know(token: string): Promise<Caller | null>;
  /** Whether a token known before is still in its time. */
  isWelcome(caller: Caller): boolean;
}

const TIMEOUT_MS = 5_000;
const KEYS_AGE_MS = 600_000;
/** An unknown key id makes the keys be read again, but not more often. */
const COOLDOWN_MS = 30_000;
/** Only what is signed with a private key: with a shared secret whoever can check a token could make one. */
const ALGORITHMS = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA'];
const CLOCK_SKEW_S = 30;

/** Throws VitalsError GV-SEC-006 when the options cannot be used. Nothing is asked of the issuer before the first token comes. */
export function openOidc(options: OidcOptions): Oidc {
  const { issuer, audience, clock } = options;
  const base = checkedIssuer(issuer);
  if (audience === '') throw new VitalsError('GV-SEC-006', 'oidc-audience is missing', 'oidc-audience');
  let keys: Promise<ReturnType<typeof createRemoteJWKSet>> | null = null;
  const keySet = (): Promise<ReturnType<typeof createRemoteJWKSet>> => {
    keys ??= discover(base, issuer).catch((error: unknown) => {
      keys = null;
      throw error;
    });
    return keys;
  };

  return {
    async know(token) {
      // What has not the form of a token is not worth a call to the issuer.
      if (token.split('.').length !== 3) return null;
      let payload: JWTPayload;
      try {
        const verified = await jwtVerify(token, await keySet(), {
          issuer,
          audience,
          algorithms: ALGORITHMS,
          clockTolerance: CLOCK_SKEW_S,
          requiredClaims: ['exp', 'sub'],
          currentDate: new Date(clock.now()),
        });
        payload = verified.payload;
      } catch (cause) {
        if (cause instanceof VitalsError) throw cause;
        if (cause instanceof errors.JOSEError && !(cause instanceof errors.JWKSTimeout)) {
          if (cause.code !== 'ERR_JOSE_GENERIC') return null;
        }
        throw away(issuer, cause);
      }
      const role = highestRole(claimAt(payload, options.role_claim));
      if (role === null) return null;
      const told = options.tenant_claim === '' ? '' : claimAt(payload, options.tenant_claim);
      // Without the tenant that it must name a token would see everything.
      if (options.tenant_claim !== '' && (typeof told !== 'string' || told === '')) return null;
      const good_until = ((payload.exp ?? 0) + CLOCK_SKEW_S) * 1_000;
      return { kind: 'token', id: payload.sub ?? '', name: nameOf(payload), role, tenant: String(told), good_until };
    },
    // With the token that was shown, whatever others its subject has.
    isWelcome: ({ good_until = 0 }) => clock.now() < good_until,
  };
}

async function discover(base: URL, issuer: string): Promise<ReturnType<typeof createRemoteJWKSet>> {
  let told: { readonly issuer?: unknown; readonly jwks_uri?: unknown };
  try {
    const answer = await plainFetch(`${base.href.replace(/\/$/, '')}/.well-known/openid-configuration`);
    if (!answer.ok) throw new Error(`it answered ${answer.status}`);
    told = (await answer.json()) as typeof told;
  } catch (cause) {
    throw away(issuer, cause);
  }
  if (told.issuer !== issuer || typeof told.jwks_uri !== 'string' || !URL.canParse(told.jwks_uri)) {
    throw away(issuer, new Error('its configuration names another issuer, or no keys'));
  }
  return createRemoteJWKSet(checkedIssuer(told.jwks_uri), {
    timeoutDuration: TIMEOUT_MS,
    cacheMaxAge: KEYS_AGE_MS,
    cooldownDuration: COOLDOWN_MS,
    [customFetch]: plainFetch,
  });
}

/** Redirects are not followed: they could lead anywhere inside. */
const plainFetch = (url: string, init: RequestInit = {}): Promise<Response> =>
  fetch(url, { ...init, redirect: 'error', signal: init.signal ?? AbortSignal.timeout(TIMEOUT_MS) });

const away = (issuer: string, cause: unknown): VitalsError =>
  new VitalsError('GV-API-003', 'The identity provider cannot be asked', new URL(issuer).host, { cause });

function checkedIssuer(text: string): URL {
  if (URL.canParse(text)) {
    const url = new URL(text);
    const here = ['localhost', '127.0.0.1', '[::1]'].includes(url.hostname);
    if (url.protocol === 'https:' || (url.protocol === 'http:' && here)) return url;
  }
  throw new VitalsError('GV-SEC-006', 'oidc-issuer must be an https address', 'oidc-issuer');
}

/** A claim of that very name (some have dots), else the way that the dots lead. */
function claimAt(payload: JWTPayload, path: string): unknown {
  if (Object.hasOwn(payload, path)) return payload[path];
  let at: unknown = payload;
  for (const step of path.split('.')) {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, step)) return undefined;
    at = (at as Readonly<Record<string, unknown>>)[step];
  }
  return at;
}

function highestRole(claim: unknown): AccessRole | null {
  const told: readonly unknown[] = Array.isArray(claim) ? claim : [claim];
  return [...ACCESS_ROLES].reverse().find((role) => told.includes(role)) ?? null;
}

function nameOf(payload: JWTPayload): string {
  for (const claim of ['email', 'preferred_username', 'name', 'sub']) {
    const value = payload[claim];
    if (typeof value === 'string' && value !== '') return value.slice(0, 80);
  }
  return '';
}
