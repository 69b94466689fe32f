import type { Alert } from './alerts.ts';
import type { Severity } from './events.ts';

/** One message to people or machines about alerts that belong together; what routing decides and channels deliver. */
export interface Notification {
  /** Same content, same id: a channel that can, drops a second one. */
  readonly id: string;
  /** The group that it is about, the same over its life: what a thread or an incident elsewhere is keyed by. */
  readonly group_key: string;
  /** What its alerts have in common, e.g. `{ node: 'gpu-017' }`. */
  readonly group: Readonly<Record<string, string>>;
  readonly reason: 'opened' | 'escalated' | 'closed' | 'repeated' | 'unacknowledged' | 'test';
  readonly status: 'firing' | 'resolved';
  /** The highest of its open alerts; of those that closed when none is open. */
  readonly severity: Severity;
  /** Plain words, under 120 characters. */
  readonly title: string;
  /** Open ones, worst and oldest first, then those that closed since the last message; at most ALERTS_PER_NOTIFICATION. */
  readonly alerts: readonly NotifiedAlert[];
  /** How many more there are. */
  readonly more: number;
  /** Ids of those among them that closed since the last message; at most CLOSED_MORE_MAX. Absent: none. */
  readonly closed_more?: readonly string[];
  /** Page with more; empty when no address for links is configured. */
  readonly link: string;
  /** Epoch ms. */
  readonly at: number;
  /** The figures stand on a simulated fleet. */
  readonly simulated: boolean;
}

export type NotifiedAlert = Alert & {
  readonly link: string;
  readonly acknowledged_by: string;
  /** How it stands now, in words with the instant, where the message says again what was told long ago. */
  readonly newest?: string;
};

export const ALERTS_PER_NOTIFICATION = 20;
export const CLOSED_MORE_MAX = 2_000;

/**
 * One way out. `send` resolves when the other side has taken the message for good; rejects with ChannelFailure. What a channel
 * has to know of earlier messages follows from what the desk remembers: it is handed in when a process begins to send.
 */
export interface Channel {
  readonly name: string;
  readonly kind: 'slack' | 'email' | 'pagerduty' | 'webhook' | 'alertmanager';
  send(notification: Notification, signal: AbortSignal): Promise<void>;
  /** Goes on from what the other side was told by whichever process, one message a group, with all its open alerts. */
  resume?(held: readonly Notification[]): void;
  /** Another process sends from now on: nothing more is told, and what was known is out of date. */
  rest?(): void;
  close(): Promise<void>;
}

/** What a channel was told of a group that goes on: all open alerts as they were told, whatever their number. */
export interface HeldGroup {
  readonly channel: string;
  readonly notification: Notification;
}

/** Where notifications go on their way to a channel: it owns queue, retry and giving up; the one who sends never waits. */
export interface Outbox {
  /** Queues it; an unknown channel is counted and logged there, never thrown. The same id to the same channel goes once. */
  send(channel: string, notification: Notification): void;
  /** Messages not yet taken by the other side or given up. */
  readonly waiting: number;
  /** This message is one of them: whoever sent it has to send it again should this process end now. */
  holds(channel: string, notification_id: string): boolean;
  /** This process is the one that sends, and this is what was told before. */
  resume(held: readonly HeldGroup[]): void;
  /** It no longer is: what waits is forgotten, for the next one has it too. */
  rest(): void;
}

/** Where a message that was given up is asked to be sent once more: JSON `{channel, notification}`, as its dead letter has it. */
export const OUTBOX_RETRY_SUBJECT = 'vitals.outbox.retry';

/** Answer on it: `sent` = it waits again, `outdated` = newer messages have said it all, else why it is not sent. */
export type OutboxRetryAnswer =
  | { readonly state: 'sent' | 'outdated' }
  | { readonly state: 'refused'; readonly reason: string };

/** Why a message was not taken. */
export class ChannelFailure extends Error {
  /** Whether trying again can help. */
  readonly retryable: boolean;
  /** What the other side asked for, else null. */
  readonly retry_after_ms: number | null;

  constructor(message: string, options: { retryable: boolean; retry_after_ms?: number | null; cause?: unknown }) {
    super(message, { cause: options.cause });
    this.name = 'ChannelFailure';
    this.retryable = options.retryable;
    this.retry_after_ms = options.retry_after_ms ?? null;
  }
}
