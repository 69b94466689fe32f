import { describe, expect, it } from 'vitest';
import { ALERTS_PER_NOTIFICATION, type Notification } from '../../pipeline/contract/notifications.ts';
import { conflateNotifications } from './conflate-notifications.ts';
import { AT, notificationOf, notifiedAlert } from './notification.fixture.ts';

const open = (id: string) => notifiedAlert({ id });
const closed = (id: string) => notifiedAlert({ id, state: 'closed', closed_at: AT });
const list = ({ alerts }: Notification): string => alerts.map(({ id, state }) => `${id} ${state}`).join(', ');

describe('one message instead of two', () => {
  it('keeps closings that only the older one had, and takes the newer state of what both have', () => {
    const both = conflateNotifications(
      notificationOf({ alerts: [open('a'), open('gone'), closed('b')] }),
      notificationOf({ id: 'n2', title: 'newer', at: AT + 1, alerts: [open('c'), closed('a')] }),
    );
    expect(list(both)).toBe('c open, a closed, b closed');
    expect(both).toMatchObject({ id: 'n2', title: 'newer', at: AT + 1, more: 0 });
  });

  it('keeps open ones where the newer one had no room for all', () => {
    const both = conflateNotifications(
      notificationOf({ alerts: [open('a'), open('b')] }),
      notificationOf({ alerts: [open('c')], more: 3 }),
    );
    expect(list(both)).toBe('c open, a open, b open');
    expect(both.more).toBe(1);
  });

  it('stays within the length of a message, and counts the rest', () => {
    const full = (prefix: string) => Array.from({ length: ALERTS_PER_NOTIFICATION }, (_, i) => closed(`${prefix}${i}`));
    const both = conflateNotifications(notificationOf({ alerts: full('a') }), notificationOf({ alerts: full('b') }));
    expect(both.alerts).toHaveLength(ALERTS_PER_NOTIFICATION);
    expect(both.more).toBe(ALERTS_PER_NOTIFICATION);
    expect(both.closed_more).toEqual(full('a').map(({ id }) => id));
  });

  it('names every closing of both, listed or not', () => {
    const full = Array.from({ length: ALERTS_PER_NOTIFICATION }, (_, i) => closed(`c${i}`));
    const both = conflateNotifications(
      notificationOf({ alerts: [closed('a')], more: 2, closed_more: ['x', 'y'] }),
      notificationOf({ alerts: full, more: 2, closed_more: ['y', 'z'] }),
    );
    expect(both.closed_more).toEqual(['y', 'z', 'x', 'a']);
    expect(conflateNotifications(notificationOf(), notificationOf()).closed_more).toBeUndefined();
  });

  it.each<[Notification['reason'], Notification['reason'], Notification['status'], Notification['reason']]>([
    ['opened', 'repeated', 'firing', 'opened'],
    ['opened', 'unacknowledged', 'firing', 'opened'],
    ['escalated', 'repeated', 'firing', 'escalated'],
    ['repeated', 'escalated', 'firing', 'escalated'],
    ['closed', 'opened', 'firing', 'opened'],
    ['opened', 'closed', 'resolved', 'closed'],
  ])('%s, then %s: tells %s as %s', (first, second, status, reason) => {
    const both = conflateNotifications(notificationOf({ reason: first }), notificationOf({ reason: second, status }));
    expect(both.reason).toBe(reason);
  });
});
