import { afterEach, describe, expect, it } from 'vitest';
import { settableClock, systemClock } from '../../pipeline/clock.ts';
import { client, endAll, world } from '../live.fixture.ts';
import { keyring } from './keyring.fixture.ts';

afterEach(endAll);

describe.each(['uws', 'ws'] as const)('live server with keys over %s', (library) => {
  it('tells nothing before a good key, everything after it, in the order asked', async () => {
    const keys = keyring(systemClock.now);
    const key = keys.add({ role: 'viewer' });
    const { live, sample } = await world(library, { gate: keys.gate });
    sample('GPU-1');
    const one = await client(live);
    one.say({ op: 'subscribe', topic: 'fleet' });
    const refused = await one.next();
    expect(refused).toMatchObject({ type: 'error', data: { code: 'GV-SEC-001', topic: 'fleet' } });
    one.say({ op: 'auth', key });
    one.say({ op: 'subscribe', topic: 'fleet' });
    one.say({ op: 'ping' });
    expect(await one.next()).toMatchObject({ type: 'snapshot', topic: 'fleet' });
    expect(await one.next()).toMatchObject({ type: 'pong' });
  });

  it.each([
    ['unknown', () => `gvk_000000000000_${'A'.repeat(43)}`],
    ['expired', (keys: ReturnType<typeof keyring>) => keys.add({ expires_at: 1 })],
    ['revoked', (keys: ReturnType<typeof keyring>) => keys.add({ revoked_at: 1 })],
    ['no key at all', () => 'hello'],
  ])('shows the door for a key that is %s', async (_, bad) => {
    const keys = keyring(systemClock.now);
    keys.add();
    const { live } = await world(library, { gate: keys.gate });
    const one = await client(live);
    one.say({ op: 'auth', key: bad(keys) });
    expect(await one.next()).toMatchObject({ type: 'error', data: { code: 'GV-SEC-001', topic: null } });
    expect(await one.closed()).toEqual({ code: 1008 });
  });

  it('tells a key with scopes the topics that they name, and another key on the same socket its own', async () => {
    const keys = keyring(systemClock.now);
    const { live, sample } = await world(library, { gate: keys.gate });
    sample('GPU-1');
    const [alerts, fleet] = [keys.add({ scopes: ['alerts', 'assets'] }), keys.add({ scopes: ['fleet'] })];
    const one = await client(live);
    one.say({ op: 'auth', key: alerts });
    for (const topic of ['fleet', 'node/n1', 'gpu/GPU-1', 'anomalies']) {
      one.say({ op: 'subscribe', topic });
      expect(await one.next()).toMatchObject({ type: 'error', data: { code: 'GV-SEC-002', topic } });
    }
    one.say({ op: 'subscribe', topic: 'alerts' });
    expect(await one.next()).toMatchObject({ type: 'snapshot', topic: 'alerts' });
    one.say({ op: 'auth', key: fleet });
    one.say({ op: 'subscribe', topic: 'alerts' });
    expect(await one.next()).toMatchObject({ type: 'error', data: { code: 'GV-SEC-002', topic: 'alerts' } });
    one.say({ op: 'subscribe', topic: 'fleet' });
    expect(await one.next()).toMatchObject({ type: 'snapshot', topic: 'fleet' });
  });

  it('ends what a key that has ended was given', async () => {
    const clock = settableClock(systemClock.now());
    const keys = keyring(clock.now);
    const key = keys.add({ expires_at: clock.now() + 1_000 });
    const { live } = await world(library, { gate: keys.gate });
    const one = await client(live);
    one.say({ op: 'auth', key });
    one.say({ op: 'subscribe', topic: 'fleet' });
    await one.next(({ type }) => type === 'snapshot');
    clock.advance(1_000);
    expect(await one.next()).toMatchObject({ type: 'error', data: { code: 'GV-SEC-001' } });
    expect(await one.closed()).toEqual({ code: 1008 });
  });

  it('ends what an old secret was given once its grace is over, and nothing of the new one', async () => {
    const clock = settableClock(systemClock.now());
    const keys = keyring(clock.now);
    const old = keys.add();
    const { live } = await world(library, { gate: keys.gate });
    const [stays, moves, goes] = [await client(live), await client(live), await client(live)];
    const enter = async (one: typeof goes, key: string): Promise<void> => {
      one.say({ op: 'auth', key });
      one.say({ op: 'subscribe', topic: 'fleet' });
      await one.next(({ type }) => type === 'snapshot');
    };
    await enter(goes, old);
    await enter(moves, old);
    const fresh = keys.rotate(old, 1_000);
    await enter(stays, fresh);
    await enter(moves, fresh);
    clock.advance(999);
    await enter(goes, old);
    clock.advance(1);
    expect(await goes.next()).toMatchObject({ type: 'error', data: { code: 'GV-SEC-001' } });
    expect(await goes.closed()).toEqual({ code: 1008 });
    for (const one of [stays, moves]) {
      one.say({ op: 'ping' });
      expect(await one.next()).toMatchObject({ type: 'pong' });
    }
  });

  it('sends away who came in before there was a key, and who does not show one in time', async () => {
    const keys = keyring(systemClock.now);
    const { live } = await world(library, { gate: keys.gate, limits: { auth_within_ms: 50 } });
    const early = await client(live);
    early.say({ op: 'subscribe', topic: 'fleet' });
    await early.next(({ type }) => type === 'snapshot');
    keys.add();
    expect(await early.closed()).toEqual({ code: 1008 });
    const silent = await client(live);
    expect(await silent.closed()).toEqual({ code: 1008 });
  });
});
