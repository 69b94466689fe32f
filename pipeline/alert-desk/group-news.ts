import type { Alert } from '../contract/alerts.ts';
import type { Severity } from '../contract/events.ts';
import type { Notification } from '../contract/notifications.ts';
import type { DurationMs } from '../contract/time.ts';
import type { AlertRoute } from './alert-routes.ts';
import type { DeskGroup, Entry, Member } from './desk-state.ts';
import { isQuiet } from './quiet.ts';
import { severityRank } from './severity-rank.ts';

/** Something that a channel does not know of an alert, and when it may be told at the earliest. */
export interface MemberNews {
  readonly reason: Notification['reason'];
  readonly due: number;
}

/** What of an alert its channel does not know; null when it knows all. */
export function newsOf(options: {
  readonly member: Member;
  readonly entry: Entry;
  readonly route: AlertRoute;
  /** When the channel was told something of the group; null: never. */
  readonly told_at: number | null;
  readonly late_wait: DurationMs;
}): MemberNews | null {
  const { member, entry, route, told_at } = options;
  const { alert, quiet } = entry;
  const spaced = (severity: Severity): number =>
    told_at === null ? Number.NEGATIVE_INFINITY : told_at + route.group_interval[severity];
  if (alert.state === 'closed') {
    if (member.told === null || !route.closings) return null;
    return { reason: 'closed', due: Math.max(entry.changed_at + route.group_wait[member.told], spaced(member.told)) };
  }
  if (isQuiet(quiet)) return null;
  const since = Math.max(entry.changed_at, entry.audible_at);
  const wait = route.group_wait[alert.severity];
  if (member.told === null) {
    if (member.by_escalation) return { reason: 'unacknowledged', due: Number.NEGATIVE_INFINITY };
    const patience = entry.late ? Math.max(wait, options.late_wait) : wait;
    return { reason: 'opened', due: Math.max(since + patience, spaced(alert.severity)) };
  }
  if (severityRank(alert.severity) <= severityRank(member.told)) return null;
  return { reason: 'escalated', due: Math.max(since + wait, spaced(alert.severity)) };
}

/** When a group is to be told of again although nothing has changed; infinite: not as things stand. */
export function repeatAt(
  group: DeskGroup,
  route: AlertRoute,
  entryOf: (id: string) => Entry | null,
  acknowledged: (alert: Alert) => boolean,
): number {
  if (group.told_at === null) return Number.POSITIVE_INFINITY;
  let next = Number.POSITIVE_INFINITY;
  for (const [id, { told }] of group.members) {
    const entry = entryOf(id);
    if (told === null || entry === null || isQuiet(entry.quiet) || entry.alert.state === 'closed') continue;
    const every = route.repeat_interval[entry.alert.severity];
    if (every > 0 && !acknowledged(entry.alert)) next = Math.min(next, group.told_at + every);
  }
  return next;
}
