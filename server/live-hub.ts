import type { Clock } from '../pipeline/clock.ts';
import type { ErrorCode } from '../pipeline/contract/error-catalogue.ts';
import { scopeSuffices } from '../pipeline/keys/access-scope.ts';
import type { Handshake, LiveSocket, SocketHandlers, SocketServer } from '../sinks/live/socket-server.ts';
import type { LiveHubOptions } from './live-hub-options.ts';
import { LIVE_LIMITS, type LiveLimits } from './live-limits.ts';
import { LivePace } from './live-pace.ts';
import { readLiveRequest, topicOf } from './live-request.ts';
import type { LiveSession, Subscription } from './live-session.ts';
import type { LiveTold } from './live-told.ts';
import { type LiveTopic, parseTopic } from './live-topic.ts';
import type { LiveTopics } from './live-topics.ts';
import { topicScope } from './security/access.ts';
import { OPEN_GATE } from './security/gate.ts';
import { LiveEntry } from './security/live-entry.ts';
import { type BucketRate, fullBucket, takeToken } from './security/token-bucket.ts';

/**
 * The live protocol of INTERFACE.md for any number of sockets. Changes go out at once while sending them is cheap, else they are
 * gathered per GPU for up to 400 ms. One text per topic and delta is made and framed for all.
 * Memory per socket is bounded by `slow_bytes` and one snapshot.
 */
export class LiveHub implements SocketHandlers<LiveSession> {
  private readonly clock: Clock;
  private readonly topics: LiveTopics;
  private readonly tenants: LiveHubOptions['tenants'];
  private readonly limits: LiveLimits;
  private readonly rate: BucketRate;
  private readonly sessions = new Set<LiveSession>();
  private readonly listeners = new Map<LiveTopic, Set<LiveSession>>();
  private server: SocketServer | null = null;
  private readonly pace: LivePace;
  private readonly telling: LiveTold | null;
  private readonly onRefused: NonNullable<LiveHubOptions['onRefused']>;
  private readonly entry: LiveEntry<LiveSession>;
  private snapshotBudget: number;
  /** Counters for the metrics page. */
  readonly counters = { deltas: 0, snapshots: 0, gaps: 0, errors: 0, messages: 0 };

  constructor(options: LiveHubOptions) {
    this.clock = options.clock;
    this.topics = options.topics;
    this.tenants = options.tenants;
    this.telling = options.told ?? null;
    this.onRefused = options.onRefused ?? (() => undefined);
    this.limits = { ...LIVE_LIMITS, ...options.limits };
    this.rate = { burst: this.limits.message_burst, per_s: this.limits.messages_per_s };
    this.entry = new LiveEntry({
      clock: options.clock,
      gate: options.gate ?? OPEN_GATE,
      auth_within_ms: this.limits.auth_within_ms,
      strangers_per_address_max: this.limits.strangers_per_address_max,
      behind_proxy: options.behind_proxy ?? false,
      prepare: async ({ tenant }) => this.tenants?.prepare(tenant),
      isOpen: (session) => this.sessions.has(session),
      answer: (session, text) => this.answer(session, text),
      refuse: (session, code, detail) => this.refuse(session, code, detail, null),
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
    for (const topics of this.tenants?.all() ?? [this.topics]) topics.expire();
    this.entry.lookAround(this.sessions);
    this.telling?.tick();
  }

  close(): void {
    this.pace.close();
  }

  hasRoom(handshake: Handshake): boolean {
    return this.entry.hasRoom(handshake);
  }

  open(socket: LiveSocket, handshake: Handshake | null = null): LiveSession {
    const session: LiveSession = {
      socket,
      subscriptions: new Map(),
      bucket: fullBucket(this.rate, this.clock.monotonic()),
      slow: false,
      ...this.entry.newcomer(handshake),
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
      this.refuse(session, 'GV-LIV-001', request, topicOf(text));
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

  /** What was told of these topics no longer counts: everybody gets a gap and a snapshot. */
  resync(topics: LiveTopics): void {
    for (const topic of topics.all()) {
      topic.forget();
      for (const session of this.listeners.get(topic) ?? []) {
        const subscription = session.subscriptions.get(topic.name);
        if (subscription === undefined) continue;
        session.socket.leave(topic.channel);
        Object.assign(subscription, { joined: false, missed_from: topic.seq });
        this.serve(session);
      }
    }
  }

  drain(session: LiveSession): void {
    this.serve(session);
  }

  closed(session: LiveSession): void {
    this.sessions.delete(session);
    this.entry.noStranger(session);
    this.leaveAll(session);
  }

  private leaveAll(session: LiveSession): void {
    for (const name of [...session.subscriptions.keys()]) this.drop(session, name);
  }

  private sendDelta(topic: LiveTopic): boolean {
    const listeners = this.listeners.get(topic);
    const [first] = listeners ?? [];
    const entries = this.telling === null ? [] : [...topic.gpus];
    const text = (first?.subscriptions.get(topic.name)?.home ?? this.topics).takeDelta(topic);
    if (text === null || listeners === undefined) return false;
    for (const session of listeners) this.holdBack(session, topic);
    this.server?.publish(topic.channel, text);
    this.telling?.told(topic, entries);
    this.counters.deltas++;
    return true;
  }

  /** Takes a socket that does not keep up out of all topics, before the delta in hand is added to its heap. */
  private holdBack(session: LiveSession, inHand: LiveTopic): void {
    if (session.slow || session.socket.buffered() <= this.limits.slow_bytes) return;
    session.slow = true;
    for (const subscription of session.subscriptions.values()) {
      if (!subscription.joined) continue;
      session.socket.leave(subscription.topic.channel);
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
    const { topic, home, since, missed_from } = subscription;
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
        socket.send(home.gap(topic, from));
        this.counters.gaps++;
      }
      if (since !== null || from === null || from <= topic.seq) {
        socket.send(home.snapshot(topic));
        this.counters.snapshots++;
      }
    }
    this.snapshotBudget -= Math.max(0, socket.buffered() - before);
    subscription.since = null;
    subscription.missed_from = null;
    subscription.joined = true;
    socket.join(topic.channel);
    return true;
  }

  private subscribe(session: LiveSession, name: string, since: number | undefined): void {
    if (session.caller === null) {
      this.refuse(session, 'GV-SEC-001', 'No key was given: say {"op":"auth","key"} first', name);
      return;
    }
    const { tenant, scopes = [] } = session.caller;
    const scope = topicScope(parseTopic(name)?.kind ?? 'fleet');
    if (!scopeSuffices(scopes, scope)) {
      this.refuse(session, 'GV-SEC-002', `This needs the scope ${scope}`, name);
      return;
    }
    const home = tenant === '' ? this.topics : (this.tenants?.topics(tenant) ?? null);
    if (home === null) {
      this.refuse(session, 'GV-SEC-004', 'This concerns more than one tenant', name);
      return;
    }
    if (!session.subscriptions.has(name) && session.subscriptions.size >= this.limits.topics_per_socket_max) {
      this.refuse(session, 'GV-LIV-003', `At most ${this.limits.topics_per_socket_max} topics per socket`, name);
      return;
    }
    const topic = home.open(name);
    if (topic === null) {
      this.refuse(session, 'GV-LIV-002', `There is no topic ${JSON.stringify(name.slice(0, 80))}`, name);
      return;
    }
    this.drop(session, name);
    session.subscriptions.set(name, { topic, home, joined: false, since: since ?? null, missed_from: null });
    topic.listeners++;
    const listeners = this.listeners.get(topic);
    if (listeners === undefined) this.listeners.set(topic, new Set([session]));
    else listeners.add(session);
    this.serve(session);
  }

  private unsubscribe(session: LiveSession, name: string): void {
    if (session.subscriptions.has(name)) this.drop(session, name);
    else if (parseTopic(name) === null) {
      this.refuse(session, 'GV-LIV-002', `There is no topic ${JSON.stringify(name.slice(0, 80))}`, name);
    }
  }

  private drop(session: LiveSession, name: string): void {
    const subscription = session.subscriptions.get(name);
    if (subscription === undefined) return;
    const { topic } = subscription;
    session.subscriptions.delete(name);
    session.socket.leave(topic.channel);
    const listeners = this.listeners.get(topic);
    listeners?.delete(session);
    if (listeners?.size === 0) this.listeners.delete(topic);
    topic.listeners--;
    topic.idle_since = this.clock.monotonic();
  }

  /** Token bucket per socket; who goes on far beyond it is cut. */
  private mayTalk(session: LiveSession): boolean {
    const left = takeToken(session.bucket, this.rate, this.clock.monotonic());
    if (left >= 0) return true;
    if (left < -this.limits.message_burst) {
      this.onRefused('GV-LIV-003', 'a socket that does not stop was closed');
      session.socket.close(1008, 'GV-LIV-003');
    } else this.refuse(session, 'GV-LIV-003', `At most ${this.limits.messages_per_s} messages per second`, null);
    return false;
  }

  private refuse(session: LiveSession, code: ErrorCode, detail: string, topic: string | null): void {
    this.counters.errors++;
    this.onRefused(code, detail);
    const shown = topic === null ? null : topic.slice(0, 256);
    session.socket.send(this.topics.envelope(shown, null, 'error', JSON.stringify({ code, detail, topic: shown })));
  }
}
