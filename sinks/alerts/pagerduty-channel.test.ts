import { afterEach, describe, expect, it } from 'vitest';
import { failureOf, secret, signal, testParts } from './channel-parts.fixture.ts';
import { AT, notificationOf, notifiedAlert } from './notification.fixture.ts';
import { type Answer, closeOtherSides, otherSide } from './other-side.fixture.ts';
import { pagerdutyChannel } from './pagerduty-channel.ts';

afterEach(closeOtherSides);

const TAKEN: Answer = { status: 202, body: '{"status":"success","message":"Event processed","dedup_key":"a1"}' };
const KEY = 'f00dfeedf00dfeedf00dfeedf00dfeed';

interface Event {
  readonly routing_key: string;
  readonly event_action: string;
  readonly dedup_key: string;
  readonly payload?: Readonly<Record<string, unknown>> & { readonly summary: string };
  readonly links?: readonly { readonly href: string }[];
}

async function pagerduty(...answers: Answer[]) {
  const there = await otherSide(...(answers.length === 0 ? [TAKEN] : answers));
  const parts = testParts();
  const channel = pagerdutyChannel({ ...parts, url: `${there.url}/v2/enqueue`, routing_key: secret(KEY) });
  const actions = (): string[] => there.bodies<Event>().map((one) => `${one.event_action} ${one.dedup_key}`);
  return { there, channel, parts, actions };
}

const closed = (id: string) => notifiedAlert({ id, state: 'closed', closed_at: AT });

describe('pagerduty', () => {
  it('tells one alert with all that a person on call needs', async () => {
    const { there, channel, parts } = await pagerduty();
    await channel.send(notificationOf({ simulated: true }), signal());
    expect(there.asked[0]?.path).toBe('/v2/enqueue');
    expect(there.bodies<Event>()).toEqual([
      {
        ...{ routing_key: KEY, event_action: 'trigger', dedup_key: 'a1', client: 'gpu-vitals' },
        payload: {
          summary: '[simulated] GPU-1111 on gpu-017 is at 96 C, 9 C over its limit, since 14:03.',
          ...{ source: 'gpu-017', severity: 'critical', timestamp: '2026-01-05T14:03:22.000Z' },
          ...{ component: 'GPU-1111', group: 'node=gpu-017', class: 'thermal' },
          custom_details: {
            where: 'GPU-1111, NVIDIA H100 80GB HBM3, node gpu-017, rack r12, cluster c1, used by train/pod-7',
            how_bad: 'critical (thermal)',
            since: '2026-01-05 14:03:22 +00:00 (UTC), for 12 min',
            what_to_do: 'Drain the node and look at its fans.',
            recovery_action: 'drain_and_reset',
            ...{ owner: 'ml', tenant: 't1', follows_from: 'anomalies an1', simulated: true },
          },
        },
        links: [{ href: 'http://console.example:8080/gpus/GPU-1111', text: 'Details in gpu-vitals' }],
      },
    ]);
    expect(parts.said[0]).toMatch(/^HTTP 202: /);
  });

  it('triggers, acknowledges and resolves one event an alert', async () => {
    const { channel, actions } = await pagerduty();
    const alerts = [notifiedAlert({ id: 'a' }), notifiedAlert({ id: 'b', acknowledged_by: 'mia' }), closed('c')];
    await channel.send(notificationOf({ alerts }), signal());
    expect(actions()).toEqual(['trigger a', 'acknowledge b', 'resolve c']);
  });

  it.each(['info', 'warning', 'critical'] as const)('keeps the severity %s', async (severity) => {
    const { there, channel } = await pagerduty();
    await channel.send(notificationOf({ alerts: [notifiedAlert({ severity })] }), signal());
    expect(there.bodies<Event>()[0]?.payload?.severity).toBe(severity);
  });

  it('tells what is not listed, and resolves all of a group that is over', async () => {
    const { channel, actions } = await pagerduty();
    const alerts = ['a', 'b', 'c'].map((id) => notifiedAlert({ id }));
    await channel.send(notificationOf({ alerts, more: 4 }), signal());
    await channel.send(notificationOf({ id: 'n2', alerts: [alerts[0] ?? notifiedAlert(), closed('b')] }), signal());
    await channel.send(
      notificationOf({ id: 'n3', status: 'resolved', reason: 'closed', alerts: [closed('a')] }),
      signal(),
    );
    const rest = 'more:node=gpu-017';
    expect(actions()).toEqual([
      ...['trigger a', 'trigger b', 'trigger c', `trigger ${rest}`],
      ...['trigger a', 'resolve b', `resolve ${rest}`],
      ...['resolve a', 'resolve c'],
    ]);
  });

  it('resolves a test at once', async () => {
    const { channel, actions } = await pagerduty();
    await channel.send(notificationOf({ reason: 'test' }), signal());
    expect(actions()).toEqual(['trigger a1', 'resolve a1']);
  });

  it('cuts what is too long', async () => {
    const { there, channel } = await pagerduty();
    const alert = notifiedAlert({ id: 'x'.repeat(400), summary: 'y'.repeat(4_000), node: 'z'.repeat(400) });
    await channel.send(notificationOf({ alerts: [alert] }), signal());
    const [event] = there.bodies<Event>();
    expect(event?.dedup_key.length).toBeLessThanOrEqual(255);
    expect(event?.payload?.summary.length).toBeLessThanOrEqual(1_024);
  });

  it.each<[number, string, boolean, number | null]>([
    [400, `{"status":"invalid event","errors":["routing_key ${KEY} is invalid"]}`, false, null],
    [403, 'forbidden', false, null],
    [429, 'slow down', true, 12_000],
    [500, 'oops', true, null],
  ])('reads HTTP %i without the key', async (status, body, retryable, retry_after_ms) => {
    const headers: Record<string, string> = status === 429 ? { 'retry-after': '12' } : {};
    const { channel } = await pagerduty({ status, body, headers });
    const failure = await failureOf(channel.send(notificationOf(), signal()));
    expect(failure).toMatchObject({ retryable, retry_after_ms });
    expect(failure.message).not.toContain(KEY);
  });

  it('goes on where it was after a failure in between', async () => {
    const { channel, actions } = await pagerduty(TAKEN, { status: 500 }, TAKEN);
    const notification = notificationOf({ alerts: [notifiedAlert({ id: 'a' }), notifiedAlert({ id: 'b' })] });
    await failureOf(channel.send(notification, signal()));
    await channel.send(notification, signal());
    await channel.send(notificationOf({ id: 'n2', status: 'resolved', alerts: [closed('a')] }), signal());
    expect(actions()).toEqual(['trigger a', 'trigger b', 'trigger a', 'trigger b', 'resolve a', 'resolve b']);
  });
});
