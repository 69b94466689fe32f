import { findKey, isShownGood, type StoredKey } from './api-key.ts';
import type { KeyBook } from './key-book.ts';

/** A key book over a map that the test changes. */
export const memoryKeyBook = (keys: ReadonlyMap<string, StoredKey>, now: () => number): KeyBook => ({
  get locked() {
    return keys.size > 0;
  },
  find: (text) => findKey(keys, text, now()),
  isGood: (id, shown) => isShownGood(keys.get(id), shown, now()),
  stop: async () => undefined,
});
