import type { Clock } from '../../pipeline/clock.ts';
import type { Bus } from '../../pipeline/contract/bus.ts';
import { openKeyBook } from '../../pipeline/keys/key-book.ts';
import { type ListedKey, openKeyStore } from '../../pipeline/keys/key-store.ts';
import { type Gate, gateOf, requireKeys } from './gate.ts';
import { type OidcOptions, openOidc } from './oidc.ts';

export interface OpenGateOptions {
  readonly bus: Bus;
  readonly clock: Clock;
  /** Where the server is going to listen. */
  readonly host: string;
  /** A proxy in front hands on what others ask; false when absent. */
  readonly behind_proxy?: boolean;
  /** Single sign-on; none when absent. */
  readonly oidc?: Omit<OidcOptions, 'clock'> | null;
}

/** A gate, and the keys that it knows. */
export interface OpenGate extends Gate {
  keys(): Promise<readonly ListedKey[]>;
  stop(): Promise<void>;
}

/**
 * The gate of a server of ours, which has read all keys before the first call comes. Throws VitalsError GV-SVC-007 when others
 * than this machine could call and there is no key yet, GV-SEC-006 when single sign-on cannot be used as configured, GV-BUS-001 or GV-BUS-002 when the keys cannot be read.
 */
export async function openGate(options: OpenGateOptions): Promise<OpenGate> {
  const { bus, clock, host, behind_proxy = false } = options;
  const oidc = options.oidc ? openOidc({ ...options.oidc, clock }) : null;
  const store = await openKeyStore(bus, clock);
  const book = await openKeyBook(store, clock);
  const gate = gateOf(book, oidc);
  try {
    requireKeys(gate, { host, behind_proxy });
  } catch (error) {
    await book.stop();
    throw error;
  }
  return {
    get locked() {
      return gate.locked;
    },
    know: gate.know,
    isWelcome: gate.isWelcome,
    keys: () => store.list(),
    stop: () => book.stop(),
  };
}
