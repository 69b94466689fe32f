import { afterEach, describe, expect, it } from 'vitest';
import { minutes, seconds } from '../../pipeline/contract/time.ts';
import { alertmanagerChannel } from './alertmanager-channel.ts';
import { failureOf, secret, signal, testParts } from './channel-parts.fixture.ts';
import { manualTimers } from './manual-timers.fixture.ts';
import { AT, notificationOf, notifiedAlert } from './notification.fixture.ts';
import { closeOtherSides, otherSide } from './other-side.fixture.ts';

afterEach(closeOtherSides);

interface Posted {
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly startsAt: string;
  readonly endsAt: string;
  readonly generatorURL?: string;
}

async function alertmanager(labels: Record<string, string> = {}) {
  const there = await otherSide({ status: 200, body: '' });
  const timers = manualTimers(AT);
  const problems: string[] = [];
  const channel = alertmanagerChannel({
    ...testParts(),
    clock: timers.clock,
    after: timers.after,
    address: secret(`${there.url}/am/`),
    bearer_token: secret('sesame'),
    labels,
    repost: minutes(1),
    on_problem: (detail) => problems.push(detail),
  });
  const posts = (): Posted[][] => there.bodies<Posted[]>();
  /** Runs the timer that posts again, and waits for the post. */
  const repost = async (): Promise<void> => {
    const before = there.asked.length;
    await timers.advance(minutes(1));
    await expect.poll(() => there.asked.length).toBe(before + 1);
    await expect.poll(() => timers.set).toBe(1);
  };
  return { there, timers, channel, posts, repost, problems };
}

const iso = (ms: number): string => new Date(ms).toISOString();
const closed = notifiedAlert({ state: 'closed', closed_at: AT });

describe('alertmanager', () => {
  it('posts an alert with valid labels that ends by itself', async () => {
    const { there, channel, posts } = await alertmanager({ env: 'prod', cluster: 'ours' });
    await channel.send(notificationOf({ alerts: [notifiedAlert({ tenant: '', owner: '' })] }), signal());
    expect(there.asked[0]).toMatchObject({ path: '/am/api/v2/alerts', headers: { authorization: 'Bearer sesame' } });
    const [alert] = posts()[0] as Posted[];
    expect(alert).toEqual({
      labels: {
        ...{ alertname: 'thermal', severity: 'critical', node: 'gpu-017', gpu_uuid: 'GPU-1111', category: 'thermal' },
        ...{
          model: 'NVIDIA H100 80GB HBM3',
          cluster: 'ours',
          rack: 'r12',
          job: 'train/pod-7',
          alert_id: 'a1',
          env: 'prod',
        },
      },
      annotations: {
        summary: 'GPU-1111 on gpu-017 is at 96 C, 9 C over its limit, since 14:03.',
        where: 'GPU-1111, NVIDIA H100 80GB HBM3, node gpu-017, rack r12, cluster c1, used by train/pod-7',
        what_to_do: 'Drain the node and look at its fans.',
      },
      startsAt: '2026-01-05T14:03:22.000Z',
      endsAt: iso(AT + minutes(5)),
      generatorURL: 'http://console.example:8080/gpus/GPU-1111',
    });
    for (const name of Object.keys(alert?.labels ?? {})) expect(name).toMatch(/^[a-zA-Z_][a-zA-Z0-9_]*$/);
    await channel.close();
  });

  it('posts open alerts again before they end, until they close', async () => {
    const { channel, posts, repost, timers } = await alertmanager();
    await channel.send(notificationOf(), signal());
    for (let i = 1; i <= 7; i++) {
      await repost();
      const [again] = posts().at(-1) as Posted[];
      expect(Date.parse(again?.endsAt ?? '')).toBe(AT + minutes(i) + minutes(5));
      expect(again?.labels.alert_id).toBe('a1');
    }
    await channel.send(notificationOf({ id: 'n2', status: 'resolved', alerts: [closed] }), signal());
    expect(posts().at(-1)?.[0]?.endsAt).toBe(iso(AT));
    const so_far = posts().length;
    await timers.advance(minutes(30));
    expect(posts().length).toBe(so_far);
    expect(timers.set).toBe(0);
    await channel.close();
  });

  it('ends the old labels when the severity rises', async () => {
    const { channel, posts, timers } = await alertmanager();
    await channel.send(notificationOf({ alerts: [notifiedAlert({ severity: 'warning' })] }), signal());
    await timers.advance(seconds(10));
    await channel.send(notificationOf({ id: 'n2', reason: 'escalated' }), signal());
    expect(posts()[1]?.map(({ labels, endsAt }) => [labels.severity, endsAt])).toEqual([
      ['warning', iso(AT + seconds(10))],
      ['critical', iso(AT + seconds(10) + minutes(5))],
    ]);
    await channel.close();
  });

  it('ends all of a group that is over, also what the message does not list', async () => {
    const { channel, posts } = await alertmanager();
    await channel.send(notificationOf({ alerts: [notifiedAlert(), notifiedAlert({ id: 'b' })] }), signal());
    await channel.send(notificationOf({ group_key: 'other', alerts: [notifiedAlert({ id: 'c' })] }), signal());
    await channel.send(notificationOf({ id: 'n3', status: 'resolved', alerts: [closed] }), signal());
    expect(posts()[2]?.map(({ labels, endsAt }) => [labels.alert_id, endsAt])).toEqual([
      ['a1', iso(AT)],
      ['b', iso(AT)],
    ]);
    await channel.close();
  });

  it('does not keep a test alive', async () => {
    const { channel, timers } = await alertmanager();
    await channel.send(notificationOf({ reason: 'test' }), signal());
    expect(timers.set).toBe(0);
    await channel.close();
  });

  it('goes on after a post that was not taken, and forgets nothing that it could not tell', async () => {
    const { there, channel, posts, repost, problems, timers } = await alertmanager();
    await channel.send(notificationOf(), signal());
    there.answers({ status: 500, body: 'no space' });
    await repost();
    await expect.poll(() => problems).toEqual([`${there.host} answers HTTP 500: no space`]);
    const over = notificationOf({ id: 'n2', status: 'resolved', alerts: [closed] });
    expect(await failureOf(channel.send(over, signal()))).toMatchObject({ retryable: true });
    there.answers({ status: 200 });
    await repost();
    expect(posts().at(-1)?.[0]?.labels.alert_id).toBe('a1');
    await channel.send(over, signal());
    await channel.close();
    expect(timers.set).toBeLessThanOrEqual(1);
  });

  it('posts thousands in parts', async () => {
    const { channel, posts } = await alertmanager();
    const alerts = Array.from({ length: 450 }, (_, i) => notifiedAlert({ id: `a${i}` }));
    await channel.send(notificationOf({ alerts }), signal());
    expect(posts().map((part) => part.length)).toEqual([200, 200, 50]);
    await channel.close();
  });
});
