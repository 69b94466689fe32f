import type { Alert } from '../../pipeline/contract/alerts.ts';
import { minutes } from '../../pipeline/contract/time.ts';
import { courseText } from './course-text.ts';
import { boardsKind, type Finding } from './finding.ts';
import type { Watch } from './watch.ts';

/** An open alert of a board about what its node may be to blame for. Plain data. */
export interface SharedAlert {
  /** As its group told it last. */
  alert: Alert;
  /** Event time from which on it is told by itself. */
  readonly due: number;
  told: boolean;
  /** The incident whose alert tells for it; null while none does. */
  by: string | null;
  /** It was told and closed: under its id it is not told again. */
  over?: true;
}
export type SharedAlerts = Record<string, SharedAlert>;

/** The boards of a node show what their node does to them within a scrape, and the node's incident is known that much later. */
const HOLD_MS = minutes(1);
/** An incident explains what was told of its boards since shortly before it began. */
const BEFORE_MS = minutes(10);

/** Takes what a group tells of a board. Answers what is to be told now. */
export function takeShared(shared: SharedAlerts, alert: Alert, clock: number): Alert | null {
  const known = shared[alert.id];
  if (alert.state === 'closed') {
    delete shared[alert.id];
    return known === undefined || known.told ? alert : null;
  }
  if (known === undefined) {
    shared[alert.id] = { alert, due: Math.max(clock, alert.opened_at) + HOLD_MS, told: false, by: null };
    return null;
  }
  known.alert = alert;
  return known.told ? alert : null;
}

/**
 * Tells what is due and nobody tells for; closes what was told a moment before the alert of the node opened. What an alert of the
 * node has told for is over with it: its boards are the incident's, to the last.
 */
export function passShared(
  shared: SharedAlerts,
  watches: readonly Watch[],
  now: number,
  tell: (alert: Alert) => void,
): void {
  for (const entry of Object.values(shared)) {
    if (entry.by !== null) continue;
    const { alert } = entry;
    const watch = explainerOf(watches, alert);
    if (watch === undefined) {
      if (entry.told || now < entry.due) continue;
      entry.told = true;
      tell(alert);
    } else if (watch.alert !== null) {
      entry.by = watch.finding.cause;
      if (!entry.told) continue;
      entry.told = false;
      entry.over = true;
      const closed_at = Math.max(now, alert.opened_at);
      const when = { began: alert.opened_at, opened_at: alert.opened_at, at: closed_at };
      const course = courseText({ kind: 'explained', by: alert.node }, when, null);
      tell({ ...alert, summary: `${alert.summary} ${course}`, state: 'closed', closed_at });
    }
  }
}

/** An incident that goes on and is no longer about what its node does to its boards leaves these to themselves, but those that were closed for it. */
export function releaseShared(shared: SharedAlerts, incident: Finding): void {
  for (const entry of Object.values(shared)) if (entry.by === incident.cause && entry.over !== true) entry.by = null;
}

/** Takes a board out that was lost. Answers whether its alert was told to anybody. */
export function dropShared(shared: SharedAlerts, id: string): boolean {
  const told = shared[id]?.told ?? true;
  delete shared[id];
  return told;
}

/** The watch of an incident of the node that goes on and is about the same. */
const explainerOf = (watches: readonly Watch[], { category, node, opened_at }: Alert): Watch | undefined =>
  watches.find(
    ({ finding, causes }) =>
      finding.source === 'incidents' &&
      opened_at >= finding.since - BEFORE_MS &&
      causes.some(
        ({ gone_at, kinds, nodes }) => gone_at === null && kinds.includes(boardsKind(category)) && nodes.includes(node),
      ),
  );
