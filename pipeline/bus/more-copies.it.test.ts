import { afterAll, beforeAll, expect, it } from 'vitest';
import { systemClock } from '../clock.ts';
import { connectToCluster, type NatsCluster, startNatsCluster } from '../cluster/nats-cluster.fixture.ts';
import type { Bus } from '../contract/bus.ts';
import { connectBus } from './connect-bus.ts';
import { openKeyValue } from './key-value.ts';
import { openObjectStore } from './object-store.ts';
import { managerOf } from './stream-manager.ts';

let nats: NatsCluster | null = null;
let one: Bus;
let three: Bus;

beforeAll(async () => {
  nats = await startNatsCluster();
  if (nats === null) return;
  one = await connectToCluster(nats.nats_url, 1);
  three = await connectBus({ servers: nats.nats_url, name: 'test', clock: systemClock, stream_replicas: 3 });
});
afterAll(async () => {
  await one?.close();
  await three?.close();
  await nats?.stop();
});

const copies = async (stream: string): Promise<number> =>
  (await (await managerOf(one)).streams.info(stream)).config.num_replicas;

it('a bucket that somebody made with one copy gets three from whoever asks for three, and keeps them', async (context) => {
  if (nats === null) {
    context.skip('no nats-server on this machine');
    return;
  }
  const value = Buffer.from('x');
  const pairs = await openKeyValue(one, 'PAIRS', 'test');
  expect(await pairs.replace('key', value, 0)).toBe(true);
  await (await openObjectStore(one, 'THINGS', 'test')).put('thing', value);
  expect([await copies('KV_PAIRS'), await copies('OBJ_THINGS')]).toEqual([1, 1]);

  const [more, things] = [await openKeyValue(three, 'PAIRS', 'test'), await openObjectStore(three, 'THINGS', 'test')];
  expect([await copies('KV_PAIRS'), await copies('OBJ_THINGS')]).toEqual([3, 3]);
  expect((await more.get('key'))?.value).toEqual(new Uint8Array(value));
  expect(await things.get('thing')).toEqual(new Uint8Array(value));

  await openKeyValue(one, 'PAIRS', 'test');
  await openObjectStore(one, 'THINGS', 'test');
  expect([await copies('KV_PAIRS'), await copies('OBJ_THINGS')]).toEqual([3, 3]);
});
