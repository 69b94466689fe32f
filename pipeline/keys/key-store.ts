import { type KeyValue, openKeyValue } from '../bus/key-value.ts';
import type { Clock } from '../clock.ts';
import type { Bus } from '../contract/bus.ts';
import { VitalsError } from '../contract/errors.ts';
import type { DurationMs } from '../contract/time.ts';
import type { AccessRole } from './access-role.ts';
import type { AccessScope } from './access-scope.ts';
import { keyIdSchema, newKeyId, newSecret, type StoredKey, storedKeySchema } from './api-key.ts';

export const KEYS_BUCKET = 'VITALS_KEYS';
export const KEY_RECORDS = 'key.*';
const USES = 'used.*';
const USE_EVERY_MS = 60_000;
const ATTEMPTS = 5;

/** A key as it is shown: its secret is nowhere. Instants are epoch ms; `last_used_at` is told once a minute at most. */
export interface ListedKey extends Omit<StoredKey, 'hash' | 'previous'> {
  readonly last_used_at: number | null;
  /** Until when the key before the last rotation is good; null when there is none. */
  readonly previous_until: number | null;
}

export interface NewKey {
  readonly name: string;
  readonly role: AccessRole;
  readonly tenant: string;
  /** As for `StoredKey`. */
  readonly scopes?: readonly AccessScope[];
  readonly expires_after: DurationMs | null;
}

/** API keys in a bucket of NATS. All calls throw VitalsError GV-BUS-001 or GV-BUS-002 when it cannot be read or written. */
export interface KeyStore {
  readonly records: KeyValue;
  create(wanted: NewKey): Promise<{ readonly id: string; readonly key: string }>;
  /** In the order of their making. */
  list(): Promise<readonly ListedKey[]>;
  /** From now on nobody gets in with it. Throws GV-SEC-005 when there is no such key. */
  revoke(id: string): Promise<ListedKey>;
  /** A new secret under the same id; the one before stays good for `grace`. Throws GV-SEC-005 as above, or when it is revoked. */
  rotate(id: string, grace: DurationMs): Promise<{ readonly id: string; readonly key: string }>;
  /** Notes that a key was used, unless that was noted a moment ago. */
  noteUse(id: string, at: number): Promise<void>;
}

export async function openKeyStore(bus: Bus, clock: Clock): Promise<KeyStore> {
  const records = await openKeyValue(bus, KEYS_BUCKET, 'API keys: hashes, roles, when they were last used');

  /** Read, change, write, again when another writer was faster. */
  async function change(id: string, changed: (key: StoredKey) => StoredKey): Promise<StoredKey> {
    for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
      const entry = keyIdSchema.safeParse(id).success ? await records.get(`key.${id}`) : null;
      const key = entry === null ? null : readStoredKey(entry.value);
      if (entry === null || key === null) throw new VitalsError('GV-SEC-005', 'There is no such key', id.slice(0, 80));
      const next = changed(key);
      if (await records.replace(`key.${id}`, encoded(next), entry.revision)) return next;
    }
    throw new VitalsError('GV-BUS-002', 'the key is being changed by others all the time', id);
  }

  const listed = (key: StoredKey, uses: ReadonlyMap<string, number>): ListedKey => {
    const { hash: _hash, previous, ...shown } = key;
    return {
      ...shown,
      last_used_at: uses.get(key.id) ?? null,
      previous_until: previous !== null && previous.good_until > clock.now() ? previous.good_until : null,
    };
  };

  return {
    records,
    async create({ name, role, tenant, scopes = [], expires_after }) {
      const id = newKeyId();
      const { key, hash } = newSecret(id);
      const created_at = clock.now();
      const record: StoredKey = {
        id,
        name,
        role,
        tenant,
        scopes: [...scopes],
        created_at,
        expires_at: expires_after === null ? null : created_at + expires_after,
        revoked_at: null,
        hash,
        previous: null,
      };
      if (!(await records.replace(`key.${id}`, encoded(record), 0))) {
        throw new VitalsError('GV-BUS-002', 'the id of the new key is taken', id, { action: 'Try again.' });
      }
      return { id, key };
    },
    async list() {
      const uses = new Map<string, number>();
      for (const { key, value } of await records.matching(USES)) {
        const at = Number(Buffer.from(value).toString());
        if (at > 0) uses.set(key.slice('used.'.length), at);
      }
      const keys = (await records.matching(KEY_RECORDS)).flatMap(({ value }) => readStoredKey(value) ?? []);
      return keys.sort((a, b) => a.created_at - b.created_at).map((key) => listed(key, uses));
    },
    async revoke(id) {
      const now = clock.now();
      return listed(await change(id, (key) => ({ ...key, revoked_at: key.revoked_at ?? now })), new Map());
    },
    async rotate(id, grace) {
      const { key: text, hash } = newSecret(id);
      await change(id, (key) => {
        if (key.revoked_at !== null) throw new VitalsError('GV-SEC-005', 'The key is revoked', id);
        return { ...key, hash, previous: { hash: key.hash, good_until: clock.now() + grace } };
      });
      return { id, key: text };
    },
    async noteUse(id, at) {
      const entry = await records.get(`used.${id}`);
      const before = entry === null ? 0 : Number(Buffer.from(entry.value).toString());
      if (at - before < USE_EVERY_MS) return;
      // Somebody who was faster has noted the same.
      await records.replace(`used.${id}`, Buffer.from(String(at)), entry?.revision ?? 0);
    },
  };
}

/** Null for what is no record of ours. */
export function readStoredKey(value: Uint8Array): StoredKey | null {
  try {
    return storedKeySchema.safeParse(JSON.parse(Buffer.from(value).toString())).data ?? null;
  } catch {
    return null;
  }
}

const encoded = (key: StoredKey): Uint8Array => Buffer.from(JSON.stringify(key));
