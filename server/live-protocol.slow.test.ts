import { afterEach, describe, expect, it, vi } from 'vitest';
import { anomalyOf, jsonBytes } from '../sinks/live/fleet.fixture.ts';
import { loadUws } from '../sinks/live/uws-server.ts';
import { client, delta, endAll, world } from './live.fixture.ts';

afterEach(endAll);

describe.each(['uws', 'ws'] as const)('live server over %s', (library) => {
  it('is really this library, or ws where uWebSockets.js has no binary for this Node', async () => {
    const { live } = await world(library);
    const fits = library === 'ws' || (await loadUws()) !== null;
    expect(live.library).toBe(fits ? library : 'ws');
    // The versions that the release must run on natively: a missing binary there is a broken install.
    if (['20', '22'].includes(process.versions.node.split('.')[0] as string)) expect(fits).toBe(true);
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
});
