import { describe, expect, it } from 'vitest';
import { ChannelFailure } from '../../pipeline/contract/notifications.ts';
import { seconds } from '../../pipeline/contract/time.ts';
import { away, message, type PlayedChannel, playedDelivery, refused } from './delivery.fixture.ts';
import { AT, notifiedAlert } from './notification.fixture.ts';

const HOUR = 3_600_000;
const triesAt = (channel: PlayedChannel | undefined): number[] => channel?.tries.map(({ at }) => at / 1_000) ?? [];
const ids = (channel: PlayedChannel | undefined): string[] => channel?.taken.map(({ id }) => id) ?? [];

describe('delivery', () => {
  it('sends at once, each message once, and counts', async () => {
    const { delivery, timers, channels } = playedDelivery(['ops', 'mail']);
    delivery.send('ops', message(1));
    delivery.send('ops', message(1));
    delivery.send('mail', message(1));
    expect(delivery.holds('ops', 'n1')).toBe(true);
    expect(delivery.waiting).toBe(2);
    await timers.advance(0);
    expect(channels.map(ids)).toEqual([['n1'], ['n1']]);
    expect(delivery.waiting).toBe(0);
    expect(delivery.holds('ops', 'n1')).toBe(false);
    expect(delivery.counters().ops).toMatchObject({ sent: 1, failed: 0, duplicates: 1, waiting: 0, breaker: 'closed' });
  });

  it('tells of a channel that does not exist once, and counts', async () => {
    const { delivery, events } = playedDelivery(['ops']);
    delivery.send('nobody', message(1));
    delivery.send('nobody', message(2));
    expect(delivery.unknown).toBe(2);
    expect(events).toEqual([expect.objectContaining({ code: 'GV-ALT-001', channel: 'nobody', state: 'trouble' })]);
    expect(delivery.holds('nobody', 'n1')).toBe(false);
  });

  it('tries again after growing pauses, then gives up into the dead letters', async () => {
    const { delivery, timers, channels, letters } = playedDelivery(['ops'], {
      breaker: { failures: 100, open_min: seconds(1), open_max: seconds(1) },
    });
    const [ops] = channels as [PlayedChannel];
    ops.answer = away;
    delivery.send('ops', message(1));
    await timers.advance(HOUR);
    expect(triesAt(ops)).toEqual([0, 1, 3, 7]);
    expect(letters).toEqual([
      {
        ...{ ts: AT + 1, node: 'gpu-017', level: 'notification', reason: 'undelivered', code: 'GV-ALT-003' },
        step: 'alert-channel ops',
        detail: 'the other side is away (try 4); given up 2026-01-05T14:15:29.000Z: GPU-1111 on gpu-017 is too hot',
        original: JSON.stringify({ channel: 'ops', notification: message(1) }),
      },
    ]);
    expect(delivery.counters().ops).toMatchObject({ sent: 0, failed: 4, given_up: 1, waiting: 0 });
    expect(timers.set).toBe(0);
  });

  it('takes up to half of a pause off by chance', async () => {
    const { delivery, timers, channels } = playedDelivery(['ops'], { random: () => 1 });
    const [ops] = channels as [PlayedChannel];
    ops.answer = away;
    delivery.send('ops', message(1));
    await timers.advance(2_000);
    expect(triesAt(ops)).toEqual([0, 0.5, 1.5]);
  });

  it('waits as long as the other side asks, with everything', async () => {
    const { delivery, timers, channels } = playedDelivery(['ops']);
    const [ops] = channels as [PlayedChannel];
    ops.answer = new ChannelFailure('slow down', { retryable: true, retry_after_ms: 90_000 });
    delivery.send('ops', message(1));
    await timers.advance(10_000);
    delivery.send('ops', message(2));
    ops.answer = 'take';
    await timers.advance(79_000);
    expect(triesAt(ops)).toEqual([0]);
    await timers.advance(2_000);
    expect(ids(ops)).toEqual(['n1', 'n2']);
    expect(triesAt(ops)).toEqual([0, 90, 90]);
  });

  it('does not try again what is refused, and goes on with the next', async () => {
    const { delivery, timers, channels, letters } = playedDelivery(['ops']);
    const [ops] = channels as [PlayedChannel];
    ops.answer = refused;
    delivery.send('ops', message(1));
    await timers.advance(0);
    ops.answer = 'take';
    delivery.send('ops', message(2));
    await timers.advance(0);
    expect(letters.map(({ original }) => JSON.parse(original ?? '').notification.id)).toEqual(['n1']);
    expect(ids(ops)).toEqual(['n2']);
  });

  it('does not try again what fails by a mistake of ours', async () => {
    const { delivery, timers, channels, letters } = playedDelivery(['ops']);
    const [ops] = channels as [PlayedChannel];
    ops.answer = new TypeError('x is not a function');
    delivery.send('ops', message(1));
    await timers.advance(HOUR);
    expect(ops.tries).toHaveLength(1);
    expect(letters[0]?.detail).toMatch(/x is not a function/);
  });

  it.each(['silence', 'ignore'] as const)('gives up on a channel that does not answer (%s)', async (answer) => {
    const { delivery, timers, channels } = playedDelivery(['ops']);
    const [ops] = channels as [PlayedChannel];
    ops.answer = answer;
    delivery.send('ops', message(1));
    await timers.advance(29_000);
    expect(delivery.counters().ops).toMatchObject({ failed: 0, waiting: 1 });
    ops.answer = 'take';
    await timers.advance(3_000);
    expect(delivery.counters().ops).toMatchObject({ failed: 1, sent: 1, waiting: 0 });
  });

  it('leaves a channel alone that fails again and again, and probes it', async () => {
    const { delivery, timers, channels } = playedDelivery(['ops'], { tries_max: 100 });
    const [ops] = channels as [PlayedChannel];
    ops.answer = away;
    for (let n = 1; n <= 5; n++) delivery.send('ops', message(n));
    await timers.advance(1_000);
    expect(triesAt(ops)).toEqual([0, 0, 0]);
    expect(delivery.counters().ops).toMatchObject({ breaker: 'open', waiting: 5, problem: 'the other side is away' });
    await timers.advance(10 * 60_000);
    // 60 s open, one probe, then twice as long, up to four minutes.
    expect(triesAt(ops)).toEqual([0, 0, 0, 60, 180, 420]);
    ops.answer = 'take';
    await timers.advance(4 * 60_000);
    expect(ids(ops).sort()).toEqual(['n1', 'n2', 'n3', 'n4', 'n5']);
    expect(delivery.counters().ops).toMatchObject({ breaker: 'closed', waiting: 0, problem: '', broken_since: null });
  });

  it('makes one message of those of a group that wait, in order, and holds all of them', async () => {
    const { delivery, timers, channels } = playedDelivery(['ops'], { tries_max: 100 });
    const [ops] = channels as [PlayedChannel];
    ops.answer = away;
    const open = notifiedAlert({ id: 'a' });
    const closed = notifiedAlert({ id: 'a', state: 'closed', closed_at: AT });
    delivery.send('ops', message(1, { group_key: 'g', alerts: [open] }));
    await timers.advance(0);
    delivery.send('ops', message(2, { group_key: 'g', reason: 'closed', status: 'resolved', alerts: [closed] }));
    delivery.send('ops', message(3, { group_key: 'g', alerts: [notifiedAlert({ id: 'b' })] }));
    expect(['n1', 'n2', 'n3'].map((id) => delivery.holds('ops', id))).toEqual([true, true, true]);
    expect(delivery.waiting).toBe(1);
    ops.answer = 'take';
    await timers.advance(60_000);
    expect(ops.taken.map(({ id, alerts }) => [id, alerts.map((one) => `${one.id} ${one.state}`)])).toEqual([
      ['n3', ['b open', 'a closed']],
    ]);
    expect(delivery.counters().ops).toMatchObject({ merged: 2, sent: 1 });
    expect(delivery.holds('ops', 'n1')).toBe(false);
  });

  it('takes what failed on its way into a newer one that came meanwhile', async () => {
    const { delivery, timers, channels } = playedDelivery(['ops']);
    const [ops] = channels as [PlayedChannel];
    ops.answer = 'silence';
    const closed = notifiedAlert({ id: 'a', state: 'closed', closed_at: AT });
    delivery.send('ops', message(1, { group_key: 'g', alerts: [closed] }));
    await timers.advance(1_000);
    delivery.send('ops', message(2, { group_key: 'g', alerts: [notifiedAlert({ id: 'b' })] }));
    ops.answer = 'take';
    await timers.advance(60_000);
    expect(ops.taken.map(({ id, alerts }) => [id, alerts.length])).toEqual([['n2', 2]]);
  });

  it('sends the most severe first, then the oldest', async () => {
    const { delivery, timers, channels } = playedDelivery(['ops'], { tries_max: 100 });
    const [ops] = channels as [PlayedChannel];
    ops.answer = new ChannelFailure('later', { retryable: true, retry_after_ms: 10_000 });
    (['info', 'warning', 'critical', 'critical', 'warning'] as const).forEach((severity, i) => {
      delivery.send('ops', message(i, { severity }));
    });
    await timers.advance(1_000);
    ops.answer = 'take';
    await timers.advance(20_000);
    expect(ids(ops)).toEqual(['n2', 'n3', 'n1', 'n4', 'n0']);
  });

  it('holds a bounded number of groups: the least severe and oldest goes to the dead letters', async () => {
    const { delivery, timers, channels, letters } = playedDelivery(['ops'], { waiting_max: 10, tries_max: 100 });
    const [ops] = channels as [PlayedChannel];
    ops.answer = away;
    for (let n = 0; n < 1_000; n++) {
      delivery.send('ops', message(n, { severity: n % 100 === 0 ? 'critical' : 'info' }));
    }
    await timers.advance(0);
    expect(delivery.waiting).toBe(10);
    expect(letters).toHaveLength(990);
    expect(letters[0]?.detail).toMatch(/more than 10 messages wait/);
    ops.answer = 'take';
    await timers.advance(HOUR);
    expect(ids(ops)).toEqual(Array.from({ length: 10 }, (_, i) => `n${i * 100}`));
  });

  it('waits for what is on its way when it stops, and still holds the rest', async () => {
    const { delivery, timers, channels, letters } = playedDelivery(['ops', 'mail'], { tries_max: 100 });
    const [ops, mail] = channels as [PlayedChannel, PlayedChannel];
    ops.answer = 'silence';
    mail.answer = 'ignore';
    for (const name of ['ops', 'mail']) {
      delivery.send(name, message(1));
      delivery.send(name, message(2));
    }
    await timers.advance(0);
    const closed = delivery.close();
    await timers.advance(2_000);
    await closed;
    expect(letters).toEqual([]);
    expect(['n1', 'n2'].map((id) => delivery.holds('ops', id) && delivery.holds('mail', id))).toEqual([true, true]);
    expect([ops.closed, mail.closed, timers.set]).toEqual([true, true, 0]);
    delivery.send('ops', message(3));
    expect(delivery.holds('ops', 'n3')).toBe(false);
  });
});
