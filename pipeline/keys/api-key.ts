import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { z } from 'zod';
import { ACCESS_ROLES } from './access-role.ts';
import { ACCESS_SCOPES } from './access-scope.ts';

/**
 * A key is `gvk_<id>_<secret>`: the id is told everywhere, the secret of 256 random bits once. Only its SHA-256 is stored. A slow
 * hash protects secrets that people choose, because those can be guessed; 256 random bits cannot, so a slow one would add
 * nothing but its cost to every call.
 */
const KEY = /^gvk_([0-9a-f]{12})_([A-Za-z0-9_-]{43})$/;
const ID_BYTES = 6;
const SECRET_BYTES = 32;

const hashSchema = z.string().regex(/^[0-9a-f]{64}$/);
export const keyIdSchema = z.string().regex(/^[0-9a-f]{12}$/);

/** A key as it lies in the bucket. Instants are epoch ms. */
export const storedKeySchema = z.object({
  id: keyIdSchema,
  name: z.string().min(1),
  role: z.enum(ACCESS_ROLES),
  /** Sees only the GPUs of this tenant; empty: all. */
  tenant: z.string(),
  /** What the role is narrowed to; none: all that it may. Keys of before have none. */
  scopes: z.array(z.enum(ACCESS_SCOPES)).default([]),
  created_at: z.number(),
  expires_at: z.number().nullable(),
  revoked_at: z.number().nullable(),
  hash: hashSchema,
  /** The secret before the last rotation, good for a while. */
  previous: z.object({ hash: hashSchema, good_until: z.number() }).nullable(),
});
export type StoredKey = z.infer<typeof storedKeySchema>;

/** What is shown of every key. */
export const keyPrefix = (id: string): string => `gvk_${id}`;

export const newKeyId = (): string => randomBytes(ID_BYTES).toString('hex');

export function newSecret(id: string): { readonly key: string; readonly hash: string } {
  const secret = randomBytes(SECRET_BYTES).toString('base64url');
  return { key: `${keyPrefix(id)}_${secret}`, hash: hashOf(secret).toString('hex') };
}

function readKey(text: string): { readonly id: string; readonly secret: string } | null {
  const [, id, secret] = KEY.exec(text) ?? [];
  return id === undefined || secret === undefined ? null : { id, secret };
}

export const isKeyGood = (key: Pick<StoredKey, 'revoked_at' | 'expires_at'>, now: number): boolean =>
  key.revoked_at === null && (key.expires_at === null || now < key.expires_at);

/** Whether a secret of this hash is the key's, in a time that does not tell how much of it is right. */
function hashFits(stored: StoredKey, hash: Buffer, now: number): boolean {
  const current = timingSafeEqual(hash, Buffer.from(stored.hash, 'hex'));
  const { previous } = stored;
  const before = timingSafeEqual(hash, Buffer.from(previous?.hash ?? stored.hash, 'hex'));
  return current || (before && previous !== null && now < previous.good_until);
}

/** A key, and the hash of that one of its secrets which was shown. */
export interface ShownKey extends StoredKey {
  readonly shown: string;
}

/** The key of these that the text is, if it is good now. */
export function findKey(keys: ReadonlyMap<string, StoredKey>, text: string, now: number): ShownKey | null {
  const read = readKey(text);
  const key = read === null ? undefined : keys.get(read.id);
  if (read === null || key === undefined) return null;
  const hash = hashOf(read.secret);
  return hashFits(key, hash, now) && isKeyGood(key, now) ? { ...key, shown: hash.toString('hex') } : null;
}

/** Whether a key that was found before is good still, with the secret that was shown then. */
export function isShownGood(key: StoredKey | undefined, shown: string, now: number): boolean {
  if (key === undefined || !isKeyGood(key, now)) return false;
  const { hash, previous } = key;
  return shown === hash || (previous !== null && shown === previous.hash && now < previous.good_until);
}

const hashOf = (secret: string): Buffer => createHash('sha256').update(secret).digest();
