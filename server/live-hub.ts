import type { Clock } from '../pipeline/clock.ts';
import type { ErrorCode } from '../pipeline/contract/errors.ts';
import type { LiveSocket, SocketHandlers, SocketServer } from '../sinks/live/socket-server.ts';
import { LivePace } from './live-pace.ts';
import { readLiveRequest, topicOf } from './live-request.ts';
import { type LiveTopic, parseTopic } from './live-topic.ts';
import type { LiveTopics } from './live-topics.ts';
import { type Gate, OPEN_GATE } from './security/gate.ts';
import { type Entrant, LiveEntry } from './security/live-entry.ts';

export interface LiveLimits {
  readonly topics_per_socket_max: number;
  /** Messages that a socket may send at once, and per second after that. */
  readonly message_burst: number;
  readonly messages_per_s: number;
  /** A socket with more than this waiting gets no deltas until it has drained; then a gap and the state. */
  readonly slow_bytes: number;
  /** Bytes of snapshots and missed deltas that may wait in all sockets together; further ones wait their turn. */
  readonly snapshot_bytes: number;
  /** Where keys are needed: a socket that has not shown one by then is closed. */
  readonly auth_within_ms: number;
}

const LIVE_LIMITS: LiveLimits = {
  topics_per_socket_max: 256,
  message_burst: 200,
  messages_per_s: 50,
  slow_bytes: 1_048_576,
  snapshot_bytes: 134_217_728,
  auth_within_ms: 10_000,
};

export interface LiveHubOptions {
  readonly clock: Clock;
  readonly topics: LiveTopics;
  readonly limits?: Partial<LiveLimits>;
  /** Who may listen; everybody when absent. */
  readonly gate?: Gate;
}

/** What a socket wants of a topic: `joined` gets deltas as they come; else it is owed what it missed, or a snapshot. */
interface Subscription {
  readonly topic: LiveTopic;
  joined: boolean;
  /** The last number that it has, as it said when it came; null when it has none. */
  since: number | null;
  /** First number missed; null when nothing was. */
  missed_from: number | null;
}

export interface LiveSession extends Entrant {
  readonly subscriptions: Map<string, Subscription>;
  tokens: number;
  tokens_at: number;
  slow: boolean;
}

/**
 * The live protocol of INTERFACE.md for any number of sockets. Changes go out at once while sending them is cheap, else they are
 * gathered per GPU for up to 100 ms. One text per topic and delta is made and framed for all.
 * Memory per socket is bounded by `slow_bytes` and one snapshot.
 */
export class LiveHub implements SocketHandlers<LiveSession> {
  private readonly clock: Clock;
  private readonly topics: LiveTopics;
  private readonly limits: LiveLimits;
  private readonly sessions = new Set<LiveSession>();
  private readonly listeners = new Map<LiveTopic, Set<LiveSession>>();
  private server: SocketServer | null = null;
  private readonly pace: LivePace;
  private readonly entry: LiveEntry<LiveSession>;
  private snapshotBudget: number;
  /** Counters for the metrics page. */
  readonly counters = { deltas: 0, snapshots: 0, gaps: 0, errors: 0, messages: 0 };

  constructor(options: LiveHubOptions) {
    this.clock = options.clock;
    this.topics = options.topics;
    this.limits = { ...LIVE_LIMITS, ...options.limits };
    this.entry = new LiveEntry({
      clock: options.clock,
      gate: options.gate ?? OPEN_GATE,
      auth_within_ms: this.limits.auth_within_ms,
      isOpen: (session) => this.sessions.has(session),
      answer: (session, text) => this.answer(session, text),
      refuse: (session, detail) => this.refuse(session, 'GV-SEC-001', detail, null),
      leaveAll: (session) => this.leaveAll(session),
    });
    this.snapshotBudget = this.limits.snapshot_bytes;
    const { clock, topics } = options;
    this.pace = new LivePace({ clock, dirty: topics.dirty, send: (topic) => this.sendDelta(topic) });
  }

  attach(server: SocketServer): void {
    this.server = server;
  }

  get sockets(): number {
    return this.sessions.size;
  }

  changed(): void {
    this.pace.changed();
  }

  /** Housekeeping, about ten times a second: serves who waits for a snapshot, forgets unused topics. */
  tick(): void {
    let waiting = 0;
    for (const session of this.sessions) waiting += session.socket.buffered();
    this.snapshotBudget = this.limits.snapshot_bytes - waiting;
    for (const session of this.sessions) this.serve(session);
    this.topics.expire();
    this.entry.lookAround(this.sessions);
  }

  close(): void {
    this.pace.close();
  }

  open(socket: LiveSocket): LiveSession {
    const session: LiveSession = {
      socket,
      subscriptions: new Map(),
      tokens: this.limits.message_burst,
      tokens_at: this.clock.monotonic(),
      slow: false,
      ...this.entry.newcomer(),
    };
    this.sessions.add(session);
    return session;
  }

  message(session: LiveSession, text: string | null): void {
    this.counters.messages++;
    if (!this.mayTalk(session)) return;
    this.entry.hear(session, text);
  }

  private answer(session: LiveSession, text: string | null): void {
    const request = readLiveRequest(text);
    if (typeof request === 'string') {
      this.refuse(session, 'GV-LIVE-001', request, topicOf(text));
      return;
    }
    switch (request.op) {
      case 'subscribe':
        this.subscribe(session, request.topic, request.since);
        return;
      case 'unsubscribe':
        this.unsubscribe(session, request.topic);
        return;
      case 'ping':
        session.socket.send(this.topics.envelope(null, null, 'pong', 'null'));
        return;
      case 'auth':
        void this.entry.recognise(session, request.key);
        return;
    }
  }

  drain(session: LiveSession): void {
    this.serve(session);
  }

  closed(session: LiveSession): void {
    this.sessions.delete(session);
    this.leaveAll(session);
  }

  private leaveAll(session: LiveSession): void {
    for (const name of [...session.subscriptions.keys()]) this.drop(session, name);
  }

  private sendDelta(topic: LiveTopic): boolean {
    const text = this.topics.takeDelta(topic);
    const listeners = this.listeners.get(topic);
    if (text === null || listeners === undefined) return false;
    for (const session of listeners) this.holdBack(session, topic);
    this.server?.publish(topic.name, text);
    this.counters.deltas++;
    return true;
  }

  /** Takes a socket that does not keep up out of all topics, before the delta in hand is added to its heap. */
  private holdBack(session: LiveSession, inHand: LiveTopic): void {
    if (session.slow || session.socket.buffered() <= this.limits.slow_bytes) return;
    session.slow = true;
    for (const subscription of session.subscriptions.values()) {
      if (!subscription.joined) continue;
      session.socket.leave(subscription.topic.name);
      subscription.joined = false;
      const { topic } = subscription;
      // The topic in hand has numbered its delta already, the others have not.
      subscription.missed_from = topic === inHand ? topic.seq : topic.seq + 1;
    }
  }

  /** Gives a session what it is owed, as far as it and the budget have room. */
  private serve(session: LiveSession): void {
    if (session.slow && session.socket.buffered() > this.limits.slow_bytes / 4) return;
    session.slow = false;
    for (const subscription of session.subscriptions.values()) {
      if (!subscription.joined && !this.sendState(session, subscription)) return;
    }
  }

  private sendState(session: LiveSession, subscription: Subscription): boolean {
    const { topic, since, missed_from } = subscription;
    const { socket } = session;
    const before = socket.buffered();
    if (before > this.limits.slow_bytes || this.snapshotBudget <= 0) return false;
    // The state of a large fleet takes so long that the next delta finds the socket slow again: what it missed is shorter.
    const behind = missed_from === null ? null : topic.cheapest(missed_from - 1);
    const missed = since === null ? behind : topic.after(since);
    if (missed !== null) for (const text of missed) socket.send(text);
    else {
      const from = since === null ? missed_from : since < topic.seq ? since + 1 : null;
      if (since !== null || (from !== null && from <= topic.seq)) {
        socket.send(this.topics.gap(topic, from));
        this.counters.gaps++;
      }
      if (since !== null || from === null || from <= topic.seq) {
        socket.send(this.topics.snapshot(topic));
        this.counters.snapshots++;
      }
    }
    this.snapshotBudget -= Math.max(0, socket.buffered() - before);
    subscription.since = null;
    subscription.missed_from = null;
    subscription.joined = true;
    socket.join(topic.name);
    return true;
  }

  private subscribe(session: LiveSession, name: string, since: number | undefined): void {
    if (session.caller === null) {
      this.refuse(session, 'GV-SEC-001', 'No key was given: say {"op":"auth","key"} first', name);
      return;
    }
    if (session.caller.tenant !== '') {
      this.refuse(session, 'GV-SEC-004', 'This concerns more than one tenant', name);
      return;
    }
    if (!session.subscriptions.has(name) && session.subscriptions.size >= this.limits.topics_per_socket_max) {
      this.refuse(session, 'GV-LIVE-003', `At most ${this.limits.topics_per_socket_max} topics per socket`, name);
      return;
    }
    const topic = this.topics.open(name);
    if (topic === null) {
      this.refuse(session, 'GV-LIVE-002', `There is no topic ${JSON.stringify(name.slice(0, 80))}`, name);
      return;
    }
    this.drop(session, name);
    session.subscriptions.set(name, { topic, joined: false, since: since ?? null, missed_from: null });
    topic.listeners++;
    const listeners = this.listeners.get(topic);
    if (listeners === undefined) this.listeners.set(topic, new Set([session]));
    else listeners.add(session);
    this.serve(session);
  }

  private unsubscribe(session: LiveSession, name: string): void {
    if (session.subscriptions.has(name)) this.drop(session, name);
    else if (parseTopic(name) === null) {
      this.refuse(session, 'GV-LIVE-002', `There is no topic ${JSON.stringify(name.slice(0, 80))}`, name);
    }
  }

  private drop(session: LiveSession, name: string): void {
    const subscription = session.subscriptions.get(name);
    if (subscription === undefined) return;
    const { topic } = subscription;
    session.subscriptions.delete(name);
    session.socket.leave(name);
    const listeners = this.listeners.get(topic);
    listeners?.delete(session);
    if (listeners?.size === 0) this.listeners.delete(topic);
    topic.listeners--;
    topic.idle_since = this.clock.monotonic();
  }

  /** Token bucket per socket; who goes on far beyond it is cut. */
  private mayTalk(session: LiveSession): boolean {
    const now = this.clock.monotonic();
    const refill = ((now - session.tokens_at) / 1_000) * this.limits.messages_per_s;
    session.tokens = Math.min(this.limits.message_burst, session.tokens + refill) - 1;
    session.tokens_at = now;
    if (session.tokens >= 0) return true;
    if (session.tokens < -this.limits.message_burst) session.socket.close(1008, 'GV-LIVE-003');
    else this.refuse(session, 'GV-LIVE-003', `At most ${this.limits.messages_per_s} messages per second`, null);
    return false;
  }

  private refuse(session: LiveSession, code: ErrorCode, detail: string, topic: string | null): void {
    this.counters.errors++;
    const shown = topic === null ? null : topic.slice(0, 256);
    session.socket.send(this.topics.envelope(shown, null, 'error', JSON.stringify({ code, detail, topic: shown })));
  }
}
