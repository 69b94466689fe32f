import { findKey, isKeyGood, type StoredKey } from './api-key.ts';
import type { KeyBook } from './key-book.ts';

/** A key book over a map that the test changes. */
export const memoryKeyBook = (keys: ReadonlyMap<string, StoredKey>, now: () => number): KeyBook => ({
  get locked() {
    return keys.size > 0;
  },
  find: (text) => findKey(keys, text, now()),
  isGood(id) {
    const key = keys.get(id);
    return key !== undefined && isKeyGood(key, now());
  },
  stop: async () => undefined,
});
