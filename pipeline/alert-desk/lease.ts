import type { KeyValue } from '../bus/key-value.ts';
import type { Clock } from '../clock.ts';
import type { DurationMs } from '../contract/time.ts';
import { seconds } from '../contract/time.ts';

export interface LeaseOptions {
  readonly kv: KeyValue;
  readonly key: string;
  /** Unique among all processes that want it. */
  readonly holder: string;
  /** Who has not renewed for this long has lost it. */
  readonly time_to_live?: DurationMs;
  readonly clock: Clock;
}

export interface Lease {
  /** Whether we have it, as far as that can be known here and now. */
  held(): boolean;
  /** Takes, renews or waits: to be called a few times within `time_to_live`. True when we have it afterwards. Never throws. */
  attend(): Promise<boolean>;
  /** Lets others have it at once. */
  release(): Promise<void>;
}

/**
 * One of several processes at a time, by compare-and-set on one key. Nobody's wall clock counts: a waiting one takes over
 * when the key has not changed for `time_to_live` of its own monotonic time, a holder stops when it could not renew for two
 * thirds of it. Whatever is written under the lease still needs compare-and-set of its own, for holders that sleep.
 */
export function keyLease(options: LeaseOptions): Lease {
  const { kv, key, holder, clock } = options;
  const timeToLive = options.time_to_live ?? seconds(6);
  let renewed_at = Number.NEGATIVE_INFINITY;
  let seen = { revision: -1, at: 0 };
  let count = 0;

  const held = (): boolean => clock.monotonic() - renewed_at < (timeToLive * 2) / 3;
  const write = (who: string, after: number): Promise<boolean> =>
    kv.replace(key, Buffer.from(JSON.stringify({ holder: who, count: ++count })), after);

  return {
    held,
    async attend() {
      const asked_at = clock.monotonic();
      try {
        const now = await kv.get(key);
        const revision = now?.revision ?? 0;
        if (revision !== seen.revision) seen = { revision, at: clock.monotonic() };
        const by = now === null ? '' : holderOf(now.value);
        const free = by === '' || by === holder || clock.monotonic() - seen.at >= timeToLive;
        if (free && (await write(holder, revision))) renewed_at = asked_at;
        else if (by !== holder) renewed_at = Number.NEGATIVE_INFINITY;
      } catch {
        // The bus is away: `held` ends by itself.
      }
      return held();
    },
    async release() {
      if (!held()) return;
      renewed_at = Number.NEGATIVE_INFINITY;
      try {
        const now = await kv.get(key);
        if (now !== null && holderOf(now.value) === holder) await write('', now.revision);
      } catch {
        // It ends by itself.
      }
    },
  };
}

function holderOf(value: Uint8Array): string {
  try {
    const { holder } = JSON.parse(Buffer.from(value).toString('utf8')) as { holder?: unknown };
    return typeof holder === 'string' ? holder : '';
  } catch {
    return '';
  }
}
