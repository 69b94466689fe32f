import { connect, type Socket } from 'node:net';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { WebSocket } from 'ws';
import { systemClock } from '../pipeline/clock.ts';
import type { MetricName } from '../pipeline/contract/metrics.ts';
import { anomalyOf, batchOf, jsonBytes } from '../sinks/live/fleet.fixture.ts';
import { framesSink } from '../sinks/live/frames-sink.ts';
import { memoryBus } from '../sinks/live/memory-bus.fixture.ts';
import { type LiveMessage, liveMessageSchema } from './schemas-fleet.ts';
import { type LiveServerOptions, type RunningLive, startLive } from './start-live.ts';

const endings: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end();
});

async function world(library: 'uws' | 'ws', options: Partial<LiveServerOptions> = {}) {
  const bus = memoryBus();
  const live = await startLive({
    bus,
    database: null,
    clock: systemClock,
    host: '127.0.0.1',
    port: 0,
    library,
    ...options,
  });
  endings.push(() => live.close());
  const sink = framesSink(bus, { worker: 'w1' });
  let ts = 1_767_225_600_000;
  return {
    bus,
    live,
    sample(uuid: string, values: Partial<Record<MetricName, number>> = { power_watts: 300 }, node = 'n1') {
      ts += 1_000;
      sink.write(batchOf([{ uuid, node, ts, values }]));
    },
  };
}

type Message = LiveMessage & { seq: number };

async function client(live: RunningLive) {
  const socket = new WebSocket(live.url, 'gpu-vitals.v1');
  const messages: Message[] = [];
  let close: { code: number } | null = null;
  socket.on('message', (data) => {
    const parsed = JSON.parse(data.toString()) as Message;
    liveMessageSchema.parse(parsed);
    messages.push(parsed);
  });
  socket.on('close', (code) => {
    close = { code };
  });
  endings.push(() => socket.terminate());
  await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject));
  const next = async (matching: (message: Message) => boolean = () => true): Promise<Message> => {
    const found = await vi.waitFor(() => {
      const at = messages.findIndex(matching);
      if (at < 0) throw new Error(`not among ${messages.length} messages`);
      return at;
    }, 5_000);
    return messages.splice(0, found + 1).at(-1) as Message;
  };
  return {
    socket,
    messages,
    next,
    closed: () => vi.waitFor(() => expect(close).not.toBeNull(), 5_000).then(() => close as { code: number } | null),
    say: (message: unknown) => socket.send(typeof message === 'string' ? message : JSON.stringify(message)),
  };
}

const delta = (message: Message): boolean => message.type === 'delta';
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

describe.each(['uws', 'ws'] as const)('live server over %s', (library) => {
  it('is really this library', async () => {
    const { live } = await world(library);
    expect(live.library).toBe(library);
  });

  it('answers a subscription with a snapshot, then numbered deltas', async () => {
    const { live, sample } = await world(library);
    sample('GPU-a');
    await vi.waitFor(() => expect(live.view.size).toBe(1));
    const c = await client(live);
    expect(c.socket.protocol).toBe('gpu-vitals.v1');
    c.say({ op: 'subscribe', topic: 'fleet' });
    const snapshot = await c.next();
    expect(snapshot).toMatchObject({
      topic: 'fleet',
      type: 'snapshot',
      data: [{ gpu_uuid: 'GPU-a', power_watts: 300 }],
    });
    for (let i = 1; i <= 5; i++) {
      sample('GPU-b', { power_watts: i });
      const got = await c.next();
      expect(got).toMatchObject({ topic: 'fleet', type: 'delta', data: [{ gpu_uuid: 'GPU-b', power_watts: i }] });
      expect(got.seq).toBe(snapshot.seq + i);
    }
  });

  it('tells a topic only what belongs to it', async () => {
    const { live, sample, bus } = await world(library);
    const c = await client(live);
    const topics = ['node/n1', 'gpu/GPU-a', 'anomalies', 'alerts'];
    for (const topic of topics) c.say({ op: 'subscribe', topic });
    for (const topic of topics) {
      const data = topic === 'gpu/GPU-a' ? null : [];
      expect(await c.next((m) => m.topic === topic)).toMatchObject({ type: 'snapshot', data });
    }
    sample('GPU-a', { power_watts: 1, xid_last: 79 });
    expect(await c.next((m) => m.topic === 'node/n1')).toMatchObject({ data: [{ gpu_uuid: 'GPU-a' }] });
    expect(await c.next((m) => m.topic === 'gpu/GPU-a')).toMatchObject({
      data: { gpu_uuid: 'GPU-a', sample: { power_watts: 1, xid_last: 79 }, anomalies: [] },
    });
    sample('GPU-z', { power_watts: 2 }, 'n2');
    bus.publish({ subject: 'vitals.anomalies.n1.GPU-a', data: jsonBytes(anomalyOf({ gpu_uuid: 'GPU-a', id: 'A1' })) });
    bus.publish({ subject: 'alerts.critical.n1.GPU-a.hot', data: jsonBytes({ id: 'L1', state: 'open', rule: 'hot' }) });
    const rest = [await c.next(delta), await c.next(delta), await c.next(delta), await c.next(delta)];
    expect(rest.map((m) => m.topic).sort()).toEqual(['alerts', 'anomalies', 'gpu/GPU-a', 'node/n1']);
    expect(JSON.stringify(rest)).not.toContain('GPU-z');
    expect(rest.find((m) => m.topic === 'anomalies')).toMatchObject({ data: [{ id: 'A1', state: 'open' }] });
    expect(rest.find((m) => m.topic === 'node/n1')).toMatchObject({ data: [{ worst_severity: 'warning' }] });

    const closed = anomalyOf({ gpu_uuid: 'GPU-a', id: 'A1', state: 'closed', closed_at: 1_767_225_700_000 });
    bus.publish({ subject: 'vitals.anomalies.n1.GPU-a', data: jsonBytes(closed) });
    expect(await c.next((m) => m.topic === 'anomalies')).toMatchObject({ data: [{ id: 'A1', state: 'closed' }] });
    const other = await client(live);
    other.say({ op: 'subscribe', topic: 'anomalies' });
    expect(await other.next()).toMatchObject({ type: 'snapshot', data: [] });
    other.say({ op: 'subscribe', topic: 'alerts' });
    expect(await other.next()).toMatchObject({ type: 'snapshot', data: [{ id: 'L1' }] });
  });

  it('resumes: known since gives the deltas after it, an old or future one a gap and a snapshot', async () => {
    const { live, sample } = await world(library, { deltas_max: 3 });
    const first = await client(live);
    first.say({ op: 'subscribe', topic: 'fleet' });
    const { seq } = await first.next();
    for (let i = 1; i <= 5; i++) {
      sample('GPU-a', { power_watts: i });
      await first.next(delta);
    }
    first.socket.terminate();
    const cases = [
      { since: seq + 5, seqs: [] },
      { since: seq + 3, seqs: [seq + 4, seq + 5] },
      { since: seq + 2, seqs: [seq + 3, seq + 4, seq + 5] },
    ];
    for (const { since, seqs } of cases) {
      const c = await client(live);
      c.say({ op: 'subscribe', topic: 'fleet', since });
      c.say({ op: 'ping' });
      await vi.waitFor(() => expect(c.messages.at(-1)?.type).toBe('pong'));
      expect(c.messages.filter(delta).map((m) => m.seq)).toEqual(seqs);
      expect(c.messages.length).toBe(seqs.length + 1);
    }
    for (const since of [0, seq + 1, seq + 6, seq + 1_000_000]) {
      const c = await client(live);
      c.say({ op: 'subscribe', topic: 'fleet', since });
      expect(await c.next()).toMatchObject({ type: 'gap', topic: 'fleet', data: { to: seq + 5 } });
      expect(await c.next()).toMatchObject({ type: 'snapshot', seq: seq + 5, data: [{ power_watts: 5 }] });
    }
    const resumed = await client(live);
    resumed.say({ op: 'subscribe', topic: 'fleet', since: seq + 5 });
    resumed.say({ op: 'ping' });
    await resumed.next((m) => m.type === 'pong');
    sample('GPU-a', { power_watts: 6 });
    expect(await resumed.next(delta)).toMatchObject({ seq: seq + 6 });
  });

  it('refuses with code, detail and topic, and goes on', async () => {
    const { live } = await world(library);
    const c = await client(live);
    const cases: [said: unknown, code: string, topic: string | null][] = [
      ['{', 'GV-LIVE-001', null],
      ['null', 'GV-LIVE-001', null],
      ['[1]', 'GV-LIVE-001', null],
      [{ op: 'dance' }, 'GV-LIVE-001', null],
      [{ op: 'subscribe' }, 'GV-LIVE-001', null],
      [{ op: 'subscribe', topic: 'fleet', since: 'x' }, 'GV-LIVE-001', 'fleet'],
      [{ op: 'subscribe', topic: 'fleet', since: 1.5 }, 'GV-LIVE-001', 'fleet'],
      [{ op: 'subscribe', topic: 'nonsense' }, 'GV-LIVE-002', 'nonsense'],
      [{ op: 'subscribe', topic: 'gpu/' }, 'GV-LIVE-002', 'gpu/'],
      [{ op: 'unsubscribe', topic: 'rack/1' }, 'GV-LIVE-002', 'rack/1'],
    ];
    for (const [said, code, topic] of cases) {
      c.say(said);
      expect(await c.next()).toMatchObject({ type: 'error', topic, seq: null, data: { code, topic } });
    }
    c.socket.send(new Uint8Array([1, 2]));
    expect(await c.next()).toMatchObject({ type: 'error', data: { code: 'GV-LIVE-001' } });
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
    expect(await c.next((m) => m.type === 'error')).toMatchObject({ data: { code: 'GV-LIVE-003', topic: 'gpu/3' } });
    for (let i = 0; i < 40; i++) c.say({ op: 'ping' });
    expect(await c.next((m) => m.type === 'error')).toMatchObject({ data: { code: 'GV-LIVE-003', topic: null } });
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
