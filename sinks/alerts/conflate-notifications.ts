import { ALERTS_PER_NOTIFICATION, CLOSED_MORE_MAX, type Notification } from '../../pipeline/contract/notifications.ts';

/** The reason that a reader has to hear first of those that were not told. */
const WEIGHTS = { closed: 0, repeated: 1, unacknowledged: 2, test: 3, escalated: 4, opened: 5 } as const;

/**
 * One message instead of two of the same group of which the older was never told: the newer one, plus what only the older one
 * knew (alerts that had closed by then, and open ones where the newer had no room). What does not fit is counted in `more`.
 */
export function conflateNotifications(older: Notification, newer: Notification): Notification {
  const known = new Set(newer.alerts.map(({ id }) => id));
  const kept = older.alerts.filter(
    ({ id, state }) => !known.has(id) && (state === 'closed' || (newer.more > 0 && newer.status === 'firing')),
  );
  const open = [...newer.alerts, ...kept].filter(({ state }) => state === 'open');
  const closed = [...newer.alerts, ...kept].filter(({ state }) => state === 'closed');
  const alerts = [...open, ...closed].slice(0, ALERTS_PER_NOTIFICATION);
  const unlisted = closed.slice(Math.max(0, ALERTS_PER_NOTIFICATION - open.length)).map(({ id }) => id);
  const { closed_more: newer_more = [], ...rest } = newer;
  const older_more = (older.closed_more ?? []).filter((id) => !known.has(id) && !newer_more.includes(id));
  const closed_more = [...new Set([...newer_more, ...older_more, ...unlisted])].slice(0, CLOSED_MORE_MAX);
  const listed_more = kept.filter(({ state }) => state === 'open').length;
  const cut = open.length + closed.length - alerts.length;
  const reason =
    newer.status === 'firing' && WEIGHTS[older.reason] > WEIGHTS[newer.reason] ? older.reason : newer.reason;
  const more = Math.max(0, newer.more - listed_more) + cut + older_more.length;
  return { ...rest, reason, alerts, more, ...(closed_more.length > 0 && { closed_more }) };
}
