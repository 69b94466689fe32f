import type { Alert, AlertHandling, Silence } from '../contract/alerts.ts';
import { causeId } from '../contract/ids.ts';
import type { Notification } from '../contract/notifications.ts';
import { type DurationMs, minutes } from '../contract/time.ts';
import { type AlertRoute, routesByName, routesOf } from './alert-routes.ts';
import { composeNotification } from './compose-notification.ts';
import type { DeskGroup, DeskState, Entry, Outgoing } from './desk-state.ts';
import { groupLabels } from './group-labels.ts';
import { newsOf, repeatAt } from './group-news.ts';
import type { InhibitionRule } from './inhibitions.ts';
import { AUDIBLE, isQuiet, type Quiet, quietOnes } from './quiet.ts';
import { severityRank } from './severity-rank.ts';
import { nextChange } from './silences.ts';
import { sweepDesk } from './sweep-desk.ts';

export interface DeskOptions {
  readonly route: AlertRoute;
  readonly inhibitions: readonly InhibitionRule[];
  /** Names of the channels that there are; what `*` stands for. */
  readonly channels: readonly string[];
  readonly handling: (alert: Alert) => AlertHandling;
  readonly silences: () => Iterable<Silence>;
  /** The inventory has all that it is about in maintenance. */
  readonly maintained: (alert: Alert) => boolean;
  /** Address of the console without a slash at its end; empty: none. */
  readonly console: string;
  readonly simulated: boolean;
  /** How open alerts stand now, in words, by id; what is not in it is told as it was. */
  readonly newest?: () => ReadonlyMap<string, string>;
  /** An alert that was opened longer ago than this when it came is history, and waits `late_wait` for its closing. */
  readonly late_after?: DurationMs;
  readonly late_wait?: DurationMs;
  /** More alerts than these at a time are refused: a flood is no news. */
  readonly open_max?: number;
}

export type Taken = 'changed' | 'repeated' | 'refused';

/** What a message is said to be about when it is about several things. */
const REASONS = ['unacknowledged', 'escalated', 'opened', 'closed'] as const;

/**
 * Decides who is told of which alerts, and when: each opening, rise and closing once a channel. Pure: time comes with every
 * call, all that it remembers is `state`, and a state that was stored goes on as if nothing had happened.
 *
 * Grouping, waiting, inhibition and silences as Prometheus' Alertmanager has them (docs: "Configuration"); unlike there every
 * severity has its own patience within one group, and an acknowledgement ends repeats.
 * Cost: `tick` is O(open alerts x rules) when something has changed, O(groups) when an instant is due, else O(1).
 */
export function alertDesk(options: DeskOptions, state: DeskState) {
  const routes = routesByName(options.route);
  const lateAfter = options.late_after ?? minutes(15);
  const lateWait = options.late_wait ?? minutes(2);
  const openMax = options.open_max ?? 50_000;
  let changed = true;
  /** Alerts that have become quiet, or audible, since somebody asked. */
  let quietChanged = new Set<string>();
  let quietUntil = Number.NEGATIVE_INFINITY;
  let dueAt = Number.NEGATIVE_INFINITY;

  const routeOf = (group: DeskGroup): AlertRoute => routes.get(group.route) ?? options.route;
  const openAlerts = (): Alert[] =>
    [...state.entries.values()].map(({ alert }) => alert).filter((alert) => alert.state === 'open');
  const acknowledged = (alert: Alert): boolean => options.handling(alert).acknowledged_at !== null;

  function groupOf(entry: Entry, route: AlertRoute, channel: string): DeskGroup {
    const labels = groupLabels(entry.alert, route, openAlerts);
    const key = causeId('group', route.name, JSON.stringify(labels));
    const id = `${channel} ${key}`;
    let group = state.groups.get(id);
    if (group === undefined) {
      group = { id, channel, route: route.name, key, labels, told_at: null, members: new Map() };
      state.groups.set(id, group);
    }
    return group;
  }

  function join(entry: Entry, route: AlertRoute, names: readonly string[], by_escalation: boolean): void {
    for (const channel of options.channels) {
      if (!names.includes('*') && !names.includes(channel)) continue;
      if (entry.places[channel] !== undefined) continue;
      const group = groupOf(entry, route, channel);
      entry.places[channel] = group.id;
      group.members.set(entry.alert.id, { told: null, told_at: 0, escalated: false, by_escalation });
    }
  }

  const place = (entry: Entry): void => {
    // The others have been told by the outbox itself: this one cannot be told of it.
    if (entry.alert.source === 'alert-channels') return;
    for (const route of routesOf(entry.alert, options.route)) join(entry, route, route.channels, false);
  };

  /** Takes a version of an alert as the stream has it; the stream may repeat itself. */
  function take(alert: Alert, now: number): Taken {
    const known = state.entries.get(alert.id);
    if (known === undefined) {
      if (state.over.has(alert.id)) return 'repeated';
      if (alert.state === 'closed') {
        state.over.set(alert.id, now);
        return 'changed';
      }
      if (state.entries.size >= openMax) return 'refused';
      const late = now - alert.opened_at > lateAfter;
      const entry: Entry = { alert, changed_at: now, late, quiet: AUDIBLE, audible_at: now, places: {} };
      state.entries.set(alert.id, entry);
      place(entry);
      changed = true;
      return 'changed';
    }
    const was = known.alert;
    if (was.state === 'closed') return 'repeated';
    const rank = severityRank(alert.severity) - severityRank(was.severity);
    if (rank < 0 && alert.state === 'open') return 'repeated';
    known.alert = rank < 0 ? { ...alert, severity: was.severity } : alert;
    if (rank <= 0 && alert.state === 'open') return 'repeated';
    known.changed_at = now;
    changed = true;
    if (rank > 0) {
      for (const id of Object.values(known.places)) {
        const member = state.groups.get(id)?.members.get(alert.id);
        if (member !== undefined) member.escalated = false;
      }
      if (alert.state === 'open') place(known);
    }
    return 'changed';
  }

  function refreshQuiet(now: number): void {
    const open = [...state.entries.values()].filter(({ alert }) => alert.state === 'open');
    const silences = [...options.silences()];
    const world = { silences, rules: options.inhibitions, maintained: options.maintained };
    const quiet = quietOnes(
      open.map(({ alert }) => alert),
      world,
      now,
    );
    for (const entry of open) {
      const is = quiet.get(entry.alert.id) ?? AUDIBLE;
      const was = entry.quiet;
      if (is.silenced_by === was.silenced_by && is.inhibited_by === was.inhibited_by) continue;
      if (isQuiet(was) && !isQuiet(is)) entry.audible_at = now;
      entry.quiet = is;
      quietChanged.add(entry.alert.id);
    }
    quietUntil = nextChange(silences, now);
  }

  /** Gives to further channels what nobody has acknowledged; answers when there may be more of that. */
  function escalate(group: DeskGroup, now: number): number {
    const route = routeOf(group);
    if (route.escalate_to.length === 0) return Number.POSITIVE_INFINITY;
    let next = Number.POSITIVE_INFINITY;
    for (const [id, member] of group.members) {
      const entry = state.entries.get(id);
      if (entry === undefined || member.told === null || member.escalated || member.by_escalation) continue;
      if (entry.alert.state === 'closed' || isQuiet(entry.quiet) || acknowledged(entry.alert)) continue;
      const after = route.escalate_after[member.told];
      if (after === 0) continue;
      if (now < member.told_at + after) {
        next = Math.min(next, member.told_at + after);
        continue;
      }
      member.escalated = true;
      join(entry, route, route.escalate_to, true);
    }
    return next;
  }

  function tell(group: DeskGroup, reason: Notification['reason'], now: number): void {
    const open: Alert[] = [];
    const closed: Alert[] = [];
    let firing = false;
    for (const [id, member] of group.members) {
      const entry = state.entries.get(id);
      if (entry === undefined) continue;
      const { alert } = entry;
      if (alert.state === 'closed') {
        if (member.told !== null && routeOf(group).closings) closed.push(alert);
        continue;
      }
      // What may be history waits on, also where others are told of.
      const waits = member.told === null && entry.late && now < entry.changed_at + lateWait;
      if (!isQuiet(entry.quiet) && !waits) {
        open.push(alert);
        if (member.told !== alert.severity) member.told_at = now;
        member.told = alert.severity;
      }
      firing ||= member.told !== null;
    }
    const notification = composeNotification({
      key: group.key,
      labels: group.labels,
      reason,
      status: firing ? 'firing' : 'resolved',
      open,
      closed,
      at: now,
      handling: options.handling,
      console: options.console,
      simulated: options.simulated,
      newest: options.newest?.(),
    });
    group.told_at = now;
    state.outgoing.push({ channel: group.channel, notification });
    for (const { id } of closed) leave(group, id);
  }

  function leave(group: DeskGroup, id: string): void {
    group.members.delete(id);
    const entry = state.entries.get(id);
    if (entry !== undefined) delete entry.places[group.channel];
  }

  const repeatOf = (group: DeskGroup): number =>
    repeatAt(group, routeOf(group), (id) => state.entries.get(id) ?? null, acknowledged);

  /** What is to be told of a group, and when first; members of which there is nothing to say any more leave it. */
  function newsIn(group: DeskGroup): { readonly first: number; readonly reasons: ReadonlySet<Notification['reason']> } {
    let first = Number.POSITIVE_INFINITY;
    const reasons = new Set<Notification['reason']>();
    for (const [id, member] of group.members) {
      const entry = state.entries.get(id);
      const news =
        entry === undefined
          ? null
          : newsOf({ member, entry, route: routeOf(group), told_at: group.told_at, late_wait: lateWait });
      if (news !== null) {
        first = Math.min(first, news.due);
        reasons.add(news.reason);
      } else if (entry === undefined || entry.alert.state === 'closed') {
        leave(group, id);
      }
    }
    return { first, reasons };
  }

  /** Tells of a group what is due; answers when to look at it again. */
  function visit(group: DeskGroup, now: number): number {
    const { first, reasons } = newsIn(group);
    if (first <= now) tell(group, REASONS.find((reason) => reasons.has(reason)) ?? 'opened', now);
    // What is news soon is not told as a repetition now.
    else if (first === Number.POSITIVE_INFINITY && repeatOf(group) <= now) tell(group, 'repeated', now);
    const next = newsIn(group).first;
    return Math.min(next === Number.POSITIVE_INFINITY ? repeatOf(group) : next, escalate(group, now));
  }

  // The configuration may be another one than that which the state was made with.
  for (const [id, group] of state.groups) {
    if (options.channels.includes(group.channel) && routes.has(group.route)) continue;
    for (const member of group.members.keys()) leave(group, member);
    state.groups.delete(id);
  }
  for (const entry of state.entries.values()) if (entry.alert.state === 'open') place(entry);

  return {
    take,
    /** People, the inventory or the silences have said something else. */
    worldChanged(): void {
      changed = true;
    },
    /** Tells what is due now: it is appended to `state.outgoing`. */
    tick(now: number): readonly Outgoing[] {
      if (!changed && now < quietUntil && now < dueAt) return [];
      const before = state.outgoing.length;
      if (changed || now >= quietUntil) refreshQuiet(now);
      changed = false;
      // Groups that escalation makes are visited in the same turn: a map yields what is added meanwhile.
      dueAt = Number.POSITIVE_INFINITY;
      for (const group of state.groups.values()) dueAt = Math.min(dueAt, visit(group, now));
      sweepDesk(state, now);
      return state.outgoing.slice(before);
    },
    /** When the next `tick` has something to do, as far as anybody knows. */
    nextAt: (): number => (changed ? Number.NEGATIVE_INFINITY : Math.min(quietUntil, dueAt)),
    open: openAlerts,
    repeatOf,
    over: (id: string): boolean => state.over.has(id) || state.entries.get(id)?.alert.state === 'closed',
    alert: (id: string): Alert | null => state.entries.get(id)?.alert ?? null,
    quiet: (id: string): Quiet => state.entries.get(id)?.quiet ?? AUDIBLE,
    /** Alerts of which it has changed since the last call whether, or why, they are quiet. */
    takeQuietChanges(): ReadonlySet<string> {
      const changes = quietChanged;
      quietChanged = new Set();
      return changes;
    },
  };
}

export type AlertDesk = ReturnType<typeof alertDesk>;
