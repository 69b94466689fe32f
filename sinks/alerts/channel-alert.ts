import type { Alert } from '../../pipeline/contract/alerts.ts';
import { causeId } from '../../pipeline/contract/ids.ts';
import type { Channel, Notification } from '../../pipeline/contract/notifications.ts';
import { instantText } from './alert-text.ts';

const RULE = 'alert_channel_broken';

interface Trouble {
  readonly channel: string;
  readonly kind: Channel['kind'];
  /** Without secrets. */
  readonly detail: string;
  readonly opened_at: number;
}

/** A channel that does not work, as an alert: it is about no GPU and no node. */
export const channelAlert = ({ channel, kind, detail, opened_at }: Trouble): Alert => ({
  ts: opened_at,
  gpu_uuid: '',
  node: '',
  instance: '',
  id: causeId(RULE, channel, opened_at),
  rule: RULE,
  severity: 'warning',
  state: 'open',
  summary: `The alert channel ${channel} (${kind}) does not work since ${instantText(opened_at)}: ${detail}`,
  action_text: `Look at the other side, mend it or alert-channels, then try it with: gpu-vitals alerts test ${channel}`,
  action: 'none',
  category: 'unknown',
  source: 'alert-channels',
  source_id: channel,
  ...{ model: '', cluster: '', rack: '', owner: '', tenant: '', job: '' },
  opened_at,
  closed_at: null,
});

/** What the other channels are told about it. */
export function channelNotification(
  alert: Alert,
  { at, simulated }: { readonly at: number; readonly simulated: boolean },
): Notification {
  const open = alert.state === 'open';
  return {
    id: causeId('channel', alert.id, alert.state),
    group_key: `alert-channel:${alert.source_id}`,
    group: { channel: alert.source_id },
    reason: open ? 'opened' : 'closed',
    status: open ? 'firing' : 'resolved',
    severity: alert.severity,
    title: open ? `Alert channel ${alert.source_id} does not work` : `Alert channel ${alert.source_id} works again`,
    alerts: [{ ...alert, link: '', acknowledged_by: '' }],
    more: 0,
    link: '',
    at,
    simulated,
  };
}
