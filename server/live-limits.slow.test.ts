import { connect, type Socket } from 'node:net';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { WebSocket } from 'ws';
import { client, endAll, world } from './live.fixture.ts';

afterEach(endAll);

const statusOf = (url: string, options: { protocols?: string[]; origin?: string }): Promise<number> =>
  new Promise((resolve, reject) => {
    const socket = new WebSocket(url, options.protocols ?? [], options.origin ? { origin: options.origin } : {});
    socket.once('unexpected-response', (_request, response) => {
      resolve(response.statusCode ?? 0);
      socket.terminate();
    });
    socket.once('open', () => {
      resolve(101);
      socket.terminate();
    });
    socket.on('error', reject);
  });

describe.each(['uws', 'ws'] as const)('limits of the live server over %s', (library) => {
  it('refuses with code, detail and topic, and goes on', async () => {
    const { live } = await world(library);
    const c = await client(live);
    const cases: [said: unknown, code: string, topic: string | null][] = [
      ['{', 'GV-LIV-001', null],
      ['null', 'GV-LIV-001', null],
      ['[1]', 'GV-LIV-001', null],
      [{ op: 'dance' }, 'GV-LIV-001', null],
      [{ op: 'subscribe' }, 'GV-LIV-001', null],
      [{ op: 'subscribe', topic: 'fleet', since: 'x' }, 'GV-LIV-001', 'fleet'],
      [{ op: 'subscribe', topic: 'fleet', since: 1.5 }, 'GV-LIV-001', 'fleet'],
      [{ op: 'subscribe', topic: 'nonsense' }, 'GV-LIV-002', 'nonsense'],
      [{ op: 'subscribe', topic: 'gpu/' }, 'GV-LIV-002', 'gpu/'],
      [{ op: 'unsubscribe', topic: 'rack/1' }, 'GV-LIV-002', 'rack/1'],
    ];
    for (const [said, code, topic] of cases) {
      c.say(said);
      expect(await c.next()).toMatchObject({ type: 'error', topic, seq: null, data: { code, topic } });
    }
    c.socket.send(new Uint8Array([1, 2]));
    expect(await c.next()).toMatchObject({ type: 'error', data: { code: 'GV-LIV-001' } });
    c.say({ op: 'ping' });
    expect(await c.next()).toMatchObject({ type: 'pong', topic: null, data: null });
  });

  it('unsubscribes', async () => {
    const { live, sample } = await world(library);
    const c = await client(live);
    c.say({ op: 'subscribe', topic: 'fleet' });
    await c.next();
    c.say({ op: 'unsubscribe', topic: 'fleet' });
    c.say({ op: 'subscribe', topic: 'gpu/GPU-a' });
    await c.next();
    sample('GPU-a');
    expect(await c.next()).toMatchObject({ topic: 'gpu/GPU-a', type: 'delta' });
    c.say({ op: 'ping' });
    expect(await c.next()).toMatchObject({ type: 'pong' });
  });

  it('bounds topics and messages per socket', async () => {
    const { live } = await world(library, {
      limits: { topics_per_socket_max: 2, message_burst: 10, messages_per_s: 1 },
    });
    const c = await client(live);
    for (const topic of ['gpu/1', 'gpu/2', 'gpu/3']) c.say({ op: 'subscribe', topic });
    expect(await c.next((m) => m.type === 'error')).toMatchObject({ data: { code: 'GV-LIV-003', topic: 'gpu/3' } });
    for (let i = 0; i < 40; i++) c.say({ op: 'ping' });
    expect(await c.next((m) => m.type === 'error')).toMatchObject({ data: { code: 'GV-LIV-003', topic: null } });
    expect(await c.closed()).toEqual({ code: 1008 });
  });

  it('cuts who sends more than the payload limit', async () => {
    const { live } = await world(library);
    const c = await client(live);
    c.say('x'.repeat(20_000));
    expect([1006, 1009]).toContain((await c.closed())?.code);
  });

  it('judges the handshake: path, protocol, origin, number of sockets', async () => {
    const { live } = await world(library, { sockets_max: 1 });
    const cases: [url: string, options: { protocols?: string[]; origin?: string }, status: number][] = [
      [live.url.replace('/live', '/other'), {}, 404],
      [live.url, { protocols: ['soap'] }, 400],
      [live.url, { origin: 'http://evil.example' }, 403],
      [live.url, { protocols: ['gpu-vitals.v1'], origin: 'http://127.0.0.1:8080' }, 101],
    ];
    for (const [url, options, status] of cases) expect(await statusOf(url, options)).toBe(status);
    await vi.waitFor(async () => expect(await statusOf(live.url, {})).toBe(101));
    await vi.waitFor(() => client(live));
    expect(await statusOf(live.url, {})).toBe(503);
    const plain = await fetch(live.url.replace('ws:', 'http:'));
    expect(plain.status).toBe(426);
  });

  it('refuses a taken port with GV-SVC-006', async () => {
    const { live } = await world(library);
    const port = Number(new URL(live.url).port);
    await expect(world(library, { port })).rejects.toMatchObject({ code: 'GV-SVC-006' });
  });

  it('gives a client that stops reading a gap and the state once it reads again, and others everything meanwhile', async () => {
    const { live, sample } = await world(library, { limits: { slow_bytes: 65_536 } });
    for (let i = 0; i < 200; i++) sample(`GPU-${i}`);
    await vi.waitFor(() => expect(live.view.size).toBe(200));
    const slow = await client(live);
    slow.say({ op: 'subscribe', topic: 'fleet' });
    await slow.next();
    (slow.socket as unknown as { _socket: Socket })._socket.pause();
    const quick = await client(live);
    quick.say({ op: 'subscribe', topic: 'fleet' });
    let expected = (await quick.next()).seq;
    // Enough to fill the kernel's buffers and then the server's bound many times over.
    for (let round = 0; round < 250; round++) {
      for (let i = 0; i < 200; i++) sample(`GPU-${i}`, { power_watts: round });
      expected++;
      await vi.waitFor(() => expect(quick.messages.at(-1)?.seq).toBeGreaterThanOrEqual(expected), { interval: 2 });
      expected = quick.messages.at(-1)?.seq ?? expected;
    }
    expect(quick.messages.map((m) => m.type)).not.toContain('gap');
    (slow.socket as unknown as { _socket: Socket })._socket.resume();
    const gap = await slow.next((m) => m.type === 'gap');
    const state = await slow.next();
    expect(state).toMatchObject({ type: 'snapshot', topic: 'fleet' });
    expect(gap.seq).toBe(state.seq);
    expect((state.data as { power_watts: number }[]).every((gpu) => gpu.power_watts === 249)).toBe(true);
    sample('GPU-0', { power_watts: 7 });
    expect(await slow.next()).toMatchObject({ type: 'delta', seq: state.seq + 1, data: [{ power_watts: 7 }] });
  }, 60_000);

  it('cuts who has gone without a word, and keeps who is there and silent', async () => {
    const { live, sample } = await world(library, { idle_timeout_s: 8, sockets_max: 2 });
    const silent = await client(live);
    silent.say({ op: 'subscribe', topic: 'fleet' });
    await silent.next();
    const gone = await client(live);
    // The connection stands, but nobody reads what comes over it: no ping is answered.
    (gone.socket as unknown as { _socket: Socket })._socket.pause();
    expect(await statusOf(live.url, {})).toBe(503);
    await vi.waitFor(async () => expect(await statusOf(live.url, {})).toBe(101), { timeout: 30_000, interval: 500 });
    sample('GPU-a');
    expect(await silent.next()).toMatchObject({ type: 'delta' });
  }, 60_000);

  it('survives sockets that break in the middle of a frame', async () => {
    const { live, sample } = await world(library);
    const { port } = new URL(live.url);
    const raw = connect(Number(port), '127.0.0.1');
    raw.write('GET /live HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n');
    raw.write('Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n');
    await new Promise((resolve) => raw.once('data', resolve));
    raw.write(Buffer.from([0xff, 0xff, 0xff]));
    raw.destroy();
    const c = await client(live);
    c.say({ op: 'subscribe', topic: 'fleet' });
    await c.next();
    sample('GPU-a');
    expect(await c.next()).toMatchObject({ type: 'delta' });
  });
});
