import { lookAtBucket } from '../bus/look-at-bucket.ts';
import type { Bus } from '../contract/bus.ts';
import { days } from '../contract/time.ts';
import { keyPrefix, type StoredKey } from '../keys/api-key.ts';
import { KEY_RECORDS, KEYS_BUCKET, readStoredKey } from '../keys/key-store.ts';
import { type Finding, finding } from './finding.ts';
import { spanText } from './in-words.ts';

export type KeyFacts = Pick<StoredKey, 'id' | 'name' | 'expires_at' | 'revoked_at'>;

const SOON_MS = days(14);
/** Longer ago than this, whoever had it has noticed. */
const OLD_MS = days(30);

/** Keys that have expired lately or soon will: whoever calls with them is refused. */
export function judgeKeys(keys: readonly KeyFacts[], now: number): Finding[] {
  const good = keys.filter(({ revoked_at }) => revoked_at === null);
  const told = good.flatMap(({ id, name, expires_at }): Finding[] => {
    if (expires_at === null || expires_at > now + SOON_MS || expires_at < now - OLD_MS) return [];
    const over = expires_at <= now;
    const span = spanText(Math.abs(expires_at - now));
    return [
      finding('keys', 'expiry', {
        state: 'warn',
        what: `${keyPrefix(id)} (${name}) ${over ? `expired ${span} ago` : `expires in ${span}`}`,
        ...(over && { code: 'GV-SEC-001' }),
        action: over
          ? `Make another one with \`gpu-vitals keys create\` where it is still used, then \`gpu-vitals keys revoke ${id}\`.`
          : 'Make another one with `gpu-vitals keys create`, and give it to whoever uses this one before that.',
        figures: { key: keyPrefix(id), expires_at: new Date(expires_at).toISOString() },
      }),
    ];
  });
  if (told.length > 0) return told;
  const what = keys.length === 0 ? 'there are none: every call is answered' : `${good.length}, none expires soon`;
  return [finding('keys', 'expiry', { what, figures: { keys: good.length } })];
}

export async function lookAtKeys(bus: Bus): Promise<readonly KeyFacts[]> {
  const entries = await lookAtBucket(bus, KEYS_BUCKET, KEY_RECORDS);
  return entries.flatMap(({ value }) => readStoredKey(value) ?? []);
}
