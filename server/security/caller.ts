import type { Context } from 'hono';
import type { AccessRole } from '../../pipeline/keys/access-role.ts';
import type { AccessScope } from '../../pipeline/keys/access-scope.ts';

/** Who makes a call. */
export interface Caller {
  /** How it was told: by nothing (there are no keys), a key of ours, a token of an identity provider. */
  readonly kind: 'open' | 'key' | 'token';
  /** Id of the key, or subject of the token; empty when nothing told it. */
  readonly id: string;
  readonly name: string;
  readonly role: AccessRole;
  /** Sees only the GPUs of this tenant; empty: all. */
  readonly tenant: string;
  /** What the role is narrowed to; nothing or none: all that the role may. */
  readonly scopes?: readonly AccessScope[];
  /** Of a key: the hash of the secret that was shown, which a rotation ends while the key goes on. */
  readonly shown?: string;
  /** Of a token: when it ends, epoch ms; a key is looked up again. */
  readonly good_until?: number;
}

/** While there are no keys everybody on this machine may do everything. */
export const ANYBODY: Caller = { kind: 'open', id: '', name: '', role: 'admin', tenant: '' };

/** A part of this installation that asks another one in the same process. */
export const ITSELF: Caller = { kind: 'key', id: '', name: 'gpu-vitals', role: 'viewer', tenant: '' };

declare module 'hono' {
  interface ContextVariableMap {
    caller: Caller;
    /** An app of the tenant's own answers. */
    passed_on: boolean;
  }
}

export const callerOf = (c: Context): Caller => c.get('caller') ?? ANYBODY;

/** Who did it, for what is remembered of it: whom the key belongs to, whatever the request says. */
export function byOf(c: Context, told: string): string {
  const { kind, name } = callerOf(c);
  return kind === 'open' ? told : name;
}
