import { afterEach, describe, expect, it, vi } from 'vitest';
import { WebSocket } from 'ws';
import { systemClock } from '../../pipeline/clock.ts';
import { client, endAll, world } from '../live.fixture.ts';
import type { LiveServerOptions } from '../start-live.ts';
import { keyring } from './keyring.fixture.ts';

const sockets: WebSocket[] = [];
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.terminate();
  await endAll();
});

/** The status of a handshake; a socket that was let in stays, and says nothing. */
const knock = (url: string, forwarded_for: readonly string[] = []): Promise<number> =>
  new Promise((resolve, reject) => {
    const headers = forwarded_for.length === 0 ? {} : { 'X-Forwarded-For': forwarded_for };
    const socket = new WebSocket(url, 'gpu-vitals.v1', { headers: headers as Record<string, string> });
    sockets.push(socket);
    socket.once('unexpected-response', (_request, response) => {
      resolve(response.statusCode ?? 0);
      socket.terminate();
    });
    socket.once('open', () => resolve(101));
    socket.on('error', reject);
  });

const BAD = 'nonsense';
const TWO = { strangers_per_address_max: 2 };

describe.each(['uws', 'ws'] as const)('strangers at the live server over %s', (library) => {
  const start = async (options: Partial<LiveServerOptions>) => {
    const keys = keyring(systemClock.now);
    const key = keys.add();
    return { key, keys, ...(await world(library, { gate: keys.gate, ...options })) };
  };

  it('get so many sockets of an address, and those who show a key or go make room', async () => {
    const { live, key } = await start({ limits: TWO });
    const one = await client(live);
    const other = await client(live);
    expect(await knock(live.url)).toBe(429);
    one.say({ op: 'auth', key });
    one.say({ op: 'subscribe', topic: 'fleet' });
    await one.next(({ type }) => type === 'snapshot');
    expect(await knock(live.url)).toBe(101);
    expect(await knock(live.url)).toBe(429);
    one.socket.terminate();
    expect(await knock(live.url)).toBe(429);
    other.socket.terminate();
    await vi.waitFor(async () => expect(await knock(live.url)).toBe(101));
    expect(await knock(live.url)).toBe(429);
  });

  it('are not counted while there are no keys', async () => {
    const { live } = await world(library, { gate: keyring().gate, limits: TWO });
    for (let i = 0; i < 5; i++) expect(await knock(live.url)).toBe(101);
  });

  it('are told apart by what the proxy says last, and only where there is one', async () => {
    const proxied = await start({ limits: TWO, behind_proxy: true });
    const from = (...lines: string[]) => knock(proxied.live.url, lines);
    expect([await from('9.9.9.1', '10.0.0.1'), await from('9.9.9.2, 10.0.0.1')]).toEqual([101, 101]);
    expect([await from('9.9.9.3', '10.0.0.1'), await from('9.9.9.4, 10.0.0.1')]).toEqual([429, 429]);
    expect(await from('10.0.0.1', '10.0.0.2')).toBe(101);
    // A proxy that does not say for whom it asks: one stranger would take the room of all.
    for (let i = 0; i < 5; i++) expect(await from()).toBe(101);

    const plain = await start({ limits: TWO });
    const claims = [];
    for (let i = 0; i < 3; i++) claims.push(await knock(plain.live.url, [`10.0.0.${i}`]));
    expect(claims).toEqual([101, 101, 429]);
  });

  it('are not looked at after too many bad keys from their address, as over REST', async () => {
    let looks = 0;
    const keys = keyring(systemClock.now);
    const key = keys.add();
    const know = (bearer: string) => {
      looks++;
      return keys.gate.know(bearer);
    };
    const gate = { locked: true, know, isWelcome: keys.gate.isWelcome };
    const { live } = await world(library, { gate, clock: { ...systemClock, monotonic: () => 0 } });
    for (let i = 0; i < 50; i++) {
      const one = await client(live);
      one.say({ op: 'auth', key: BAD });
      expect(await one.next()).toMatchObject({ type: 'error', data: { code: 'GV-SEC-001' } });
      await one.closed();
    }
    expect(looks).toBe(50);
    for (const shown of [BAD, key]) {
      const held = await client(live);
      held.say({ op: 'auth', key: shown });
      expect(await held.next()).toMatchObject({ type: 'error', data: { code: 'GV-SEC-003' } });
      expect(await held.closed()).toEqual({ code: 1008 });
    }
    expect(looks).toBe(50);
  });
});
