import { causeId } from '../../pipeline/contract/ids.ts';
import type { Notification, NotifiedAlert } from '../../pipeline/contract/notifications.ts';
import { channelAlert } from './channel-alert.ts';

/** A message that tries a channel: its one alert is about nothing. */
export function testNotification(options: {
  readonly channel: string;
  readonly at: number;
  readonly link: string;
}): Notification {
  const { channel, at, link } = options;
  const alert: NotifiedAlert = {
    ...channelAlert({ channel, kind: 'webhook', detail: '', opened_at: at }),
    id: causeId('test', channel, at),
    rule: 'test',
    severity: 'info',
    summary: 'This message shows that alerts of gpu-vitals arrive here.',
    action_text: 'Nothing to do.',
    link,
    acknowledged_by: '',
  };
  return {
    id: causeId('test', channel, at),
    group_key: `test:${channel}:${at}`,
    group: { channel },
    reason: 'test',
    status: 'firing',
    severity: 'info',
    title: `Test of alert channel ${channel}`,
    alerts: [alert],
    more: 0,
    link,
    at,
    simulated: false,
  };
}
