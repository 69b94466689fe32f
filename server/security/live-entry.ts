import type { Clock } from '../../pipeline/clock.ts';
import type { LiveSocket } from '../../sinks/live/socket-server.ts';
import { ANYBODY, type Caller } from './caller.ts';
import type { Gate } from './gate.ts';

/** What is remembered of a socket about who it is. */
export interface Entrant {
  readonly socket: LiveSocket;
  /** Null until it has shown a key where one is needed. */
  caller: Caller | null;
  readonly opened_at: number;
  /** What came while a key is being looked at; null when none is. */
  waiting: (string | null)[] | null;
}

interface LiveEntryOptions<S extends Entrant> {
  readonly gate: Gate;
  readonly clock: Clock;
  /** A socket that has not shown a key by then is closed. */
  readonly auth_within_ms: number;
  /** Makes ready what a caller may hear. */
  readonly prepare: (caller: Caller) => Promise<void>;
  readonly isOpen: (session: S) => boolean;
  /** Answers a message of a socket. */
  readonly answer: (session: S, text: string | null) => void;
  readonly refuse: (session: S, detail: string) => void;
  /** Takes a socket out of all its topics. */
  readonly leaveAll: (session: S) => void;
}

/** How often it is looked whether those who are in may stay. */
const WELCOME_EVERY_MS = 500;
const POLICY_VIOLATION = 1008;

/** Who may listen to the live server: looks at keys, and now and then at those who were let in before. */
export class LiveEntry<S extends Entrant> {
  private readonly options: LiveEntryOptions<S>;
  private lookedAt = Number.NEGATIVE_INFINITY;

  constructor(options: LiveEntryOptions<S>) {
    this.options = options;
  }

  newcomer(): Pick<Entrant, 'caller' | 'opened_at' | 'waiting'> {
    const { gate, clock } = this.options;
    return { caller: gate.locked ? null : ANYBODY, opened_at: clock.monotonic(), waiting: null };
  }

  /** Looks at a key; what the socket says meanwhile waits its turn. Where nothing asks for a key, any is welcome. */
  async recognise(session: S, key: string): Promise<void> {
    const { gate, prepare, isOpen, leaveAll } = this.options;
    if (!gate.locked) return;
    const waiting: (string | null)[] = [];
    session.waiting = waiting;
    let caller: Caller | null = null;
    let why = 'The key is not good';
    try {
      caller = await gate.know(key);
      if (caller !== null) await prepare(caller);
    } catch (error) {
      caller = null;
      why = error instanceof Error ? error.message : String(error);
    }
    session.waiting = null;
    if (!isOpen(session)) return;
    if (caller === null) {
      leaveAll(session);
      this.turnAway(session, why);
      return;
    }
    if (session.caller !== null && session.caller.tenant !== caller.tenant) leaveAll(session);
    session.caller = caller;
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
        if (waiting === null && now - opened_at > auth_within_ms) this.turnAway(session, 'No key was given');
      } else if (!gate.isWelcome(caller)) {
        leaveAll(session);
        session.caller = null;
        this.turnAway(session, caller.kind === 'open' ? 'A key is needed from now on' : 'The key is no longer good');
      }
    }
  }

  private turnAway(session: S, why: string): void {
    this.options.refuse(session, why);
    session.socket.close(POLICY_VIOLATION, 'GV-SEC-001');
  }
}
