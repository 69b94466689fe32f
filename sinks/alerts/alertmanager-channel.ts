import type { Channel, Notification, NotifiedAlert } from '../../pipeline/contract/notifications.ts';
import type { DurationMs } from '../../pipeline/contract/time.ts';
import { type NotificationText, notificationText, plainLine } from './alert-text.ts';
import type { ChannelParts } from './channel-parts.ts';
import { httpPost } from './http-post.ts';
import type { RunAfter } from './run-after.ts';
import type { SecretSource } from './secret-source.ts';

interface AlertmanagerParts extends ChannelParts {
  readonly address: SecretSource;
  readonly bearer_token: SecretSource | null;
  /** Added to every alert; they win over ours. */
  readonly labels: Readonly<Record<string, string>>;
  /** Open alerts are posted again this often; they end by themselves after LAPSE of these. */
  readonly repost: DurationMs;
  readonly after: RunAfter;
  /** A post of open alerts that was not taken; the next one comes all the same. */
  readonly on_problem: (detail: string) => void;
}

interface Posted {
  readonly group_key: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly startsAt: string;
  readonly generatorURL?: string;
}

const LAPSE = 5;
const OPEN_MAX = 20_000;
const POST_ALERTS_MAX = 200;
const LABEL_CHARS_MAX = 500;

/**
 * Alertmanager, API v2. An alert is known there by its labels and is over at `endsAt`, so a post that is made twice changes
 * nothing, and open ones are posted again until they close, by whichever process sends. An alert whose severity rises has other
 * labels: the old one is ended with the same post. Exactly once, as long as Alertmanager keeps its own memory.
 */
export function alertmanagerChannel(parts: AlertmanagerParts): Channel {
  const open = new Map<string, Posted>();
  const closing = new AbortController();
  let cancel: (() => void) | null = null;
  let resting = false;

  const lasting = (): string => new Date(parts.clock.now() + LAPSE * parts.repost).toISOString();

  async function post(alerts: readonly object[], signal: AbortSignal): Promise<string> {
    const token = parts.bearer_token?.read() ?? null;
    const url = alertsUrl(parts.address.read());
    let said = 'nothing to say';
    for (let from = 0; from < alerts.length; from += POST_ALERTS_MAX) {
      const body = JSON.stringify(alerts.slice(from, from + POST_ALERTS_MAX));
      const headers = token === null ? {} : { authorization: `Bearer ${token}` };
      said = (await httpPost({ url, body, headers, secrets: token === null ? [] : [token], signal }, parts)).said;
    }
    return said;
  }

  function repostLater(): void {
    if (cancel !== null || resting || open.size === 0 || closing.signal.aborted) return;
    const mine = parts.after(parts.repost, () => {
      post(
        [...open.values()].map((one) => posted(one, lasting())),
        closing.signal,
      )
        .catch((error: unknown) => parts.on_problem(error instanceof Error ? error.message : String(error)))
        .finally(() => {
          // Another process sends, or this one sends again: that has a timer of its own.
          if (cancel !== mine) return;
          cancel = null;
          repostLater();
        });
    });
    cancel = mine;
  }

  return {
    name: parts.name,
    kind: 'alertmanager',
    async send(notification, signal) {
      const text = notificationText(notification, parts.link_base);
      const now = new Date(parts.clock.now()).toISOString();
      const out: object[] = [];
      const opened: [string, Posted][] = [];
      const ended: string[] = [];
      notification.alerts.forEach((alert, i) => {
        const before = open.get(alert.id);
        const next = alertOf(notification, alert, i, text, parts.labels);
        if (alert.state === 'closed') {
          out.push(posted(before ?? next, new Date(alert.closed_at ?? parts.clock.now()).toISOString()));
          ended.push(alert.id);
          return;
        }
        if (before !== undefined && !sameLabels(before.labels, next.labels)) out.push(posted(before, now));
        out.push(posted(next, lasting()));
        if (notification.reason !== 'test') opened.push([alert.id, next]);
      });
      const listed = new Set(notification.alerts.map(({ id }) => id));
      const closed_more = new Set(notification.closed_more);
      for (const [id, one] of open) {
        if (one.group_key !== notification.group_key || listed.has(id)) continue;
        if (notification.status !== 'resolved' && !closed_more.has(id)) continue;
        out.push(posted(one, now));
        ended.push(id);
      }
      const said = await post(out, signal);
      for (const id of ended) open.delete(id);
      for (const [id, one] of opened) if (open.size < OPEN_MAX || open.has(id)) open.set(id, one);
      parts.on_answer(said);
      repostLater();
    },
    resume(held) {
      open.clear();
      resting = false;
      for (const notification of held) {
        const text = notificationText(notification, parts.link_base);
        notification.alerts.forEach((alert, i) => {
          if (open.size < OPEN_MAX) open.set(alert.id, alertOf(notification, alert, i, text, parts.labels));
        });
      }
      repostLater();
    },
    rest() {
      resting = true;
      open.clear();
      cancel?.();
      cancel = null;
    },
    async close() {
      closing.abort();
      cancel?.();
    },
  };
}

const posted = ({ labels, annotations, startsAt, generatorURL }: Posted, endsAt: string): object => ({
  labels,
  annotations,
  startsAt,
  endsAt,
  ...(generatorURL !== undefined && { generatorURL }),
});

const sameLabels = (a: Readonly<Record<string, string>>, b: Readonly<Record<string, string>>): boolean =>
  JSON.stringify(a) === JSON.stringify(b);

/** Alertmanager treats an empty label as none, so they are left out. */
function alertOf(
  notification: Notification,
  alert: NotifiedAlert,
  i: number,
  text: NotificationText,
  extra: Readonly<Record<string, string>>,
): Posted {
  const words = text.alerts[i];
  const { rule, severity, node, gpu_uuid, category, model, cluster, rack, owner, tenant, job, id } = alert;
  const named = {
    ...{ alertname: rule, severity, node, gpu_uuid, gpu_instance: alert.instance, category, model, cluster, rack },
    ...{ owner, tenant, job, alert_id: id, simulated: notification.simulated ? 'true' : '' },
    ...extra,
  };
  const annotations = {
    summary: words?.what ?? '',
    where: words?.where ?? '',
    now: words?.now ?? '',
    what_to_do: words?.what_to_do ?? '',
    acknowledged_by: alert.acknowledged_by,
  };
  const link = words?.link ?? '';
  return {
    group_key: notification.group_key,
    labels: filled(named),
    annotations: filled(annotations),
    startsAt: new Date(alert.opened_at).toISOString(),
    ...(link !== '' && { generatorURL: link }),
  };
}

const filled = (texts: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(texts)
      .map(([name, text]) => [name, plainLine(text, LABEL_CHARS_MAX)] as const)
      .filter(([, text]) => text !== ''),
  );

/** The address of an Alertmanager, perhaps behind a prefix, with its path for alerts. */
function alertsUrl(base: string): string {
  if (!URL.canParse(base)) return base;
  const url = new URL(base);
  url.pathname = `${url.pathname.replace(/\/+$/, '').replace(/\/api\/v2\/alerts$/, '')}/api/v2/alerts`;
  return url.href;
}
