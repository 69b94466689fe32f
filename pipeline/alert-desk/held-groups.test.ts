import { describe, expect, it } from 'vitest';
import type { Notification } from '../contract/notifications.ts';
import { alertOf, closedOf, deskWorld, HOUR, MINUTE, NOON, SECOND } from './desk.fixture.ts';
import { handlingOf } from './handling.ts';
import { heldGroups } from './held-groups.ts';

const parts = {
  handling: (alert: { id: string; severity: 'info' | 'warning' | 'critical' }) => handlingOf(alert, undefined),
  console: '',
  simulated: false,
};
const held = (world: ReturnType<typeof deskWorld>) =>
  heldGroups(world.state(), parts, NOON).map(({ channel, notification: { group, alerts, closed_more, status } }) => ({
    channel,
    ...group,
    status,
    alerts: alerts.map(({ id, severity, state }) => `${id} ${severity} ${state}`),
    ...(closed_more && { closed_more }),
  }));
const ids = (from: number, to: number): string[] => Array.from({ length: to - from }, (_, i) => `A${from + i}`);
const many = (from: number, to: number) => ids(from, to).map((id) => alertOf({ id, gpu_uuid: `GPU-${id}` }));
const last = (world: ReturnType<typeof deskWorld>): Notification => world.told.at(-1)?.notification as Notification;

describe('what channels were told', () => {
  it('is what was told, as it was told, until its end was told', () => {
    const world = deskWorld({ channels: ['chat', 'boss'] });
    world.take(alertOf({ id: 'W', severity: 'warning' }), alertOf({ id: 'late', node: 'n2', severity: 'warning' }));
    expect(held(world)).toEqual([]);
    world.pass(6 * MINUTE);
    const told = ['chat', 'boss'].flatMap((channel) => [
      { channel, node: 'n1', status: 'firing', alerts: ['W warning open'] },
      { channel, node: 'n2', status: 'firing', alerts: ['late warning open'] },
    ]);
    const sorted = (all: unknown[]): string[] => all.map((one) => JSON.stringify(one)).sort();
    expect(sorted(held(world))).toEqual(sorted(told));
    // It rose, and another one closed: nobody has been told of either.
    world.take(
      alertOf({ id: 'W', severity: 'critical' }),
      closedOf(alertOf({ id: 'late', node: 'n2', severity: 'warning' })),
    );
    expect(sorted(held(world))).toEqual(sorted(told));
    world.restart();
    expect(sorted(held(world))).toEqual(sorted(told));
    world.pass(HOUR);
    expect(sorted(held(world))).toEqual(
      sorted(
        ['chat', 'boss'].map((channel) => ({ channel, node: 'n1', status: 'firing', alerts: ['W critical open'] })),
      ),
    );
  });

  it('has all of a group, however many a message lists, and what closes in a message that is on its way', () => {
    const world = deskWorld();
    world.take(...many(0, 50));
    world.pass(10 * SECOND);
    expect(last(world)).toMatchObject({ more: 30 });
    expect(last(world).alerts).toHaveLength(20);
    expect(last(world).closed_more).toBeUndefined();
    expect(held(world)[0]?.alerts).toHaveLength(50);
    world.take(...many(0, 45).map((alert) => closedOf(alert)));
    world.pass(HOUR);
    expect(last(world)).toMatchObject({ reason: 'closed', status: 'firing', more: 30 });
    expect(
      last(world)
        .alerts.slice(0, 5)
        .map(({ id, state }) => `${id} ${state}`)
        .sort(),
    ).toEqual(ids(45, 50).map((id) => `${id} open`));
    const listed = last(world)
      .alerts.slice(5)
      .map(({ id }) => id);
    expect([...listed, ...(last(world).closed_more ?? [])].sort()).toEqual(ids(0, 45).sort());
    expect(held(world)).toEqual([
      expect.objectContaining({
        alerts: ids(45, 50).map((id) => `${id} critical open`),
        closed_more: last(world).closed_more,
      }),
    ]);
    world.state().outgoing = [];
    expect(held(world)[0]?.closed_more).toBeUndefined();
  });

  it('has what closes in the last message of a group that is over', () => {
    const world = deskWorld();
    world.take(...many(0, 25));
    world.pass(10 * SECOND);
    world.take(...many(0, 25).map((alert) => closedOf(alert)));
    world.pass(HOUR);
    expect(last(world)).toMatchObject({ reason: 'closed', status: 'resolved', more: 5 });
    expect(held(world)).toEqual([
      { channel: 'chat', node: 'n1', status: 'firing', alerts: [], closed_more: last(world).closed_more },
    ]);
    expect(last(world).closed_more).toHaveLength(5);
  });
});
