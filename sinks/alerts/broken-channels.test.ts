import { describe, expect, it } from 'vitest';
import { notificationText } from './alert-text.ts';
import { away, message, type PlayedChannel, playedDelivery, refused } from './delivery.fixture.ts';
import { AT, notifiedAlert } from './notification.fixture.ts';

const told = (channel: PlayedChannel | undefined): string[] =>
  channel?.taken.map(({ reason, title }) => `${reason}: ${title}`) ?? [];

describe('a channel that does not work', () => {
  it('is an alert on the others until it works again, and never on itself', async () => {
    const { delivery, timers, channels, alerts, events } = playedDelivery(['ops', 'mail', 'page'], { tries_max: 100 });
    const [ops, mail, page] = channels as [PlayedChannel, PlayedChannel, PlayedChannel];
    ops.answer = away;
    delivery.send('ops', message(1));
    await timers.advance(1_500);
    expect([told(mail), told(page)]).toEqual([[], []]);
    await timers.advance(10_000);
    const opened = 'opened: Alert channel ops does not work';
    expect([told(mail), told(page)]).toEqual([[opened], [opened]]);
    const [first] = mail.taken;
    expect(first && notificationText(first, '').alerts[0]?.what).toBe(
      'The alert channel ops (webhook) does not work since 2026-01-05 14:15:25 +00:00 (UTC): the other side is away',
    );
    ops.answer = 'take';
    await timers.advance(3_600_000);
    const closed = 'closed: Alert channel ops works again';
    expect([told(mail), told(page)]).toEqual([
      [opened, closed],
      [opened, closed],
    ]);
    expect(ops.taken.map(({ id }) => id)).toEqual(['n1']);
    expect(
      alerts.map(({ id, state, source, source_id, closed_at }) => [id, state, source, source_id, closed_at]),
    ).toEqual([
      [alerts[0]?.id, 'open', 'alert-channels', 'ops', null],
      [alerts[0]?.id, 'closed', 'alert-channels', 'ops', expect.any(Number)],
    ]);
    expect(events.map(({ code, state }) => `${code} ${state}`)).toEqual(['GV-ALT-004 trouble', 'GV-ALT-004 recovered']);
  });

  it('is told at once when a message is lost, once for all that are', async () => {
    const { delivery, timers, channels, letters } = playedDelivery(['ops', 'mail']);
    const [ops, mail] = channels as [PlayedChannel, PlayedChannel];
    ops.answer = refused;
    for (let n = 1; n <= 3; n++) delivery.send('ops', message(n));
    await timers.advance(0);
    expect(letters).toHaveLength(3);
    expect(told(mail)).toEqual(['opened: Alert channel ops does not work']);
  });

  it('does not make channels that are all broken talk about each other for ever', async () => {
    const { delivery, timers, channels, letters } = playedDelivery(['ops', 'mail'], { tries_max: 1_000 });
    for (const channel of channels) channel.answer = away;
    delivery.send('ops', message(1));
    delivery.send('mail', message(1));
    await timers.advance(24 * 3_600_000);
    // The message itself, and one about the other channel.
    expect(Object.values(delivery.counters()).map(({ waiting }) => waiting)).toEqual([2, 2]);
    expect(letters).toEqual([]);
    for (const channel of channels) channel.answer = 'take';
    await timers.advance(3_600_000);
    expect(delivery.waiting).toBe(0);
    const last = channels.map((channel) =>
      told(channel)
        .filter((text) => text.includes('Alert channel'))
        .at(-1),
    );
    expect(last).toEqual(['closed: Alert channel mail works again', 'closed: Alert channel ops works again']);
  });

  it('is told to nobody when there is no other one', async () => {
    const { delivery, timers, channels, events, alerts } = playedDelivery(['ops']);
    const [ops] = channels as [PlayedChannel];
    ops.answer = refused;
    delivery.send('ops', message(1));
    await timers.advance(0);
    expect(ops.tries).toHaveLength(1);
    expect(events.map(({ code }) => code)).toEqual(['GV-ALT-003', 'GV-ALT-004']);
    expect(alerts).toHaveLength(1);
  });
});

describe('what was given up, sent again', () => {
  const lost = message(1, {
    group_key: 'g',
    alerts: [notifiedAlert({ id: 'a' }), notifiedAlert({ id: 'b', state: 'closed', closed_at: AT })],
  });

  it('goes out although its id was seen', async () => {
    const { delivery, timers, channels, letters } = playedDelivery(['ops']);
    const [ops] = channels as [PlayedChannel];
    ops.answer = refused;
    delivery.send('ops', lost);
    await timers.advance(0);
    ops.answer = 'take';
    expect(delivery.sendAgain('ops', JSON.parse(letters[0]?.original ?? '').notification)).toEqual({ state: 'sent' });
    await timers.advance(0);
    expect(ops.taken).toEqual([lost]);
  });

  it('says only what newer messages of its group have not outdated', async () => {
    const { delivery, timers, channels } = playedDelivery(['ops']);
    const [ops] = channels as [PlayedChannel];
    delivery.send('ops', message(2, { group_key: 'g', alerts: [notifiedAlert({ id: 'c' })] }));
    await timers.advance(0);
    expect(delivery.sendAgain('ops', lost)).toEqual({ state: 'sent' });
    await timers.advance(0);
    expect(ops.taken[1]).toMatchObject({ reason: 'closed', status: 'resolved', alerts: [{ id: 'b' }] });
    const nothing_left = { ...lost, alerts: lost.alerts.slice(0, 1) };
    expect(delivery.sendAgain('ops', nothing_left)).toEqual({ state: 'outdated' });
  });

  it('joins a newer one that waits', async () => {
    const { delivery, timers, channels } = playedDelivery(['ops'], { tries_max: 100 });
    const [ops] = channels as [PlayedChannel];
    ops.answer = away;
    delivery.send('ops', message(2, { group_key: 'g', alerts: [notifiedAlert({ id: 'c' })] }));
    await timers.advance(0);
    expect(delivery.sendAgain('ops', lost)).toEqual({ state: 'sent' });
    ops.answer = 'take';
    await timers.advance(60_000);
    expect(ops.taken.map(({ id, alerts }) => [id, alerts.map((one) => one.id)])).toEqual([['n2', ['c', 'b']]]);
  });

  it('is refused for a channel that is gone, and while the program stops', async () => {
    const { delivery } = playedDelivery(['ops']);
    expect(delivery.sendAgain('old', lost)).toEqual({ state: 'refused', reason: 'there is no channel old' });
    await delivery.close();
    expect(delivery.sendAgain('ops', lost)).toEqual({ state: 'refused', reason: 'the program stops' });
  });
});
