import type { Clock } from '../../pipeline/clock.ts';
import {
  type Channel,
  ChannelFailure,
  type Notification,
  type OutboxRetryAnswer,
} from '../../pipeline/contract/notifications.ts';
import type { DurationMs } from '../../pipeline/contract/time.ts';
import { forgetOldest, remember } from './bounded-memory.ts';
import { type BreakerOptions, type CircuitBreaker, circuitBreaker } from './circuit-breaker.ts';
import { conflateNotifications } from './conflate-notifications.ts';
import type { RunAfter } from './run-after.ts';
import { goesBefore, rankOf, type Waiting } from './waiting-message.ts';
import { withinTime } from './within-time.ts';

export interface LineOptions {
  /** Groups that may wait; of more the least severe and oldest is given up. */
  readonly waiting_max: number;
  /** How often one message is tried. */
  readonly tries_max: number;
  /** Pause after the first failure of a message; doubles, with up to half of it taken off by chance. */
  readonly backoff_min: DurationMs;
  readonly backoff_max: DurationMs;
  /** A channel that has not answered by then has failed. */
  readonly send_timeout: DurationMs;
  readonly breaker: BreakerOptions;
}

export interface LineParts extends LineOptions {
  readonly channel: Channel;
  readonly clock: Clock;
  readonly after: RunAfter;
  /** 0..1, for the pauses. */
  readonly random: () => number;
  /** It does not work any more: its breaker has opened, or a message was given up. Once until `onWorks`. */
  readonly onBroken: (detail: string) => void;
  readonly onWorks: () => void;
  /** Whether this process may still send; asked before every message. */
  readonly may_send: () => boolean;
  readonly onGivenUp: (notification: Notification, why: string) => void;
}

/** Totals since the start, and how it stands. */
export interface LineCounts {
  readonly sent: number;
  /** Tries that failed. */
  readonly failed: number;
  readonly given_up: number;
  /** Messages that went as part of a newer one. */
  readonly merged: number;
  readonly duplicates: number;
  readonly waiting: number;
  readonly breaker: CircuitBreaker['state'];
  /** Epoch ms; null while it works. */
  readonly broken_since: number | null;
  /** What was wrong at the last failure; empty when the last try went well. */
  readonly problem: string;
}

/** What goes out over one channel, one message at a time. */
export interface ChannelLine {
  /** False when this id came before. */
  add(notification: Notification): boolean;
  /** Sends again what was given up, without what newer messages of its group have outdated. */
  again(notification: Notification): OutboxRetryAnswer;
  counts(): LineCounts;
  /** A message with this id waits or is on its way, alone or within a newer one. */
  holds(id: string): boolean;
  /** Another process sends: forgets what waits, as if it had never come. `resume` ends that. */
  rest(): void;
  resume(held: readonly Notification[]): void;
  /** Waits for what is on its way, at most this long; the rest is still held, and lost with the process. */
  close(within: DurationMs): Promise<void>;
}

const ASK_AGAIN_MS = 1_000;
/** Messages that are known to be in one that waits. */
const IDS_MAX = 200;

/**
 * Sends one message after the other: the most severe first, then the oldest; within a group always in order, because a newer one
 * takes the older one in. State: at most `waiting_max` messages of at most 20 alerts, and two bounded memories.
 */
export function channelLine(parts: LineParts): ChannelLine {
  const { channel, clock } = parts;
  const breaker = circuitBreaker(parts.breaker);
  const waiting = new Map<string, Waiting>();
  const seen = new Set<string>();
  /** `at` of the newest message of a group that went out. */
  const told_at = new Map<string, number>();
  const counts = { sent: 0, failed: 0, given_up: 0, merged: 0, duplicates: 0 };
  let sending: { readonly entry: Waiting; readonly abort: AbortController; readonly done: Promise<void> } | null = null;
  let broken_since: number | null = null;
  let problem = '';
  let paused_until = Number.NEGATIVE_INFINITY;
  let places = 0;
  let cancel: (() => void) | null = null;
  let closed = false;
  let resting = false;

  function giveUp({ notification }: Waiting, why: string): void {
    counts.given_up++;
    parts.onGivenUp(notification, why);
  }

  function breakDown(detail: string): void {
    if (broken_since !== null) return;
    broken_since = clock.now();
    parts.onBroken(detail);
  }

  function queue(notification: Notification): void {
    const older = waiting.get(notification.group_key);
    if (older !== undefined) counts.merged++;
    waiting.set(notification.group_key, {
      notification: older === undefined ? notification : conflateNotifications(older.notification, notification),
      ids: [...(older?.ids ?? []), notification.id].slice(-IDS_MAX),
      tries: 0,
      not_before: older?.not_before ?? Number.NEGATIVE_INFINITY,
      place: older?.place ?? places++,
    });
    shed();
    // What is handed over together goes as one message, if it is about one group.
    queueMicrotask(pump);
  }

  function shed(): void {
    if (waiting.size <= parts.waiting_max) return;
    const [last] = [...waiting.values()].sort((a, b) => rankOf(a) - rankOf(b) || a.place - b.place);
    if (last === undefined) return;
    waiting.delete(last.notification.group_key);
    giveUp(last, `more than ${parts.waiting_max} messages wait`);
  }

  function next(now: number): { readonly entry: Waiting | null; readonly at: number } {
    const gate = Math.max(paused_until, breaker.closed_until);
    let entry: Waiting | null = null;
    let at = Number.POSITIVE_INFINITY;
    for (const one of waiting.values()) {
      const ready_at = Math.max(gate, one.not_before);
      at = Math.min(at, ready_at);
      if (ready_at <= now && (entry === null || goesBefore(one, entry))) entry = one;
    }
    return { entry, at };
  }

  function pump(): void {
    cancel?.();
    cancel = null;
    if (sending !== null || closed || resting) return;
    if (!parts.may_send()) {
      if (waiting.size > 0) cancel = parts.after(ASK_AGAIN_MS, pump);
      return;
    }
    const now = clock.monotonic();
    const { entry, at } = next(now);
    if (entry === null) {
      if (at !== Number.POSITIVE_INFINITY) cancel = parts.after(at - now, pump);
      return;
    }
    waiting.delete(entry.notification.group_key);
    const abort = new AbortController();
    breaker.trying();
    const done = attempt(entry, abort).finally(() => {
      sending = null;
      pump();
    });
    sending = { entry, abort, done };
  }

  async function attempt(entry: Waiting, abort: AbortController): Promise<void> {
    const { notification } = entry;
    try {
      await withinTime(channel.send(notification, abort.signal), abort, parts);
    } catch (error) {
      afterFailure({ ...entry, tries: entry.tries + 1 }, error);
      return;
    }
    counts.sent++;
    problem = '';
    remember(told_at, notification.group_key, Math.max(notification.at, told_at.get(notification.group_key) ?? 0));
    breaker.succeeded();
    if (broken_since === null) return;
    broken_since = null;
    parts.onWorks();
  }

  function afterFailure(entry: Waiting, error: unknown): void {
    const now = clock.monotonic();
    const { group_key } = entry.notification;
    // An error of another kind is one of ours: it would come again at every try.
    const failure =
      error instanceof ChannelFailure ? error : new ChannelFailure(`failed: ${String(error)}`, { retryable: false });
    counts.failed++;
    problem = failure.message;
    breaker.failed(now);
    if (failure.retry_after_ms !== null) paused_until = now + failure.retry_after_ms;
    if (resting) {
      for (const id of entry.ids) seen.delete(id);
      return;
    }
    if (closed) {
      waiting.set(group_key, entry);
      return;
    }
    if (!failure.retryable || entry.tries >= parts.tries_max) {
      giveUp(entry, `${failure.message} (try ${entry.tries})`);
      breakDown(failure.message);
      return;
    }
    const pause = Math.min(parts.backoff_max, parts.backoff_min * 2 ** (entry.tries - 1));
    const newer = waiting.get(group_key);
    if (newer !== undefined) counts.merged++;
    waiting.set(group_key, {
      notification:
        newer === undefined ? entry.notification : conflateNotifications(entry.notification, newer.notification),
      ids: [...entry.ids, ...(newer?.ids ?? [])].slice(-IDS_MAX),
      tries: newer === undefined ? entry.tries : 0,
      not_before: now + pause * (1 - parts.random() / 2),
      place: entry.place,
    });
    shed();
    if (breaker.state === 'open') breakDown(failure.message);
  }

  return {
    add(notification) {
      if (seen.has(notification.id)) {
        counts.duplicates++;
        return false;
      }
      seen.add(notification.id);
      forgetOldest(seen);
      if (closed) return false;
      queue(notification);
      return true;
    },
    again(notification) {
      const outdated =
        (told_at.get(notification.group_key) ?? Number.NEGATIVE_INFINITY) > notification.at ||
        (waiting.get(notification.group_key)?.notification.at ?? Number.NEGATIVE_INFINITY) > notification.at;
      const alerts = outdated ? notification.alerts.filter(({ state }) => state === 'closed') : notification.alerts;
      if (closed) return { state: 'refused', reason: 'the program stops' };
      if (outdated && alerts.length === 0) return { state: 'outdated' };
      const newer = waiting.get(notification.group_key);
      if (newer === undefined || newer.notification.at <= notification.at) {
        queue({
          ...notification,
          alerts,
          ...(outdated && ({ status: 'resolved', reason: 'closed', more: 0 } as const)),
        });
      } else {
        waiting.set(notification.group_key, {
          ...newer,
          notification: conflateNotifications({ ...notification, alerts }, newer.notification),
          ids: [...newer.ids, notification.id].slice(-IDS_MAX),
        });
      }
      return { state: 'sent' };
    },
    counts: () => ({
      ...counts,
      waiting: waiting.size + (sending === null ? 0 : 1),
      breaker: breaker.state,
      broken_since,
      problem,
    }),
    holds: (id) =>
      sending?.entry.ids.includes(id) === true || [...waiting.values()].some(({ ids }) => ids.includes(id)),
    rest() {
      resting = true;
      for (const { ids } of waiting.values()) for (const id of ids) seen.delete(id);
      waiting.clear();
      channel.rest?.();
    },
    resume(held) {
      resting = false;
      channel.resume?.(held);
      pump();
    },
    async close(within) {
      closed = true;
      cancel?.();
      if (sending !== null) {
        const { abort, done } = sending;
        const stop = parts.after(within, () =>
          abort.abort(new ChannelFailure('the program stopped before it was taken', { retryable: true })),
        );
        await done;
        stop();
      }
      await channel.close();
    },
  };
}
