import { JetStreamApiCodes, JetStreamApiError } from '@nats-io/jetstream';
import { type KV, Kvm } from '@nats-io/kv';
import type { Bus } from '../contract/bus.ts';
import { moreCopies } from './more-copies.ts';
import { oncePossible } from './once-possible.ts';
import { storedMessages } from './stored-messages.ts';
import { connectionOf, isMissing, replicasOf, streamError } from './stream-manager.ts';

export interface KeyValueEntry {
  readonly key: string;
  readonly value: Uint8Array;
  /** Rises with every write to the bucket. */
  readonly revision: number;
}

/** Small values under keys in a JetStream key-value bucket, changed by compare-and-set only. */
export interface KeyValue {
  get(key: string): Promise<KeyValueEntry | null>;
  /** All keys that match (`*` one token, a closing `>` one or more), oldest write first. */
  matching(pattern: string): Promise<readonly KeyValueEntry[]>;
  /**
   * Writes when the key's last revision is still `after` (0: there is no such key). False, and nothing is written, when
   * another writer was faster.
   */
  replace(key: string, value: Uint8Array, after: number): Promise<boolean>;
  /** As `replace`; the key's new revision, or null when another writer was faster. */
  exchange(key: string, value: Uint8Array, after: number): Promise<number | null>;
  /** Forgets a key, whatever it holds; `matching` and `follow` then give an empty value for it. */
  remove(key: string): Promise<void>;
  /**
   * The values now of all keys that match (as for `matching`; a key matches itself), and every later one, across reconnects,
   * until the signal aborts; those with a revision below `from` are left out.
   */
  follow(pattern: string, signal: AbortSignal, from?: number): AsyncGenerator<KeyValueEntry>;
}

/** Opens a bucket, which is made when it is not there. Throws VitalsError GV-BUS-001 or GV-BUS-002, as all its calls do. */
export async function openKeyValue(bus: Bus, bucket: string, description: string): Promise<KeyValue> {
  const where = `key-value bucket ${bucket}`;
  const prefix = `$KV.${bucket}.`;
  const stream = `KV_${bucket}`;
  // Not from the nearest replica: a writer has to see what it has written.
  const options = { description, allow_direct: false, replicas: replicasOf(bus) };
  const open = async (): Promise<KV> => {
    const opened = await new Kvm(connectionOf(bus)).create(bucket, options);
    await moreCopies(bus, stream);
    return opened;
  };
  const kv = await oncePossible(open, { missing: true }).catch((cause: unknown) => {
    throw streamError(cause, 'the key-value bucket cannot be set up', where);
  });

  const get = async (key: string): Promise<KeyValueEntry | null> => {
    try {
      const entry = await oncePossible(() => kv.get(key), { unanswered: false });
      return entry === null ? null : { key, value: entry.value, revision: entry.revision };
    } catch (cause) {
      if (isMissing(cause)) return null;
      throw streamError(cause, `${key} cannot be read`, where);
    }
  };

  const exchange = async (key: string, value: Uint8Array, after: number): Promise<number | null> => {
    try {
      return await kv.put(key, value, { previousSeq: after });
    } catch (cause) {
      if (isConflict(cause)) return null;
      if (cause instanceof JetStreamApiError) throw streamError(cause, `${key} cannot be written`, where);
      // No answer: it may be written all the same.
      const now = await get(key);
      if (now !== null && now.revision > after && Buffer.compare(now.value, value) === 0) return now.revision;
      throw streamError(cause, `${key} cannot be written`, where);
    }
  };

  return {
    get,
    exchange,
    async matching(pattern) {
      const found: KeyValueEntry[] = [];
      for await (const { subject, data, position } of storedMessages(bus, stream, {
        subject: prefix + pattern,
        from: 1,
      })) {
        found.push({ key: subject.slice(prefix.length), value: data, revision: position });
      }
      return found;
    },
    replace: async (key, value, after) => (await exchange(key, value, after)) !== null,
    async remove(key) {
      try {
        await kv.purge(key);
      } catch (cause) {
        throw streamError(cause, `${key} cannot be removed`, where);
      }
    },
    async *follow(pattern, signal, from = 1) {
      for await (const batch of bus.read({ stream, from, subjects: [prefix + pattern] }, signal)) {
        for (const { subject, data, position } of batch) {
          yield { key: subject.slice(prefix.length), value: data, revision: position };
        }
      }
    },
  };
}

const isConflict = (cause: unknown): boolean =>
  cause instanceof JetStreamApiError &&
  (cause.code === JetStreamApiCodes.StreamWrongLastSequence ||
    cause.code === JetStreamApiCodes.StreamWrongLastSequenceUnknown);
