import type { Clock } from '../../pipeline/clock.ts';
import type { ErrorCode } from '../../pipeline/contract/error-catalogue.ts';
import type { Handshake, LiveSocket } from '../../sinks/live/socket-server.ts';
import { BadKeys } from './bad-keys.ts';
import { ANYBODY, type Caller } from './caller.ts';
import type { Gate } from './gate.ts';
import { clientAddress } from './peer-address.ts';
import { Strangers } from './strangers.ts';

/** What is remembered of a socket about who it is. */
export interface Entrant {
  readonly socket: LiveSocket;
  /** Null until it has shown a key where one is needed. */
  caller: Caller | null;
  readonly opened_at: number;
  /** Null where that cannot be told. */
  readonly address: string | null;
  /** Whether it counts among those of its address who have not shown a key. */
  stranger: boolean;
  /** What came while a key is being looked at; null when none is. */
  waiting: (string | null)[] | null;
}

interface LiveEntryOptions<S extends Entrant> {
  readonly gate: Gate;
  readonly clock: Clock;
  /** A socket that has not shown a key by then is closed. */
  readonly auth_within_ms: number;
  readonly strangers_per_address_max: number;
  /** A proxy in front tells where sockets come from. */
  readonly behind_proxy: boolean;
  /** Makes ready what a caller may hear. */
  readonly prepare: (caller: Caller) => Promise<void>;
  readonly isOpen: (session: S) => boolean;
  /** Answers a message of a socket. */
  readonly answer: (session: S, text: string | null) => void;
  readonly refuse: (session: S, code: ErrorCode, detail: string) => void;
  /** Takes a socket out of all its topics. */
  readonly leaveAll: (session: S) => void;
}

/** How often it is looked whether those who are in may stay. */
const WELCOME_EVERY_MS = 500;
const POLICY_VIOLATION = 1008;

const seesOthers = (before: Caller, now: Caller): boolean =>
  before.tenant !== now.tenant || String(before.scopes ?? []) !== String(now.scopes ?? []);

/** Who may listen to the live server: looks at keys, and now and then at those who were let in before. */
export class LiveEntry<S extends Entrant> {
  private readonly options: LiveEntryOptions<S>;
  private readonly badKeys: BadKeys;
  private readonly strangers: Strangers;
  private lookedAt = Number.NEGATIVE_INFINITY;

  constructor(options: LiveEntryOptions<S>) {
    this.options = options;
    this.badKeys = new BadKeys(options.clock);
    this.strangers = new Strangers(options.strangers_per_address_max);
  }

  /** Whether an address may have one more socket that has not shown a key. */
  hasRoom(handshake: Handshake): boolean {
    const { gate, behind_proxy } = this.options;
    const address = clientAddress(handshake, behind_proxy);
    return !gate.locked || address === null || this.strangers.hasRoom(address);
  }

  newcomer(handshake: Handshake | null): Omit<Entrant, 'socket'> {
    const { gate, clock, behind_proxy } = this.options;
    const address = handshake === null ? null : clientAddress(handshake, behind_proxy);
    const stranger = gate.locked && address !== null;
    if (stranger) this.strangers.came(address);
    const caller = gate.locked ? null : ANYBODY;
    return { caller, opened_at: clock.monotonic(), address, stranger, waiting: null };
  }

  /** It is closed, or has shown a good key. */
  noStranger(session: S): void {
    if (session.stranger && session.address !== null) this.strangers.left(session.address);
    session.stranger = false;
  }

  /** Looks at a key; what the socket says meanwhile waits its turn. Where nothing asks for a key, any is welcome. */
  async recognise(session: S, key: string): Promise<void> {
    const { gate, prepare, isOpen, leaveAll } = this.options;
    if (!gate.locked) return;
    if (this.badKeys.wait(session.address) !== null) {
      leaveAll(session);
      this.turnAway(session, 'GV-SEC-003', 'Too many bad keys were shown from there');
      return;
    }
    const waiting: (string | null)[] = [];
    session.waiting = waiting;
    let caller: Caller | null = null;
    let why = 'The key is not good';
    try {
      caller = await gate.know(key);
      if (caller === null) this.badKeys.note(session.address);
      else await prepare(caller);
    } catch (error) {
      caller = null;
      why = error instanceof Error ? error.message : String(error);
    }
    session.waiting = null;
    if (!isOpen(session)) return;
    if (caller === null) {
      leaveAll(session);
      this.turnAway(session, 'GV-SEC-001', why);
      return;
    }
    if (session.caller !== null && seesOthers(session.caller, caller)) leaveAll(session);
    session.caller = caller;
    this.noStranger(session);
    for (const text of waiting) this.hear(session, text);
  }

  /** A message in its turn. */
  hear(session: S, text: string | null): void {
    if (session.waiting === null) this.options.answer(session, text);
    else session.waiting.push(text);
  }

  /** Keys end, are revoked, or are asked for from now on: who was let in before may have to go. */
  lookAround(sessions: Iterable<S>): void {
    const { gate, clock, auth_within_ms, leaveAll } = this.options;
    if (!gate.locked) return;
    const now = clock.monotonic();
    if (now - this.lookedAt < WELCOME_EVERY_MS) return;
    this.lookedAt = now;
    for (const session of [...sessions]) {
      const { caller, opened_at, waiting } = session;
      if (caller === null) {
        if (waiting === null && now - opened_at > auth_within_ms)
          this.turnAway(session, 'GV-SEC-001', 'No key was given');
      } else if (!gate.isWelcome(caller)) {
        leaveAll(session);
        session.caller = null;
        const why = caller.kind === 'open' ? 'A key is needed from now on' : 'The key is no longer good';
        this.turnAway(session, 'GV-SEC-001', why);
      }
    }
  }

  private turnAway(session: S, code: ErrorCode, why: string): void {
    this.options.refuse(session, code, why);
    session.socket.close(POLICY_VIOLATION, code);
  }
}
