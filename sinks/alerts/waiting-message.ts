import type { Notification } from '../../pipeline/contract/notifications.ts';

/** A message that a channel has not taken yet. */
export interface Waiting {
  readonly notification: Notification;
  /** Of all messages that are in it. */
  readonly ids: readonly string[];
  readonly tries: number;
  /** Monotonic ms. */
  readonly not_before: number;
  readonly place: number;
}

const RANKS = { info: 0, warning: 1, critical: 2 } as const;

export const rankOf = ({ notification }: Waiting): number => RANKS[notification.severity];

/** The most severe first, then the oldest. */
export const goesBefore = (a: Waiting, b: Waiting): boolean =>
  rankOf(a) === rankOf(b) ? a.place < b.place : rankOf(a) > rankOf(b);
