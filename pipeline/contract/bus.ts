import type { RawMessage } from './message.ts';

/** NATS as the rest of the project sees it; pipeline/bus is the only folder that knows the client library. */
export interface BusMessage {
  readonly subject: string;
  readonly data: Uint8Array;
  readonly headers: Readonly<Record<string, string>>;
  readonly reply: string;
}

export interface BusSubscription {
  unsubscribe(): void;
}

export interface OutgoingMessage {
  readonly subject: string;
  readonly data: Uint8Array;
  /** `Content-Type`, `Nats-Msg-Id`, `Event-Time` and the like. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** Stores messages in a stream: raw publish with one ack inbox and a bounded window of unacknowledged messages. */
export interface StreamPublisher {
  /** Resolves when the server has stored the message; rejects with VitalsError when it refuses, or on close. Retries lost acks. */
  publish(message: OutgoingMessage): Promise<{ readonly position: number; readonly duplicate: boolean }>;
  /** Null while the window has room, else resolves when it has. */
  pressure(): Promise<void> | null;
  close(): Promise<void>;
}

export interface ReadOptions {
  readonly stream: string;
  /** First stream sequence to deliver, from 1. */
  readonly from: number;
  /** Only these subjects (wildcards allowed); all when empty. */
  readonly subjects?: readonly string[];
  /** Most messages in one array. */
  readonly batch_max?: number;
  /** Positions, subjects and times, without the messages' data. */
  readonly headers_only?: boolean;
  /** A server that says nothing for so long is asked anew, ms. 15 s when absent. */
  readonly silence_max_ms?: number;
  /** Looks for traces in the headers, which costs about a microsecond a message. False when absent. */
  readonly traces?: boolean;
}

export interface StreamState {
  readonly messages: number;
  readonly bytes: number;
  readonly first_position: number;
  readonly last_position: number;
  /** When the stream was made, as the server spells it: another text is another stream, whose positions begin again. */
  readonly created?: string;
}

/** What was seen of a stream: how it was made, where that is known, and a position that it has had. */
export interface SeenEnd {
  readonly created: string;
  readonly last_position: number;
}

export interface Bus {
  /** Core NATS: fire and forget. Dropped while disconnected. */
  publish(message: OutgoingMessage & { readonly reply?: string }): void;
  subscribe(subject: string, handler: (message: BusMessage) => void): BusSubscription;
  request(message: OutgoingMessage, timeoutMs: number): Promise<BusMessage>;
  /**
   * `atomic`: in batches where the server can, for one stream that takes them. `waits_for_store`: a store that fails is no
   * refusal but an outage, for a stream that lets go of what is old.
   */
  publisher(options?: {
    readonly window?: number;
    readonly atomic?: boolean;
    readonly waits_for_store?: boolean;
  }): StreamPublisher;
  /**
   * Reads a stream in order, without acks, from a position of ours: yields all that has arrived, at most `batch_max`
   * messages at a time. Nothing more is pulled than a bounded read-ahead while the consumer of the iterable is busy.
   * Survives reconnects and consumer loss by starting again behind the last message yielded. Ends when `signal` aborts.
   */
  read(options: ReadOptions, signal: AbortSignal): AsyncIterable<readonly RawMessage[]>;
  /** `seen`: a server that was cut off and tells of an older end is not believed, where the stream has several copies. */
  streamState(stream: string, seen?: SeenEnd): Promise<StreamState>;
  readonly connected: boolean;
  /** How often the connection was lost, however shortly: each time something may have been told that was not heard. */
  readonly losses: number;
  readonly server_version: string;
  flush(): Promise<void>;
  close(): Promise<void>;
}
