import type { Alert, AlertHandling } from '../contract/alerts.ts';
import { causeId } from '../contract/ids.ts';
import {
  ALERTS_PER_NOTIFICATION,
  CLOSED_MORE_MAX,
  type Notification,
  type NotifiedAlert,
} from '../contract/notifications.ts';
import { severityRank } from './severity-rank.ts';

const TITLE_CHARACTERS_MAX = 119;

export interface NotificationParts {
  readonly key: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly reason: Notification['reason'];
  readonly status: Notification['status'];
  readonly open: readonly Alert[];
  readonly closed: readonly Alert[];
  readonly at: number;
  readonly handling: (alert: Alert) => AlertHandling;
  /** Address of the console without a slash at its end; empty: none. */
  readonly console: string;
  readonly simulated: boolean;
  /** How open alerts stand now, in words, by id. */
  readonly newest?: ReadonlyMap<string, string> | undefined;
  /** How many alerts it may list. */
  readonly alerts_max?: number;
}

/** A message about a group. The same changes at the same instant have the same id, whatever the channel. */
export function composeNotification(parts: NotificationParts): Notification {
  const { key, labels, reason, status, at } = parts;
  const open = [...parts.open].sort(worstAndOldest);
  const closed = [...parts.closed].sort(worstAndOldest);
  const all = [...open, ...closed];
  const listed = parts.alerts_max ?? ALERTS_PER_NOTIFICATION;
  const closed_more = all
    .slice(listed, listed + CLOSED_MORE_MAX + open.length)
    .filter(({ state }) => state === 'closed');
  const changes = all.map(({ id, severity, state }) => `${id} ${severity} ${state}`);
  return {
    id: causeId('notification', key, reason, status, at, ...changes),
    group_key: key,
    group: labels,
    reason,
    status,
    severity: all[0]?.severity ?? 'info',
    title: titleOf(parts, open, closed),
    alerts: all.slice(0, listed).map((alert) => notified(alert, parts)),
    more: Math.max(0, all.length - listed),
    ...(closed_more.length > 0 && { closed_more: closed_more.slice(0, CLOSED_MORE_MAX).map(({ id }) => id) }),
    link: parts.console === '' ? '' : `${parts.console}/alerts?${groupQuery(labels)}`,
    at,
    simulated: parts.simulated,
  };
}

function worstAndOldest(a: Alert, b: Alert): number {
  const order = severityRank(b.severity) - severityRank(a.severity) || a.opened_at - b.opened_at;
  return order || (a.id < b.id ? -1 : 1);
}

function notified(alert: Alert, { handling, console, newest }: NotificationParts): NotifiedAlert {
  const now = alert.state === 'open' ? newest?.get(alert.id) : undefined;
  return {
    ...alert,
    ...(now !== undefined && { newest: now }),
    acknowledged_by: handling(alert).acknowledged_by,
    link: console === '' ? '' : `${console}/alerts?id=${encodeURIComponent(alert.id)}`,
  };
}

const QUERY_LABELS = ['node', 'rack', 'cluster', 'rule', 'owner', 'gpu_uuid', 'severity'];

const groupQuery = (labels: Readonly<Record<string, string>>): string =>
  new URLSearchParams([
    ['state', 'open'],
    ...Object.entries(labels).filter(([name]) => QUERY_LABELS.includes(name)),
  ]).toString();

const BEGINNINGS: Readonly<Record<Notification['reason'], string>> = {
  opened: '',
  escalated: 'Worse: ',
  closed: '',
  repeated: 'Still open: ',
  unacknowledged: 'Not acknowledged: ',
  test: 'Test: ',
};

function titleOf(
  { labels, reason, status }: NotificationParts,
  open: readonly Alert[],
  closed: readonly Alert[],
): string {
  const said = reason === 'closed' ? closed : open;
  const [worst] = said.length > 0 ? said : closed;
  const place = Object.entries(labels)
    .map(([name, value]) => `${name} ${value}`)
    .join(', ');
  const beginning = reason === 'closed' ? (status === 'resolved' ? 'Resolved: ' : 'Closed: ') : BEGINNINGS[reason];
  const several = said.length > 1 ? `${said.length} alerts${place === '' ? '' : ` on ${place}`}: ` : '';
  const text = `${beginning}${several}${worst?.summary ?? place}`;
  return text.length <= TITLE_CHARACTERS_MAX ? text : `${text.slice(0, TITLE_CHARACTERS_MAX - 1).trimEnd()}…`;
}
