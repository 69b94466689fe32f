import { newKeyId, newSecret, type StoredKey } from '../../pipeline/keys/api-key.ts';
import type { ListedKey } from '../../pipeline/keys/key-store.ts';
import { memoryKeyBook } from '../../pipeline/keys/memory-key-book.fixture.ts';
import { NOW } from '../api.fixture.ts';
import { gateOf } from './gate.ts';

/** Keys in memory, and the gate that knows them. */
export function keyring(now: () => number = () => NOW) {
  const keys = new Map<string, StoredKey>();
  const book = memoryKeyBook(keys, now);
  return {
    book,
    gate: gateOf(book),
    /** As the store lists them. */
    list: async (): Promise<readonly ListedKey[]> =>
      [...keys.values()].map(({ hash: _hash, previous: _previous, ...key }) => ({
        ...{ ...key, last_used_at: null, previous_until: null },
      })),
    revoke(text: string): void {
      const id = text.split('_')[1] ?? '';
      const key = keys.get(id);
      if (key !== undefined) keys.set(id, { ...key, revoked_at: now() });
    },
    /** Answers the new text of a key; the one before is good for `grace_ms`. */
    rotate(text: string, grace_ms: number): string {
      const id = text.split('_')[1] ?? '';
      const { key, hash } = newSecret(id);
      const before = keys.get(id);
      if (before !== undefined) {
        keys.set(id, { ...before, hash, previous: { hash: before.hash, good_until: now() + grace_ms } });
      }
      return key;
    },
    /** Answers the text of a new key. */
    add(changes: Partial<StoredKey> = {}): string {
      const id = newKeyId();
      const { key, hash } = newSecret(id);
      keys.set(id, {
        id,
        name: 'somebody',
        role: 'viewer',
        tenant: '',
        scopes: [],
        created_at: NOW,
        expires_at: null,
        revoked_at: null,
        hash,
        previous: null,
        ...changes,
      });
      return key;
    },
  };
}
