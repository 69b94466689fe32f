import type { KeyValue } from '../bus/key-value.ts';
import { readOn } from '../bus/read-on.ts';
import { VitalsError } from '../contract/errors.ts';

export interface FollowedBucket<T> {
  /** What lies there now; live. */
  readonly values: ReadonlyMap<string, T>;
  /** Of a key that has a value, else 0. */
  readonly revision: (key: string) => number;
  /** Values that were none of ours. */
  readonly refused: () => number;
  /**
   * Writes what `next` makes of the value now; again when another one was faster. It counts for `values` at once. Throws
   * what `next` throws, and VitalsError when the bus is away.
   */
  change(key: string, next: (now: T | null) => T): Promise<T>;
  /** Forgets a key. */
  remove(key: string): Promise<void>;
  stop(): Promise<void>;
}

export interface FollowBucketOptions<T> {
  readonly bucket: KeyValue;
  /** Null: none of ours; anybody on the bus may write there. */
  readonly read: (key: string, value: Uint8Array) => T | null;
  readonly onValue?: ((value: T, revision: number) => void) | undefined;
  readonly onRemoved?: (() => void) | undefined;
  readonly onFailure: (cause: unknown) => void;
}

const ATTEMPTS = 20;

/** Reads a whole bucket, then follows it. Throws VitalsError when it cannot be read. */
export async function followBucket<T>(options: FollowBucketOptions<T>): Promise<FollowedBucket<T>> {
  const { bucket, read } = options;
  const stopping = new AbortController();
  const values = new Map<string, T>();
  const revisions = new Map<string, number>();
  let refused = 0;
  let from = 1;

  function take(key: string, value: Uint8Array, revision: number): void {
    if ((revisions.get(key) ?? 0) > revision) return;
    revisions.set(key, revision);
    if (value.length === 0) {
      values.delete(key);
      options.onRemoved?.();
      return;
    }
    const one = read(key, value);
    if (one === null) {
      refused++;
      return;
    }
    values.set(key, one);
    options.onValue?.(one, revision);
  }

  for (const { key, value, revision } of await bucket.matching('>')) {
    from = revision + 1;
    take(key, value, revision);
  }
  const done = readOn({
    read: () => bucket.follow('>', stopping.signal, from),
    take({ key, value, revision }) {
      from = revision + 1;
      take(key, value, revision);
    },
    signal: stopping.signal,
    onFailure: options.onFailure,
  });

  return {
    values,
    revision: (key) => revisions.get(key) ?? 0,
    refused: () => refused,
    async change(key, next) {
      for (let attempt = 1; ; attempt++) {
        const now = await bucket.get(key);
        const made = next(now === null || now.value.length === 0 ? null : read(key, now.value));
        const value = Buffer.from(JSON.stringify(made));
        if (await bucket.replace(key, value, now?.revision ?? 0)) {
          const stored = await bucket.get(key);
          if (stored !== null) take(key, stored.value, stored.revision);
          return made;
        }
        if (attempt === ATTEMPTS) throw new VitalsError('GV-BUS-002', `${key} is written by others all the time`, key);
      }
    },
    remove: (key) => bucket.remove(key),
    async stop() {
      stopping.abort();
      await done;
    },
  };
}
