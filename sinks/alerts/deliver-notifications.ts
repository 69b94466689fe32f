import type { Clock } from '../../pipeline/clock.ts';
import type { Alert } from '../../pipeline/contract/alerts.ts';
import type { ErrorCode } from '../../pipeline/contract/error-catalogue.ts';
import type { DeadLetter } from '../../pipeline/contract/events.ts';
import type {
  Channel,
  HeldGroup,
  Notification,
  Outbox,
  OutboxRetryAnswer,
} from '../../pipeline/contract/notifications.ts';
import { type DurationMs, minutes, seconds } from '../../pipeline/contract/time.ts';
import { channelAlert, channelNotification } from './channel-alert.ts';
import { type ChannelLine, channelLine, type LineCounts, type LineOptions } from './channel-line.ts';
import { notificationJson } from './notification-json.ts';
import { type RunAfter, runAfter } from './run-after.ts';

/** What a person should know of delivery; the same state is told once. Details carry no secrets. */
export interface DeliveryEvent {
  readonly code: ErrorCode;
  readonly channel: string;
  readonly state: 'trouble' | 'recovered';
  readonly detail: string;
}

export interface DeliveryOptions extends Partial<LineOptions> {
  readonly channels: readonly Channel[];
  readonly clock: Clock;
  /** 0..1, for the pauses between tries. */
  readonly random: () => number;
  readonly after?: RunAfter;
  /** How long `close` waits for what is on its way. */
  readonly close_timeout?: DurationMs;
  /** Whether the fleet is simulated, which alerts about channels say too. */
  readonly simulated: boolean;
  /** Whether this process may still send: a message of one that has lost the desk would come after its successor's. Absent: yes. */
  readonly may_send?: () => boolean;
  /** Gets what was given up, ready for DCGM_INVALID. */
  readonly onDeadLetter: (letter: DeadLetter) => void;
  readonly onEvent: (event: DeliveryEvent) => void;
  /** Gets the alert about a broken channel, when it opens and when it closes, for table and stream. */
  readonly onAlert?: (alert: Alert) => void;
}

export interface NotificationDelivery extends Outbox {
  /** What was given up, once more. */
  sendAgain(channel: string, notification: Notification): OutboxRetryAnswer;
  /** By name of the channel. */
  counters(): Readonly<Record<string, LineCounts>>;
  /** Messages for channels that do not exist. */
  readonly unknown: number;
  /** Tries to finish what is on its way; what is left is still held: whoever sent it sends it again in the next process. */
  close(): Promise<void>;
}

/** An hour of trying: 1 s, 2 s, 4 s, ... 5 min. */
const DEFAULTS: LineOptions = {
  waiting_max: 1_000,
  tries_max: 20,
  backoff_min: seconds(1),
  backoff_max: minutes(5),
  send_timeout: seconds(60),
  breaker: { failures: 5, open_min: seconds(30), open_max: minutes(5) },
};
const CLOSE_TIMEOUT = seconds(5);

/**
 * The outbox: a line for each channel with retry, back-off, circuit breaker and conflation, so that neither a slow channel nor a
 * dead one holds the others up or grows. A channel that does not work is an alert on all others; that alert is about the channel
 * alone and never one about itself, so that two broken channels do not talk about each other for ever.
 */
export function deliverNotifications(options: DeliveryOptions): NotificationDelivery {
  const { clock } = options;
  const lines = new Map<string, ChannelLine>();
  const broken = new Map<string, Alert>();
  const unknown_names = new Set<string>();
  let unknown = 0;

  function tellOthers(alert: Alert): void {
    options.onAlert?.(alert);
    const about = alert.source_id;
    const notification = channelNotification(alert, { at: clock.now(), simulated: options.simulated });
    for (const [name, line] of lines) if (name !== about) line.add(notification);
  }

  for (const channel of options.channels) {
    const { name } = channel;
    lines.set(
      name,
      channelLine({
        ...DEFAULTS,
        ...options,
        channel,
        after: options.after ?? runAfter,
        may_send: options.may_send ?? (() => true),
        onBroken(detail) {
          const alert = channelAlert({ channel: name, kind: channel.kind, detail, opened_at: clock.now() });
          broken.set(name, alert);
          options.onEvent({ code: 'GV-ALT-004', channel: name, state: 'trouble', detail });
          tellOthers(alert);
        },
        onWorks() {
          const alert = broken.get(name);
          broken.delete(name);
          options.onEvent({ code: 'GV-ALT-004', channel: name, state: 'recovered', detail: 'it takes messages again' });
          if (alert !== undefined) tellOthers({ ...alert, state: 'closed', closed_at: clock.now() });
        },
        onGivenUp(notification, why) {
          options.onEvent({ code: 'GV-ALT-003', channel: name, state: 'trouble', detail: why });
          options.onDeadLetter(undeliveredLetter(name, notification, why, clock.now()));
        },
      }),
    );
  }

  return {
    send(channel, notification) {
      const line = lines.get(channel);
      if (line !== undefined) {
        line.add(notification);
        return;
      }
      unknown++;
      if (unknown_names.has(channel) || unknown_names.size >= 100) return;
      unknown_names.add(channel);
      options.onEvent({ code: 'GV-ALT-001', channel, state: 'trouble', detail: 'there is no channel of this name' });
    },
    sendAgain: (channel, notification) =>
      lines.get(channel)?.again(notification) ?? { state: 'refused', reason: `there is no channel ${channel}` },
    get waiting() {
      let n = 0;
      for (const line of lines.values()) n += line.counts().waiting;
      return n;
    },
    holds: (channel, id) => lines.get(channel)?.holds(id) ?? false,
    resume(held: readonly HeldGroup[]) {
      for (const [name, line] of lines) {
        line.resume(held.flatMap(({ channel, notification }) => (channel === name ? [notification] : [])));
      }
    },
    rest() {
      for (const line of lines.values()) line.rest();
    },
    counters: () => Object.fromEntries([...lines].map(([name, line]) => [name, line.counts()])),
    get unknown() {
      return unknown;
    },
    async close() {
      const within = options.close_timeout ?? CLOSE_TIMEOUT;
      await Promise.all([...lines.values()].map((line) => line.close(within)));
    },
  };
}

/** The instant makes a letter new each time: one that was sent again and failed again must not pass for its first one. */
const undeliveredLetter = (channel: string, notification: Notification, why: string, now: number): DeadLetter => ({
  ts: notification.at,
  node: notification.group.node ?? notification.alerts[0]?.node ?? '',
  level: 'notification',
  reason: 'undelivered',
  code: 'GV-ALT-003',
  step: `alert-channel ${channel}`,
  detail: `${why}; given up ${new Date(now).toISOString()}: ${notification.title}`,
  original: notificationJson({ channel, notification }),
});
