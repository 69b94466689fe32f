import { VitalsError } from '../../pipeline/contract/errors.ts';
import { isLoopback } from '../../pipeline/contract/loopback.ts';
import type { KeyBook } from '../../pipeline/keys/key-book.ts';
import { ANYBODY, type Caller } from './caller.ts';
import type { Oidc } from './oidc.ts';

/** Who may come in. */
export interface Gate {
  /** Whether calls need a key at all. */
  readonly locked: boolean;
  /** Who shows this; null when it is not good. Throws VitalsError GV-API-003 while that cannot be told. */
  know(bearer: string): Promise<Caller | null>;
  /** Whether somebody known before is still welcome. */
  isWelcome(caller: Caller): boolean;
}

/** Keys of ours and, where there is single sign-on, tokens; with it calls need one or the other from the start. */
export const gateOf = (
  book: Pick<KeyBook, 'locked' | 'find' | 'isGood'>,
  oidc: Pick<Oidc, 'know' | 'isWelcome'> | null = null,
): Gate => ({
  get locked() {
    return oidc !== null || book.locked;
  },
  async know(bearer) {
    const key = book.find(bearer);
    if (key !== null) {
      const { id, name, role, tenant, scopes, shown } = key;
      return { kind: 'key', id, name, role, tenant, scopes, shown };
    }
    return oidc === null || isOurs(bearer) ? null : oidc.know(bearer);
  },
  isWelcome(caller) {
    if (caller.kind === 'open') return oidc === null && !book.locked;
    return caller.kind === 'key' ? book.isGood(caller.id, caller.shown ?? '') : (oidc?.isWelcome(caller) ?? false);
  },
});

const isOurs = (bearer: string): boolean => bearer.startsWith('gvk_');

/** Where calls can come from. */
export interface Reach {
  /** Where the server listens. */
  readonly host: string;
  /** A proxy in front hands on what others ask, wherever the server listens. */
  readonly behind_proxy: boolean;
}

/** Throws VitalsError GV-SVC-007 when others than this machine could call and nothing asks them for a key. */
export function requireKeys(gate: Pick<Gate, 'locked'>, { host, behind_proxy }: Reach): void {
  if (gate.locked) return;
  if (behind_proxy) {
    throw new VitalsError(
      'GV-SVC-007',
      '--behind-proxy would let everybody in whom the proxy lets in, without keys',
      host,
      {
        action:
          'Start without --behind-proxy on 127.0.0.1, create a key with `gpu-vitals keys create`, and start again with it; or give --oidc-issuer.',
      },
    );
  }
  if (!isLoopback(host)) throw new VitalsError('GV-SVC-007', `${host} would listen beyond loopback without keys`, '');
}

/** For a server that nobody gave keys to: tests, and tools over canned data. */
export const OPEN_GATE: Gate = {
  locked: false,
  know: async () => ANYBODY,
  isWelcome: () => true,
};
