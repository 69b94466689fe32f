/** A WebSocket connection as the live server sees it. */
export interface LiveSocket {
  /** Sends a text. Nothing is dropped here: whoever sends looks at `buffered()` first. Does nothing once closed. */
  send(text: string): void;
  /** Bytes accepted but not yet taken by the network. */
  buffered(): number;
  /** From now on, or no longer, gets what is published under a name. */
  join(topic: string): void;
  leave(topic: string): void;
  close(code: number, reason: string): void;
}

export interface SocketHandlers<S> {
  /** Makes what is remembered per connection. */
  open(socket: LiveSocket, handshake: Handshake): S;
  /** A text message; null for a binary one. */
  message(session: S, text: string | null): void;
  /** Some of what was buffered has gone out. */
  drain(session: S): void;
  closed(session: S): void;
}

/** What a client sent with its handshake. */
export interface Handshake {
  readonly origin: string | null;
  readonly host: string;
  /** The other end of the connection. */
  readonly address: string;
  /** X-Forwarded-For, all its lines as one; null when there is none. */
  readonly forwarded_for: string | null;
}

/** PEM files of a server's certificate (with its chain) and private key. */
export interface TlsFiles {
  readonly cert_file: string;
  readonly key_file: string;
}

export interface SocketServerOptions {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  readonly path: string;
  readonly protocol: string;
  readonly payload_bytes_max: number;
  /** A connection that is silent for so long, pings unanswered, is closed. */
  readonly idle_timeout_s: number;
  readonly sockets_max: number;
  /** Null: plain sockets. */
  readonly tls?: TlsFiles | null;
  allow(handshake: Handshake): boolean;
  /** Whether one more may come from where this one does; always when absent. */
  hasRoom?(handshake: Handshake): boolean;
  /** Told of handshakes that were refused, with the status of the answer; nobody when absent. */
  onRefused?(status: number, handshake: Handshake): void;
}

export interface SocketServer {
  readonly kind: 'uws' | 'ws';
  readonly port: number;
  /** Sends a text to everyone who joined the topic, framed once for all of them. */
  publish(topic: string, text: string): void;
  close(): Promise<void>;
}

/** Starts listening. Throws VitalsError GV-SVC-006 when the address cannot be had. */
export type StartSocketServer = <S>(options: SocketServerOptions, handlers: SocketHandlers<S>) => Promise<SocketServer>;

/** Bytes that one connection may ever have waiting before it is cut: more than any snapshot of a large fleet. */
export const BUFFERED_BYTES_MAX = 268_435_456;

/** What to answer a handshake: null = accept; a protocol is only named to clients that offered some. */
export function judgeHandshake(options: SocketServerOptions, asked: AskedHandshake): Refusal | null {
  const refusal = refusalOf(options, asked);
  if (refusal !== null) options.onRefused?.(refusal.status, asked.handshake);
  return refusal;
}

interface AskedHandshake {
  readonly path: string;
  readonly protocols: string | null;
  readonly handshake: Handshake;
  readonly sockets: number;
}
interface Refusal {
  readonly status: number;
  readonly reason: string;
}

function refusalOf(options: SocketServerOptions, asked: AskedHandshake): Refusal | null {
  if (asked.path !== options.path) return { status: 404, reason: 'Not Found' };
  if (asked.protocols !== null && !offered(asked.protocols).includes(options.protocol)) {
    return { status: 400, reason: 'Bad Request' };
  }
  if (!options.allow(asked.handshake)) return { status: 403, reason: 'Forbidden' };
  if (asked.sockets >= options.sockets_max) return { status: 503, reason: 'Service Unavailable' };
  if (options.hasRoom?.(asked.handshake) === false) return { status: 429, reason: 'Too Many Requests' };
  return null;
}

const offered = (protocols: string): string[] => protocols.split(',').map((name) => name.trim());
