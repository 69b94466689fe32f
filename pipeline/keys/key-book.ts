import type { KeyValueEntry } from '../bus/key-value.ts';
import { type Clock, pause, systemTimers } from '../clock.ts';
import { findKey, isShownGood, type ShownKey, type StoredKey } from './api-key.ts';
import { KEY_RECORDS, type KeyStore, readStoredKey } from './key-store.ts';

/**
 * The keys in memory, as every process that answers calls holds them: what changes in the bucket is here within a moment.
 * While the bucket cannot be reached the last word on every key stands.
 */
export interface KeyBook {
  /**
   * Whether calls need a key: from the first key on, also when all are expired or revoked, so that losing the last one does not
   * open the doors.
   */
  readonly locked: boolean;
  /** The key that this text is, if it is good now. Its use is noted. */
  find(text: string): ShownKey | null;
  /** Whether a key that was found before is still good, with the secret that was shown then: after a rotation its old one ends. */
  isGood(id: string, shown: string): boolean;
  stop(): Promise<void>;
}

const RETRY_MS = 1_000;
const NOTE_EVERY_MS = 60_000;

/** Reads all keys and follows them. Throws VitalsError GV-BUS-001 or GV-BUS-002 when they cannot be read at the start. */
export async function openKeyBook(store: KeyStore, clock: Clock): Promise<KeyBook> {
  const keys = new Map<string, StoredKey>();
  const noted = new Map<string, number>();
  const stopping = new AbortController();
  let revision = 0;
  const take = (entry: KeyValueEntry): void => {
    revision = Math.max(revision, entry.revision);
    const key = readStoredKey(entry.value);
    if (key !== null) keys.set(key.id, key);
  };
  for (const entry of await store.records.matching(KEY_RECORDS)) take(entry);
  const following = (async () => {
    while (!stopping.signal.aborted) {
      try {
        for await (const entry of store.records.follow(KEY_RECORDS, stopping.signal, revision + 1)) take(entry);
      } catch {
        // The bucket is away, and is tried again.
      }
      await pause(systemTimers, RETRY_MS, stopping.signal).catch(() => undefined);
    }
  })();

  const noteUse = (id: string, now: number): void => {
    if (now - (noted.get(id) ?? Number.NEGATIVE_INFINITY) < NOTE_EVERY_MS) return;
    noted.set(id, now);
    // A use that cannot be noted does not keep anybody out.
    store.noteUse(id, now).catch(() => noted.delete(id));
  };

  return {
    get locked() {
      return keys.size > 0;
    },
    find(text) {
      const now = clock.now();
      const key = findKey(keys, text, now);
      if (key !== null) noteUse(key.id, now);
      return key;
    },
    isGood: (id, shown) => isShownGood(keys.get(id), shown, clock.now()),
    async stop() {
      stopping.abort();
      await following;
    },
  };
}
