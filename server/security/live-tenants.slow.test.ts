import { afterEach, describe, expect, it } from 'vitest';
import { alertOf } from '../../pipeline/alert-desk/desk.fixture.ts';
import { systemClock } from '../../pipeline/clock.ts';
import type { Asset } from '../../pipeline/contract/events.ts';
import { anomalyOf, jsonBytes } from '../../sinks/live/fleet.fixture.ts';
import { assetOf } from '../api.fixture.ts';
import { client, delta, endAll, world } from '../live.fixture.ts';
import { keyring } from './keyring.fixture.ts';
import { foreignTo, PLACES } from './tenants.fixture.ts';

afterEach(endAll);

async function startWorld(library: 'uws' | 'ws') {
  const keys = keyring(systemClock.now);
  const shown = { red: keys.add({ tenant: 'red' }), blue: keys.add({ tenant: 'blue' }), whole: keys.add() };
  let assets: readonly Asset[] = PLACES.map((place) => assetOf(place.gpu_uuid, place));
  const tenures = new Map<string, number>();
  const live = await world(library, {
    gate: keys.gate,
    followAssets: () => ({ all: async () => assets, tenures: async () => tenures, stop: async () => undefined }),
  });
  return {
    ...live,
    shown,
    give(gpu_uuid: string, tenant: string) {
      assets = assets.map((one) => (one.gpu_uuid === gpu_uuid ? { ...one, tenant } : one));
      tenures.set(gpu_uuid, systemClock.now() + 1);
    },
    everything() {
      for (const { gpu_uuid, node } of PLACES) {
        live.sample(gpu_uuid, { power_watts: 300 }, node);
        live.bus.publish({
          subject: `vitals.anomalies.${node}`,
          data: jsonBytes(anomalyOf({ gpu_uuid, node, id: `anomaly-${gpu_uuid}` })),
        });
        const alert = alertOf({ id: `alert-${gpu_uuid}`, gpu_uuid, node, opened_at: systemClock.now() });
        live.bus.publish({ subject: `alerts.critical.${node}`, data: jsonBytes(alert) });
      }
      for (const node of ['node-red', 'node-blue', 'node-shared']) {
        const silent = anomalyOf({ gpu_uuid: '', node, id: `silent-${node}`, type: 'node_silent' });
        live.bus.publish({ subject: `vitals.anomalies.${node}`, data: jsonBytes(silent) });
      }
    },
  };
}

const TOPICS = [
  'fleet',
  'anomalies',
  'alerts',
  ...PLACES.map(({ gpu_uuid }) => `gpu/${gpu_uuid}`),
  ...new Set(PLACES.map(({ node }) => `node/${node}`)),
];

describe.each(['uws', 'ws'] as const)('live topics of tenants over %s', (library) => {
  it('tell nothing of each other, neither in snapshots nor in deltas', async () => {
    const { live, everything, shown } = await startWorld(library);
    everything();
    const listeners = await Promise.all(
      (['red', 'blue', 'whole'] as const).map(async (who) => ({ who, heard: await client(live) })),
    );
    for (const { who, heard } of listeners) {
      heard.say({ op: 'auth', key: shown[who] });
      for (const topic of TOPICS) heard.say({ op: 'subscribe', topic });
      heard.say({ op: 'ping' });
    }
    for (const { who, heard } of listeners) {
      const told: string[] = [];
      for (;;) {
        const message = await heard.next();
        if (message.type === 'pong') break;
        told.push(JSON.stringify(message.data));
      }
      expect(told).toHaveLength(TOPICS.length);
      if (who !== 'whole') expect(told.filter((text) => foreignTo(who).test(text))).toEqual([]);
      expect(told.filter((text) => text.includes(`GPU-${who === 'whole' ? 'none' : who}`)).length).toBeGreaterThan(4);
    }
    everything();
    // Everybody's deltas end with those of the tenants.
    const [red, , whole] = listeners;
    await whole?.heard.next((message) => delta(message) && message.topic === 'gpu/GPU-none-1');
    const deltas = [await red?.heard.next((message) => delta(message) && message.topic === 'fleet')];
    deltas.push(...(red?.heard.messages ?? []));
    expect(deltas.filter((message) => foreignTo('red').test(JSON.stringify(message?.data)))).toEqual([]);
    expect(JSON.stringify(deltas)).toContain('GPU-red-1');
  });

  it('follow a GPU that changes hands: who had it gets a gap and a state without it', async () => {
    const { live, everything, shown, give, sample } = await startWorld(library);
    everything();
    const red = await client(live);
    red.say({ op: 'auth', key: shown.red });
    red.say({ op: 'subscribe', topic: 'fleet' });
    expect(JSON.stringify((await red.next()).data)).toContain('GPU-red-1');
    give('GPU-red-1', 'blue');
    expect((await red.next()).type).toBe('gap');
    const after = await red.next();
    expect(after.type).toBe('snapshot');
    expect(JSON.stringify(after.data)).not.toContain('GPU-red-1');
    expect(JSON.stringify(after.data)).toContain('GPU-red-2');
    // What was told of it before is not for the one who has it now.
    const blue = await client(live);
    blue.say({ op: 'auth', key: shown.blue });
    const topics = ['fleet', 'node/node-red', 'gpu/GPU-red-1', 'alerts', 'anomalies'];
    for (const topic of topics) blue.say({ op: 'subscribe', topic });
    const told: unknown[] = [];
    for (const _ of topics) told.push((await blue.next()).data);
    const [fleet, node, gpu, ...conditions] = told;
    const unheard = { gpu_uuid: 'GPU-red-1', ts: null, power_watts: null, open_warning: 0, worst_severity: null };
    expect(fleet).toContainEqual(expect.objectContaining(unheard));
    expect(node).toEqual([expect.objectContaining(unheard)]);
    expect(gpu).toMatchObject({ gpu_uuid: 'GPU-red-1', sample: null, anomalies: [] });
    expect(JSON.stringify(conditions)).toContain('alert-GPU-blue-1');
    expect(JSON.stringify(conditions)).not.toContain('GPU-red-1');
    // What it does from then on is, but not what began before.
    sample('GPU-red-1', { power_watts: 250 }, 'node-red', systemClock.now() + 60_000);
    const heard = { ts: expect.any(String), power_watts: 250 };
    for (const [topic, data] of [
      ['fleet', [expect.objectContaining({ ...unheard, ...heard })]],
      ['gpu/GPU-red-1', expect.objectContaining({ sample: expect.objectContaining(heard), anomalies: [] })],
    ] as const) {
      expect((await blue.next((message) => delta(message) && message.topic === topic)).data).toEqual(data);
    }
  });
});
