import type { Alert } from '../../pipeline/contract/alerts.ts';
import type { DeadLetter } from '../../pipeline/contract/events.ts';
import { type Channel, ChannelFailure, type Notification } from '../../pipeline/contract/notifications.ts';
import { milliseconds, minutes, seconds } from '../../pipeline/contract/time.ts';
import {
  type DeliveryEvent,
  type DeliveryOptions,
  deliverNotifications,
  type NotificationDelivery,
} from './deliver-notifications.ts';
import { type ManualTimers, manualTimers } from './manual-timers.fixture.ts';
import { AT, notificationOf } from './notification.fixture.ts';

/** A channel whose other side does what a test says; `tries` has every try with its time since the beginning. */
export interface PlayedChannel extends Channel {
  readonly tries: { readonly notification: Notification; readonly at: number }[];
  readonly taken: Notification[];
  closed: boolean;
  /** What happens from now on: taken, a failure, or silence until the signal aborts. */
  answer: 'take' | 'silence' | 'ignore' | ChannelFailure | Error;
}

export interface PlayedDelivery {
  readonly timers: ManualTimers;
  readonly delivery: NotificationDelivery;
  readonly channels: readonly PlayedChannel[];
  readonly letters: DeadLetter[];
  readonly events: DeliveryEvent[];
  readonly alerts: Alert[];
}

export const away = new ChannelFailure('the other side is away', { retryable: true });
export const refused = new ChannelFailure('HTTP 400: no', { retryable: false });

export const message = (n: number, some: Partial<Notification> = {}): Notification =>
  notificationOf({ id: `n${n}`, group_key: `g${n}`, at: AT + n, ...some });

/** Delivery over played channels, with time that stands and pauses that are not shortened by chance. */
export function playedDelivery(names: readonly string[], some: Partial<DeliveryOptions> = {}): PlayedDelivery {
  const timers = manualTimers(AT);
  const channels = names.map((name) => playedChannel(name, timers));
  const [letters, events, alerts]: [DeadLetter[], DeliveryEvent[], Alert[]] = [[], [], []];
  const delivery = deliverNotifications({
    channels,
    clock: timers.clock,
    after: timers.after,
    random: () => 0,
    tries_max: 4,
    backoff_min: seconds(1),
    backoff_max: minutes(1),
    send_timeout: seconds(30),
    close_timeout: milliseconds(2_000),
    breaker: { failures: 3, open_min: seconds(60), open_max: minutes(4) },
    simulated: false,
    onDeadLetter: (letter) => letters.push(letter),
    onEvent: (event) => events.push(event),
    onAlert: (alert) => alerts.push(alert),
    ...some,
  });
  return { timers, delivery, channels, letters, events, alerts };
}

function playedChannel(name: string, { clock }: ManualTimers): PlayedChannel {
  const channel: PlayedChannel = {
    name,
    kind: 'webhook',
    tries: [],
    taken: [],
    closed: false,
    answer: 'take',
    async send(notification, signal) {
      channel.tries.push({ notification, at: clock.now() - AT });
      const { answer } = channel;
      if (answer instanceof Error) throw answer;
      if (answer === 'take') {
        channel.taken.push(notification);
        return;
      }
      await new Promise<void>((_, reject) => {
        if (answer === 'silence') signal.addEventListener('abort', () => reject(signal.reason));
      });
    },
    async close() {
      channel.closed = true;
    },
  };
  return channel;
}
