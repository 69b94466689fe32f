import { Observable } from 'rxjs';
import { type Clock, systemClock } from '../pipeline/clock.ts';
import { inTurn } from './in-turn.ts';
import { type LiveTopicName, type LiveTopicState, liveFold } from './live-fold.ts';

/** What a topic tells: a snapshot replaces everything known, a delta changes it. */
export interface LiveUpdate<T> {
  readonly type: 'snapshot' | 'delta';
  readonly seq: number;
  /** When the server made it, epoch ms of its clock. */
  readonly ts: number;
  readonly data: T;
}

/** An update and the topic's state with it. */
export interface LiveChange<Topic extends LiveTopicName> extends LiveUpdate<unknown> {
  /** A map is the same object each time, changed in place. */
  readonly state: LiveTopicState<Topic>;
}

export interface LiveState {
  /** `waiting`: the connection is lost and is tried again at `retry_at`. */
  readonly phase: 'connecting' | 'open' | 'waiting';
  /** When the last message came, by the client's clock; null before the first. */
  readonly heard_at: number | null;
  readonly retry_at: number | null;
}

export interface LiveClient {
  /**
   * A topic's updates, beginning with a snapshot, or with the deltas after `since` when the server still has them. The
   * topic is left when nobody is subscribed. Errors with LiveRefused when the server refuses the topic; never completes.
   */
  topic<T>(name: string, options?: { readonly since?: number }): Observable<LiveUpdate<T>>;
  /** The same with the state that they add up to. */
  follow<Topic extends LiveTopicName>(name: Topic): Observable<LiveChange<Topic>>;
  /** The connection's state, at once and on every change. */
  readonly state: Observable<LiveState>;
  current(): LiveState;
  /** Tries again now instead of at `retry_at`; asks for a sign of life when connected. */
  wake(): void;
  close(): void;
}

/** The server does not have the topic, or no more of them for this socket: `code` is that of its error. */
export class LiveRefused extends Error {
  readonly code: string;

  constructor(code: string, detail: string) {
    super(detail);
    this.name = 'LiveRefused';
    this.code = code;
  }
}

/** The part of a WebSocket that is used: a browser's, Node's own (from 22 on) or that of the package `ws`. */
export interface LiveSocket {
  send(text: string): void;
  close(): void;
  addEventListener(type: 'open' | 'close' | 'error', listener: () => void): void;
  addEventListener(type: 'message', listener: (event: { readonly data: unknown }) => void): void;
}

export interface LiveClientOptions {
  /** `ws://host:8081/live`. */
  readonly url: string;
  /** Sent before anything is asked for, where the server wants one. */
  readonly key?: string;
  /** Needed where there is no global one, as in Node 20: `import { WebSocket } from 'ws'`. */
  readonly WebSocket?: new (
    url: string,
    protocol: string,
  ) => LiveSocket;
  readonly clock?: Clock;
  /** 0..1, spreads the reconnects of many clients. */
  readonly random?: () => number;
  readonly retry_ms?: number;
  readonly retry_max_ms?: number;
  /** After so long without a message the server is asked for a sign of life, and given as long again to answer. */
  readonly silence_ms?: number;
  /** Turns a message's text into the message, later where that takes long; JSON.parse when absent. Order is kept. */
  readonly parse?: (text: string) => unknown | Promise<unknown>;
}

interface Listener {
  next(update: LiveUpdate<unknown>): void;
  error(error: Error): void;
}

interface Topic {
  readonly listeners: Set<Listener>;
  /** Number of the last update applied; null: a snapshot is needed. */
  seq: number | null;
}

interface Message {
  readonly topic: string | null;
  readonly seq: number | null;
  readonly type: 'snapshot' | 'delta' | 'gap' | 'error' | 'pong';
  readonly ts: string;
  readonly data: unknown;
}

const PROTOCOL = 'gpu-vitals.v1';

/**
 * One topic of a live server: connected while somebody is subscribed, again after a break (growing pauses with jitter), from
 * where it was. Every subscriber has a socket of its own; `share()` it, or use one client for several topics. Never completes;
 * errors with LiveRefused when the server refuses the topic, with TypeError where there is no WebSocket.
 */
export function liveTopic<Name extends LiveTopicName>(
  url: string,
  topic: Name,
  options: Omit<LiveClientOptions, 'url'> = {},
): Observable<LiveChange<Name>> {
  return new Observable((subscriber) => {
    const client = createLiveClient({ ...options, url });
    subscriber.add(client.follow(topic).subscribe(subscriber));
    return () => client.close();
  });
}

/**
 * The live protocol from the listener's side: one socket for all topics, resumed with `since` after a break, with growing
 * pauses between attempts. A gap, or a number out of turn, is healed with a snapshot; deltas until then are left out, so
 * that a listener never applies a change to a state that it does not fit. Throws TypeError where there is no WebSocket.
 */
export function createLiveClient(options: LiveClientOptions): LiveClient {
  const { clock = systemClock, random = fair, retry_ms = 500, retry_max_ms = 15_000, silence_ms = 15_000 } = options;
  const Socket = options.WebSocket ?? (globalThis as { WebSocket?: LiveClientOptions['WebSocket'] }).WebSocket;
  if (Socket === undefined) throw new TypeError('There is no global WebSocket here: pass one as `WebSocket`');
  const parsed = inTurn(options.parse ?? JSON.parse);
  const topics = new Map<string, Topic>();
  const watchers = new Set<(state: LiveState) => void>();
  let state: LiveState = { phase: 'connecting', heard_at: null, retry_at: null };
  let socket: LiveSocket | null = null;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let watchdog: ReturnType<typeof setTimeout> | undefined;
  let failures = 0;
  let closed = false;

  function tell(change: Partial<LiveState>): void {
    state = { ...state, ...change };
    for (const watcher of watchers) watcher(state);
  }

  function say(message: object): void {
    if (state.phase === 'open') socket?.send(JSON.stringify(message));
  }

  function ask(name: string, topic: Topic): void {
    say(topic.seq === null ? { op: 'subscribe', topic: name } : { op: 'subscribe', topic: name, since: topic.seq });
  }

  function listen(): void {
    clearTimeout(watchdog);
    watchdog = setTimeout(() => {
      say({ op: 'ping' });
      watchdog = setTimeout(() => drop(), silence_ms);
    }, silence_ms);
  }

  function connect(Connection: NonNullable<LiveClientOptions['WebSocket']>): void {
    clearTimeout(timer);
    tell({ phase: 'connecting', retry_at: null });
    const mine = new Connection(options.url, PROTOCOL);
    socket = mine;
    mine.addEventListener('open', () => {
      if (mine !== socket) return;
      tell({ phase: 'open' });
      listen();
      if (options.key !== undefined) say({ op: 'auth', key: options.key });
      for (const [name, topic] of topics) ask(name, topic);
    });
    mine.addEventListener('message', ({ data }) => {
      if (mine !== socket || typeof data !== 'string') return;
      failures = 0;
      const at = clock.now();
      // Told once a second at most: watchers draw a clock, not every message.
      if (state.heard_at === null || at - state.heard_at >= 1_000) tell({ heard_at: at });
      listen();
      parsed(data, (message) => {
        if (mine === socket) receive(message as Message);
      });
    });
    // A failed connection also closes; without a listener some libraries throw.
    mine.addEventListener('error', () => {});
    mine.addEventListener('close', () => {
      if (mine === socket) drop();
    });
  }

  function drop(): void {
    clearTimeout(watchdog);
    const lost = socket;
    socket = null;
    lost?.close();
    if (closed) return;
    const pause = Math.min(retry_max_ms, retry_ms * 2 ** Math.min(failures++, 16)) * (0.75 + random() / 2);
    timer = setTimeout(reconnect, pause);
    tell({ phase: 'waiting', retry_at: clock.now() + pause });
  }

  function receive({ topic: name, seq, type, ts, data }: Message): void {
    if (type === 'error') {
      const { code, detail, topic } = data as { code: string; detail: string; topic: string | null };
      const refused = topic === null ? undefined : topics.get(topic);
      if (topic === null || refused === undefined) return;
      topics.delete(topic);
      for (const listener of refused.listeners) listener.error(new LiveRefused(code, detail));
      return;
    }
    const topic = name === null ? undefined : topics.get(name);
    if (name === null || topic === undefined || seq === null || type === 'pong') return;
    if (type === 'gap') {
      topic.seq = null;
      return;
    }
    if (type === 'delta') {
      if (topic.seq === null) return;
      if (seq !== topic.seq + 1) {
        topic.seq = null;
        ask(name, topic);
        return;
      }
    }
    topic.seq = seq;
    const update: LiveUpdate<unknown> = { type, seq, ts: Date.parse(ts), data };
    for (const listener of [...topic.listeners]) listener.next(update);
  }

  const reconnect = (): void => connect(Socket);

  const client: LiveClient = {
    topic<T>(name: string, { since }: { readonly since?: number } = {}) {
      return new Observable<LiveUpdate<T>>((subscriber) => {
        const listener = subscriber as Listener;
        let topic = topics.get(name);
        if (topic === undefined) {
          topic = { listeners: new Set(), seq: since ?? null };
          topics.set(name, topic);
        } else {
          // The newcomer knows nothing yet: a snapshot for all.
          topic.seq = null;
        }
        topic.listeners.add(listener);
        ask(name, topic);
        const mine = topic;
        return () => {
          mine.listeners.delete(listener);
          if (mine.listeners.size > 0 || topics.get(name) !== mine) return;
          topics.delete(name);
          say({ op: 'unsubscribe', topic: name });
        };
      });
    },
    follow<Name extends LiveTopicName>(name: Name) {
      return new Observable<LiveChange<Name>>((subscriber) => {
        const fold = liveFold(name);
        return client.topic(name).subscribe({
          next: (update) => subscriber.next({ ...update, state: fold(update) }),
          error: (error: unknown) => subscriber.error(error),
        });
      });
    },
    state: new Observable<LiveState>((subscriber) => {
      const watcher = (next: LiveState): void => subscriber.next(next);
      watcher(state);
      watchers.add(watcher);
      return () => watchers.delete(watcher);
    }),
    current: () => state,
    wake() {
      if (closed) return;
      if (state.phase === 'waiting') reconnect();
      else say({ op: 'ping' });
    },
    close() {
      closed = true;
      clearTimeout(timer);
      drop();
    },
  };
  reconnect();
  return client;
}

const fair = (): number => (crypto.getRandomValues(new Uint32Array(1))[0] as number) / 2 ** 32;
