import { z } from 'zod';
import type { Bus, BusSubscription } from '../../pipeline/contract/bus.ts';
import {
  CLOSED_MORE_MAX,
  type Notification,
  OUTBOX_RETRY_SUBJECT,
  type OutboxRetryAnswer,
} from '../../pipeline/contract/notifications.ts';
import { EPOCH_MS_MAX } from '../../pipeline/contract/time.ts';
import type { NotificationDelivery } from './deliver-notifications.ts';

const NAME = z.string().max(512);
const TEXT = z.string().max(4_000);
const INSTANT = z.number().int().min(0).max(EPOCH_MS_MAX);
const SEVERITY = z.enum(['info', 'warning', 'critical']);

const alert = z
  .looseObject({
    ...{ ts: INSTANT, opened_at: INSTANT, closed_at: INSTANT.nullable(), id: NAME.min(1), rule: NAME },
    ...{
      gpu_uuid: NAME,
      node: NAME,
      instance: NAME,
      model: NAME,
      cluster: NAME,
      rack: NAME,
      owner: NAME,
      tenant: NAME,
    },
    ...{ job: NAME, category: NAME, source: NAME, source_id: NAME, link: TEXT, acknowledged_by: NAME },
    ...{ summary: TEXT, action_text: TEXT, severity: SEVERITY, state: z.enum(['open', 'closed']) },
    action: z.enum(['none', 'restart_application', 'reset_gpu', 'reboot_node', 'drain_and_reset', 'replace_gpu']),
  })
  .refine(({ state, closed_at }) => (state === 'open') === (closed_at === null), 'closed_at does not fit the state');

const request = z.strictObject({
  channel: NAME.min(1),
  notification: z.strictObject({
    ...{ id: NAME.min(1), group_key: NAME.min(1), group: z.record(NAME, NAME), severity: SEVERITY },
    reason: z.enum(['opened', 'escalated', 'closed', 'repeated', 'unacknowledged', 'test']),
    status: z.enum(['firing', 'resolved']),
    ...{ title: TEXT, alerts: z.array(alert).max(100), more: z.number().int().min(0), link: TEXT },
    closed_more: z.array(NAME.min(1)).max(CLOSED_MORE_MAX).optional(),
    ...{ at: INSTANT, simulated: z.boolean() },
  }),
});

/**
 * Lets `dead-letters retry` hand messages back to the delivery of this process. Anybody on the bus can ask, so a request is read
 * with suspicion. Only one process may answer: `active` says whether it is this one. What a message says of an alert that `over`
 * knows to have ended since is not told any more. Ends with `unsubscribe`.
 */
export function acceptRetries(options: {
  readonly bus: Pick<Bus, 'subscribe' | 'publish'>;
  readonly delivery: Pick<NotificationDelivery, 'sendAgain'>;
  readonly active: () => boolean;
  readonly over: (alert_id: string) => boolean;
}): BusSubscription {
  const { bus, delivery, active, over } = options;
  return bus.subscribe(OUTBOX_RETRY_SUBJECT, ({ data, reply }) => {
    if (reply === '' || !active()) return;
    bus.publish({ subject: reply, data: Buffer.from(JSON.stringify(answerTo(data, delivery, over))) });
  });
}

function answerTo(
  data: Uint8Array,
  delivery: Pick<NotificationDelivery, 'sendAgain'>,
  over: (alert_id: string) => boolean,
): OutboxRetryAnswer {
  let told: unknown;
  try {
    told = JSON.parse(Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('utf8'));
  } catch {
    return { state: 'refused', reason: 'not JSON' };
  }
  const read = request.safeParse(told);
  if (!read.success) {
    const [issue] = read.error.issues;
    return {
      state: 'refused',
      reason: `${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'no message'}`.slice(0, 300),
    };
  }
  const { channel } = read.data;
  const notification = read.data.notification as Notification;
  const alerts = notification.alerts.filter(({ id, state }) => state === 'closed' || !over(id));
  if (alerts.length === 0 && notification.alerts.length > 0) return { state: 'outdated' };
  return delivery.sendAgain(channel, { ...notification, alerts });
}
