import { afterEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../pipeline/clock.ts';
import type { Channel, HeldGroup, Notification } from '../../pipeline/contract/notifications.ts';
import { milliseconds, minutes } from '../../pipeline/contract/time.ts';
import { alertmanagerChannel } from './alertmanager-channel.ts';
import { secret, testParts } from './channel-parts.fixture.ts';
import type { ChannelParts } from './channel-parts.ts';
import { deliverNotifications, type NotificationDelivery } from './deliver-notifications.ts';
import { manualTimers } from './manual-timers.fixture.ts';
import { AT, notificationOf, notifiedAlert } from './notification.fixture.ts';
import { type Answer, closeOtherSides, type OtherSide, otherSide } from './other-side.fixture.ts';
import { pagerdutyChannel } from './pagerduty-channel.ts';
import { runAfter } from './run-after.ts';
import { slackChannel } from './slack-channel.ts';
import { webhookChannel } from './webhook-channel.ts';

/** For a machine that has much to do. */
const PATIENCE = { timeout: 15_000 };
const deliveries: NotificationDelivery[] = [];
afterEach(async () => {
  for (const delivery of deliveries.splice(0)) await delivery.close();
  await closeOtherSides();
});

const parts: ChannelParts = { ...testParts(), name: 'ops', timeout: milliseconds(150), clock: systemClock };
type Body = Readonly<Record<string, unknown>>;

/** What the other side knows afterwards, one entry a thing, by the key that it has for it. */
interface Kind {
  readonly make: (there: OtherSide) => Channel;
  readonly knows: (there: OtherSide) => unknown[];
}

const distinct = (texts: readonly string[]): string[] => [...new Set(texts)];
const KINDS: Readonly<Record<string, Kind>> = {
  webhook: {
    make: ({ url }) => webhookChannel({ ...parts, address: secret(url), secret: null, bearer_token: null }),
    knows: ({ asked }) => distinct(asked.map(({ headers }) => String(headers['idempotency-key']))),
  },
  pagerduty: {
    make: ({ url }) => pagerdutyChannel({ ...parts, url, routing_key: secret('k') }),
    knows: (there) => distinct(there.bodies<Body>().map((one) => `${one.event_action} ${one.dedup_key}`)),
  },
  alertmanager: {
    make: ({ url }) =>
      alertmanagerChannel({
        ...parts,
        ...{ address: secret(url), bearer_token: null, labels: {}, repost: minutes(1), after: runAfter },
        on_problem: () => undefined,
      }),
    knows: (there) =>
      distinct(
        there
          .bodies<Body[]>()
          .flatMap((posted) => posted.map(({ labels, startsAt }) => JSON.stringify([labels, startsAt]))),
      ).map((text) => (JSON.parse(text) as [Body])[0].alert_id),
  },
};

/** A process that sends, with pauses short enough to wait for. */
function delivering(channel: Channel): NotificationDelivery {
  const delivery = deliverNotifications({
    ...{ channels: [channel], clock: systemClock, random: () => 0, simulated: false },
    ...{ backoff_min: milliseconds(10), close_timeout: milliseconds(500) },
    onDeadLetter: ({ detail }) => expect.fail(detail),
    onEvent: () => undefined,
  });
  deliveries.push(delivery);
  return delivery;
}

const idle = (delivery: NotificationDelivery) => expect.poll(() => delivery.waiting, PATIENCE).toBe(0);
const told = notificationOf({ alerts: [notifiedAlert({ id: 'a' }), notifiedAlert({ id: 'b' })] });

const LOST: Readonly<Record<string, Answer>> = {
  'answers too late': { status: 200, silent: true },
  'is cut off before it answers': { status: 200, cut: true },
  'fails after it has taken it': { status: 502, body: 'bad gateway' },
};

describe.each(Object.entries(KINDS))('%s, once', (kind, { make, knows }) => {
  const once = { webhook: ['n1'], pagerduty: ['trigger a', 'trigger b'], alertmanager: ['a', 'b'] }[kind];

  it.each(Object.entries(LOST))('where the other side %s', async (_, answer) => {
    const there = await otherSide(answer, { status: 200, body: '{}' });
    const delivery = delivering(make(there));
    delivery.send('ops', told);
    await idle(delivery);
    expect(there.asked.length).toBeGreaterThan(kind === 'pagerduty' ? 2 : 1);
    expect(knows(there)).toEqual(once);
  });

  it('where a process ends before it has noted that a message was taken, and the next one sends it again', async () => {
    const there = await otherSide({ status: 200, body: '{}' });
    const first = delivering(make(there));
    first.send('ops', told);
    await idle(first);
    const second = delivering(make(there));
    second.resume([]);
    second.send('ops', told);
    await idle(second);
    expect(there.asked.length).toBeGreaterThan(1);
    expect(knows(there)).toEqual(once);
  });
});

it('slack has no key: a message whose answer was lost comes twice, the same text', async () => {
  const there = await otherSide({ status: 200, cut: true }, { status: 200, body: 'ok' });
  const delivery = delivering(slackChannel({ ...parts, address: secret(there.url) }));
  delivery.send('ops', told);
  await idle(delivery);
  expect(there.asked).toHaveLength(2);
  expect(there.asked[0]?.body).toBe(there.asked[1]?.body);
});

const closed = (id: string) => notifiedAlert({ id, state: 'closed', closed_at: AT });
const held = (some: Partial<Notification>): HeldGroup[] => [
  { channel: 'ops', notification: notificationOf({ id: 'held', reason: 'repeated', ...some }) },
];

describe('a process that goes on', () => {
  it('resolves at PagerDuty what another one triggered, listed or not', async () => {
    const there = await otherSide({ status: 202, body: '{}' });
    const patient = { ...parts, timeout: milliseconds(PATIENCE.timeout) };
    const delivery = delivering(pagerdutyChannel({ ...patient, url: there.url, routing_key: secret('k') }));
    const known = (): string[] => there.bodies<Body>().map((one) => `${one.event_action} ${one.dedup_key}`);
    delivery.resume(held({ alerts: ['a', 'b', 'c', 'd'].map((id) => notifiedAlert({ id })), closed_more: ['e'] }));
    const lasting = { alerts: [notifiedAlert({ id: 'a' }), closed('b')], closed_more: ['e', 'x'], more: 0 };
    delivery.send('ops', notificationOf({ id: 'n2', ...lasting }));
    await idle(delivery);
    expect(known()).toEqual(['trigger a', 'resolve b', 'resolve more:node=gpu-017', 'resolve e']);
    delivery.send('ops', notificationOf({ id: 'n3', status: 'resolved', reason: 'closed', alerts: [closed('a')] }));
    await idle(delivery);
    expect(known().slice(4)).toEqual(['resolve a', 'resolve c', 'resolve d']);
  });

  it('posts to Alertmanager again what another one posted, until it rests', async () => {
    const there = await otherSide({ status: 200, body: '' });
    const timers = manualTimers(AT);
    const channel = alertmanagerChannel({
      ...testParts(),
      ...{ clock: timers.clock, after: timers.after, address: secret(there.url), bearer_token: null, labels: {} },
      ...{ repost: minutes(1), on_problem: (detail: string) => expect.fail(detail) },
    });
    const ids = (): unknown[] => (there.bodies<{ labels: Body }[]>().at(-1) ?? []).map(({ labels }) => labels.alert_id);
    channel.resume?.(
      held({ alerts: [notifiedAlert({ id: 'a' }), notifiedAlert({ id: 'b' })] }).map((one) => one.notification),
    );
    await timers.advance(minutes(1));
    await expect.poll(() => there.asked.length, PATIENCE).toBe(1);
    expect(ids()).toEqual(['a', 'b']);
    await expect.poll(() => timers.set, PATIENCE).toBe(1);
    // Unlisted closings end there too.
    await channel.send(
      notificationOf({ id: 'n2', alerts: [notifiedAlert({ id: 'a' })], closed_more: ['b'] }),
      new AbortController().signal,
    );
    const posts = there.bodies<{ labels: Body; endsAt: string }[]>().at(-1) ?? [];
    expect(posts.map(({ labels, endsAt }) => [labels.alert_id, Date.parse(endsAt) - timers.clock.now()])).toEqual([
      ['a', minutes(5)],
      ['b', 0],
    ]);
    channel.rest?.();
    expect(timers.set).toBe(0);
    await timers.advance(minutes(10));
    expect(there.asked).toHaveLength(2);
    await channel.close();
  });

  it('tells nothing any more once another one sends, and tells again what it had dropped when it is its turn', async () => {
    const there = await otherSide({ status: 503, body: 'later' });
    const delivery = delivering(KINDS.webhook?.make(there) as Channel);
    delivery.send('ops', told);
    await expect.poll(() => there.asked.length, PATIENCE).toBeGreaterThan(1);
    delivery.rest();
    await idle(delivery);
    const so_far = there.asked.length;
    delivery.send('ops', notificationOf({ id: 'n9', group_key: 'other' }));
    await new Promise((resolve) => setImmediate(resolve));
    expect(there.asked.length).toBe(so_far);
    there.answers({ status: 200, body: 'ok' });
    delivery.resume([]);
    expect(delivery.holds('ops', 'n1')).toBe(false);
    delivery.send('ops', told);
    await expect.poll(() => there.asked.at(-1)?.headers['idempotency-key'], PATIENCE).toBe('n1');
    await idle(delivery);
  });

  it('asks before every message whether it may, and sends what waited when it may again', async () => {
    const there = await otherSide();
    let may = false;
    const timers = manualTimers(AT);
    const delivery = deliverNotifications({
      channels: [KINDS.webhook?.make(there) as Channel],
      ...{ clock: timers.clock, after: timers.after, random: () => 0, simulated: false, may_send: () => may },
      onDeadLetter: ({ detail }) => expect.fail(detail),
      onEvent: () => undefined,
    });
    deliveries.push(delivery);
    delivery.send('ops', told);
    await timers.advance(minutes(1));
    expect(there.asked).toEqual([]);
    may = true;
    await timers.advance(minutes(1));
    await idle(delivery);
    expect(there.asked).toHaveLength(1);
  });

  it('hands over what came together as one message of its group', async () => {
    const there = await otherSide();
    const delivery = delivering(KINDS.webhook?.make(there) as Channel);
    delivery.send('ops', told);
    delivery.send(
      'ops',
      notificationOf({ id: 'n2', at: AT + 1, alerts: [closed('a')], status: 'resolved', reason: 'closed' }),
    );
    await idle(delivery);
    expect(there.asked.map(({ headers }) => headers['idempotency-key'])).toEqual(['n2']);
  });
});
