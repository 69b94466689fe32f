import type { Clock } from '../pipeline/clock.ts';
import type { ErrorCode } from '../pipeline/contract/errors.ts';
import type { LiveSocket, SocketHandlers, SocketServer } from '../sinks/live/socket-server.ts';
import { readLiveRequest, topicOf } from './live-request.ts';
import { type LiveTopic, parseTopic } from './live-topic.ts';
import type { LiveTopics } from './live-topics.ts';

export interface LiveLimits {
  readonly topics_per_socket_max: number;
  /** Messages that a socket may send at once, and per second after that. */
  readonly message_burst: number;
  readonly messages_per_s: number;
  /** A socket with more than this waiting gets no deltas until it has drained; then a gap and the state. */
  readonly slow_bytes: number;
  /** Bytes of snapshots that may wait in all sockets together; further ones wait their turn. */
  readonly snapshot_bytes: number;
}

const LIVE_LIMITS: LiveLimits = {
  topics_per_socket_max: 256,
  message_burst: 200,
  messages_per_s: 50,
  slow_bytes: 1_048_576,
  snapshot_bytes: 134_217_728,
};

export interface LiveHubOptions {
  readonly clock: Clock;
  readonly topics: LiveTopics;
  readonly limits?: Partial<LiveLimits>;
}

/** What a socket wants of a topic: `joined` gets deltas as they come; else it is owed a snapshot, after a gap if it missed some. */
interface Subscription {
  readonly topic: LiveTopic;
  joined: boolean;
  /** First number missed; null when nothing was. */
  missed_from: number | null;
}

export interface LiveSession {
  readonly socket: LiveSocket;
  readonly subscriptions: Map<string, Subscription>;
  tokens: number;
  tokens_at: number;
  slow: boolean;
}

/** Longest that a change waits for its delta when sending is costly. */
const REST_MS_MAX = 100;
/** After a topic was sent for c ms, it rests for three times as long: one topic takes a quarter of the thread at most. */
const REST_PER_COST = 3;
/** After everything was sent, all rest for half as long, so that what comes from the bus is always taken. */
const REST_ALL_PER_COST = 0.5;
/** A rest shorter than a timer can be is none. */
const REST_MS_MIN = 0.5;

/**
 * The live protocol of INTERFACE.md for any number of sockets. Changes go out at once while sending them is cheap; a topic whose
 * deltas are costly (many listeners, many changes) gathers them per GPU for up to 100 ms, and the others do not wait for it.
 * One text per topic and delta is made and framed for all.
 * Memory per socket is bounded by `slow_bytes` and one snapshot.
 */
export class LiveHub implements SocketHandlers<LiveSession> {
  private readonly clock: Clock;
  private readonly topics: LiveTopics;
  private readonly limits: LiveLimits;
  private readonly sessions = new Set<LiveSession>();
  private readonly listeners = new Map<LiveTopic, Set<LiveSession>>();
  private server: SocketServer | null = null;
  private snapshotBudget: number;
  private scheduled = false;
  private closing = false;
  private restUntil = 0;
  private timer: NodeJS.Timeout | null = null;
  private timerAt = 0;
  /** Counters for the metrics page. */
  readonly counters = { deltas: 0, snapshots: 0, gaps: 0, errors: 0, messages: 0 };

  constructor(options: LiveHubOptions) {
    this.clock = options.clock;
    this.topics = options.topics;
    this.limits = { ...LIVE_LIMITS, ...options.limits };
    this.snapshotBudget = this.limits.snapshot_bytes;
  }

  attach(server: SocketServer): void {
    this.server = server;
  }

  get sockets(): number {
    return this.sessions.size;
  }

  /** Tells that topics may have changed: they are flushed when the current poll ends, or after their rest. */
  changed(): void {
    if (this.scheduled || this.closing || this.topics.dirty.size === 0) return;
    const now = this.clock.monotonic();
    let due = Number.POSITIVE_INFINITY;
    for (const topic of this.topics.dirty) {
      due = Math.min(due, topic.rest_until);
      if (due <= now) break;
    }
    const rest = Math.max(due, this.restUntil) - now;
    if (rest <= REST_MS_MIN) {
      this.scheduled = true;
      if (this.timer !== null) clearTimeout(this.timer);
      this.timer = null;
      setImmediate(() => this.flush());
    } else if (this.timer === null || now + rest < this.timerAt) {
      if (this.timer !== null) clearTimeout(this.timer);
      this.timerAt = now + rest;
      this.timer = setTimeout(() => {
        this.timer = null;
        this.flush();
      }, rest);
    }
  }

  /** Housekeeping, about ten times a second: serves who waits for a snapshot, forgets unused topics. */
  tick(): void {
    let waiting = 0;
    for (const session of this.sessions) waiting += session.socket.buffered();
    this.snapshotBudget = this.limits.snapshot_bytes - waiting;
    for (const session of this.sessions) this.serve(session);
    this.topics.expire();
  }

  close(): void {
    if (this.timer !== null) clearTimeout(this.timer);
    this.closing = true;
  }

  open(socket: LiveSocket): LiveSession {
    const session: LiveSession = {
      socket,
      subscriptions: new Map(),
      tokens: this.limits.message_burst,
      tokens_at: this.clock.monotonic(),
      slow: false,
    };
    this.sessions.add(session);
    return session;
  }

  message(session: LiveSession, text: string | null): void {
    this.counters.messages++;
    if (!this.mayTalk(session)) return;
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
        // Nothing asks for a key on this server, so any is welcome.
        return;
    }
  }

  drain(session: LiveSession): void {
    this.serve(session);
  }

  closed(session: LiveSession): void {
    this.sessions.delete(session);
    for (const name of [...session.subscriptions.keys()]) this.drop(session, name);
  }

  /** Sends what is due, topics with few listeners first: they cost little and wait for nobody. */
  private flush(): void {
    this.scheduled = false;
    if (this.closing) return;
    const started = this.clock.monotonic();
    const due = [...this.topics.dirty].filter((topic) => topic.rest_until <= started + REST_MS_MIN);
    due.sort((a, b) => a.listeners - b.listeners);
    let at = started;
    for (const topic of due) {
      const text = this.topics.takeDelta(topic);
      const listeners = this.listeners.get(topic);
      if (text === null || listeners === undefined) continue;
      for (const session of listeners) this.holdBack(session, topic);
      this.server?.publish(topic.name, text);
      this.counters.deltas++;
      const before = at;
      at = this.clock.monotonic();
      topic.rest_until = at + Math.min(REST_MS_MAX, (at - before) * REST_PER_COST);
    }
    this.restUntil = at + Math.min(REST_MS_MAX, (at - started) * REST_ALL_PER_COST);
    this.changed();
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
    const { topic, missed_from } = subscription;
    const before = session.socket.buffered();
    if (before > this.limits.slow_bytes || this.snapshotBudget <= 0) return false;
    if (missed_from === null || missed_from <= topic.seq) {
      if (missed_from !== null) {
        session.socket.send(this.topics.gap(topic, missed_from));
        this.counters.gaps++;
      }
      session.socket.send(this.topics.snapshot(topic));
      this.counters.snapshots++;
      this.snapshotBudget -= Math.max(0, session.socket.buffered() - before);
    }
    subscription.missed_from = null;
    subscription.joined = true;
    session.socket.join(topic.name);
    return true;
  }

  private subscribe(session: LiveSession, name: string, since: number | undefined): void {
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
    const subscription: Subscription = { topic, joined: false, missed_from: null };
    session.subscriptions.set(name, subscription);
    topic.listeners++;
    const listeners = this.listeners.get(topic);
    if (listeners === undefined) this.listeners.set(topic, new Set([session]));
    else listeners.add(session);

    if (since !== undefined) {
      const missed = topic.after(since);
      if (missed !== null && !session.slow && session.socket.buffered() <= this.limits.slow_bytes) {
        for (const text of missed) session.socket.send(text);
        subscription.joined = true;
        session.socket.join(name);
        return;
      }
      session.socket.send(this.topics.gap(topic, since < topic.seq ? since + 1 : null));
      this.counters.gaps++;
    }
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
