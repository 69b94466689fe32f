/** Typed edges of the topology: a port remembers what flows through it, so that a wrong edge does not compile. */
declare const flows: unique symbol;

export interface Port<T> {
  readonly step: string;
  readonly name: string;
  readonly [flows]?: (item: T) => T;
}

export type Ports<P> = { readonly [K in keyof P]: Port<P[K]> };

/** Where items end: copies what it keeps, tells when it is full, and when everything so far is safe. */
export interface Sink<T> {
  /** Keeps every item by itself, once, however often it is told; without it, later items replace earlier ones. */
  readonly appends?: boolean;
  /** Takes an item during the synchronous call. Never throws for bad data or a lost connection. */
  write(item: T): void;
  /** Resolves when everything written before this call is durable at the destination. */
  flush(): Promise<void>;
  /** Null while there is room; else resolves when there is room again. The source waits for it before it reads on. */
  pressure(): Promise<void> | null;
  /** Flushes, then lets go of connections. */
  close(): Promise<void>;
}
