import type { Channel, Notification, NotifiedAlert } from '../../pipeline/contract/notifications.ts';
import { type NotificationText, notificationText, plainLine } from './alert-text.ts';
import type { ChannelParts } from './channel-parts.ts';
import { httpPost } from './http-post.ts';
import type { SecretSource } from './secret-source.ts';

interface PagerdutyParts extends ChannelParts {
  /** Of the Events API v2: https://events.pagerduty.com/v2/enqueue, or the European one. */
  readonly url: string;
  readonly routing_key: SecretSource;
}

type EventAction = 'trigger' | 'acknowledge' | 'resolve';

const SUMMARY_CHARS_MAX = 1_024;
const KEY_CHARS_MAX = 255;
/** Groups whose triggered alerts are remembered; the oldest is forgotten. */
const GROUPS_MAX = 2_000;

/**
 * PagerDuty, Events API v2: one event an alert, keyed by the alert's id, so that a second trigger changes the incident and a
 * resolve ends it: exactly once, however often a message is sent. What somebody has acknowledged here is acknowledged there. What
 * a long message does not list is one event of its own. When a group is over, all that it ever triggered is resolved, also what
 * an earlier process triggered: of its groups all that was told counts as triggered, since a resolve too many changes nothing.
 */
export function pagerdutyChannel(parts: PagerdutyParts): Channel {
  const triggered = new Map<string, Set<string>>();

  async function enqueue(event: object, routing_key: string, signal: AbortSignal): Promise<string> {
    const body = JSON.stringify({ routing_key, client: 'gpu-vitals', ...event });
    return (await httpPost({ url: parts.url, body, secrets: [routing_key], signal }, parts)).said;
  }

  function forgetOldest(): void {
    for (const oldest of triggered.keys()) {
      if (triggered.size <= GROUPS_MAX) return;
      triggered.delete(oldest);
    }
  }

  return {
    name: parts.name,
    kind: 'pagerduty',
    async send(notification, signal) {
      const routing_key = parts.routing_key.read();
      const text = notificationText(notification, parts.link_base);
      const known = triggered.get(notification.group_key) ?? new Set<string>();
      triggered.delete(notification.group_key);
      if (notification.reason !== 'test') triggered.set(notification.group_key, known);
      let said = 'nothing to say';
      const tell = async (dedup_key: string, action: EventAction, rest: object = {}): Promise<void> => {
        said = await enqueue({ event_action: action, dedup_key, ...rest }, routing_key, signal);
        if (action === 'trigger') known.add(dedup_key);
        if (action === 'resolve') known.delete(dedup_key);
      };
      for (const [i, alert] of notification.alerts.entries()) {
        await tell(keyOf(alert.id), actionOf(alert), alertEvent(notification, alert, i, text));
        if (notification.reason === 'test') await tell(keyOf(alert.id), 'resolve');
      }
      const rest_key = keyOf(restOf(notification.group_key));
      if (notification.more > 0 && notification.status === 'firing') {
        await tell(rest_key, 'trigger', restEvent(notification, text));
      } else if (known.has(rest_key)) {
        await tell(rest_key, 'resolve');
      }
      for (const key of (notification.closed_more ?? []).map(keyOf)) if (known.has(key)) await tell(key, 'resolve');
      if (notification.status === 'resolved') {
        for (const key of [...known]) await tell(key, 'resolve');
        triggered.delete(notification.group_key);
      }
      forgetOldest();
      parts.on_answer(said);
    },
    resume(held) {
      triggered.clear();
      for (const { group_key, alerts, closed_more = [] } of held) {
        const keys = [...alerts.map(({ id }) => id), ...closed_more, restOf(group_key)];
        triggered.set(group_key, new Set(keys.map(keyOf)));
      }
      forgetOldest();
    },
    rest() {
      triggered.clear();
    },
    close: async () => undefined,
  };
}

/** The event that stands for what messages about a group do not list. */
const restOf = (group_key: string): string => `more:${group_key}`;
const keyOf = (id: string): string => plainLine(id, KEY_CHARS_MAX);

function actionOf(alert: NotifiedAlert): EventAction {
  if (alert.state === 'closed') return 'resolve';
  return alert.acknowledged_by === '' ? 'trigger' : 'acknowledge';
}

function alertEvent(notification: Notification, alert: NotifiedAlert, i: number, text: NotificationText): object {
  const words = text.alerts[i];
  if (words === undefined || alert.state === 'closed') return {};
  return {
    payload: {
      summary: plainLine(
        `${text.simulated === '' ? '' : '[simulated] '}${words.what || text.headline}`,
        SUMMARY_CHARS_MAX,
      ),
      source: plainLine(alert.node || alert.gpu_uuid || alert.cluster || 'gpu-vitals', 255),
      severity: alert.severity,
      timestamp: new Date(alert.opened_at).toISOString(),
      component: alert.gpu_uuid || 'fleet',
      group: plainLine(notification.group_key, 255),
      class: alert.rule,
      custom_details: {
        where: words.where,
        how_bad: words.how_bad,
        since: words.since,
        ...(words.now !== '' && { now: words.now }),
        what_to_do: words.what_to_do,
        recovery_action: alert.action,
        owner: alert.owner,
        tenant: alert.tenant,
        follows_from: `${alert.source} ${alert.source_id}`,
        simulated: notification.simulated,
      },
    },
    ...(words.link !== '' && { links: [{ href: words.link, text: 'Details in gpu-vitals' }] }),
  };
}

function restEvent(notification: Notification, text: NotificationText): object {
  return {
    payload: {
      summary: plainLine(`${text.headline}: ${text.more}`, SUMMARY_CHARS_MAX),
      source: plainLine(Object.values(notification.group)[0] ?? 'gpu-vitals', 255),
      severity: notification.severity,
      timestamp: new Date(notification.at).toISOString(),
      custom_details: { overview: text.overview, more: notification.more, simulated: notification.simulated },
    },
    ...(text.link !== '' && { links: [{ href: text.link, text: 'All of them in gpu-vitals' }] }),
  };
}
