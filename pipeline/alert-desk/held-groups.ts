import type { Alert } from '../contract/alerts.ts';
import type { HeldGroup } from '../contract/notifications.ts';
import { composeNotification, type NotificationParts } from './compose-notification.ts';
import type { DeskState } from './desk-state.ts';

/** Of what has closed since, the channel has not heard yet. */
const STILL_OPEN = { state: 'open', closed_at: null } as const;

/**
 * What each channel was told and not yet told the end of, one message a group: what a process that begins to send hands its
 * channels. `closed_more` has those of messages that are on their way, whose alerts the desk has let go of.
 */
export function heldGroups(
  state: Pick<DeskState, 'groups' | 'entries' | 'outgoing'>,
  parts: Pick<NotificationParts, 'handling' | 'console' | 'simulated'>,
  now: number,
): HeldGroup[] {
  const held = new Map<string, HeldGroup>();
  const hold = (channel: string, key: string, labels: Readonly<Record<string, string>>, open: Alert[]): void => {
    const { handling, console, simulated } = parts;
    const what = { key, labels, reason: 'repeated', status: 'firing', open, closed: [], at: now } as const;
    const notification = composeNotification({ ...what, handling, console, simulated, alerts_max: open.length });
    held.set(`${channel} ${key}`, { channel, notification });
  };
  for (const { channel, key, labels, members } of state.groups.values()) {
    const open = [...members].flatMap(([id, { told }]) => {
      const alert = state.entries.get(id)?.alert;
      return told === null || alert === undefined ? [] : [{ ...alert, severity: told, ...STILL_OPEN }];
    });
    if (open.length > 0) hold(channel, key, labels, open);
  }
  for (const { channel, notification } of state.outgoing) {
    const { group_key, group, closed_more = [] } = notification;
    const id = `${channel} ${group_key}`;
    if (closed_more.length === 0) continue;
    if (!held.has(id)) hold(channel, group_key, group, []);
    const known = held.get(id) as HeldGroup;
    const both = [...(known.notification.closed_more ?? []), ...closed_more];
    held.set(id, { channel, notification: { ...known.notification, closed_more: both } });
  }
  return [...held.values()];
}
