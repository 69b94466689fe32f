import type { KeyBook } from '../../pipeline/keys/key-book.ts';
import { ANYBODY, type Caller } from './caller.ts';

/** Who may come in: keys of ours. */
export interface Gate {
  /** Whether calls need a key at all. */
  readonly locked: boolean;
  /** Who shows this; null when it is not good. */
  know(bearer: string): Promise<Caller | null>;
  /** Whether somebody known before is still welcome. */
  isWelcome(caller: Caller): boolean;
}

export const gateOf = (book: Pick<KeyBook, 'locked' | 'find' | 'isGood'>): Gate => ({
  get locked() {
    return book.locked;
  },
  async know(bearer) {
    const key = book.find(bearer);
    return key === null ? null : { kind: 'key', id: key.id, name: key.name, role: key.role, tenant: key.tenant };
  },
  isWelcome: ({ kind, id }) => (kind === 'open' ? !book.locked : book.isGood(id)),
});

/** For a server that nobody gave keys to: tests, and tools over canned data. */
export const OPEN_GATE: Gate = {
  locked: false,
  know: async () => ANYBODY,
  isWelcome: () => true,
};
