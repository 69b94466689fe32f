import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestServices, type TestServices } from '../../deploy/services/services.fixture.ts';
import { connectBus } from '../bus/connect-bus.ts';
import { type KeyValue, openKeyValue } from '../bus/key-value.ts';
import { settableClock, systemClock } from '../clock.ts';
import type { Bus } from '../contract/bus.ts';
import { seconds } from '../contract/time.ts';
import { alertOf, NOON } from './desk.fixture.ts';
import { type DeskState, deskText, emptyDesk } from './desk-state.ts';
import { deskStore } from './desk-store.ts';
import { keyLease } from './lease.ts';
import { AUDIBLE } from './quiet.ts';

let services: TestServices;
let bus: Bus;
let kv: KeyValue;
let bucket = 0;

beforeAll(async () => {
  services = await startTestServices({ nats: true });
  bus = await connectBus({ servers: services.nats_url, name: 'test', clock: systemClock });
}, 60_000);
afterAll(async () => {
  await bus?.close();
  await services?.stop();
});
const fresh = async (): Promise<void> => {
  kv = await openKeyValue(bus, `TEST_${++bucket}`, 'test');
};

describe('the lease', () => {
  it('is had by one, lost by silence, given back at once', async () => {
    await fresh();
    const clock = settableClock(NOON);
    const lease = (holder: string) => keyLease({ kv, key: 'lease', holder, clock, time_to_live: seconds(6) });
    const [one, two] = [lease('one'), lease('two')];
    expect([await one.attend(), await two.attend()]).toEqual([true, false]);
    for (let i = 0; i < 5; i++) {
      clock.advance(3_000);
      expect([await one.attend(), await two.attend()]).toEqual([true, false]);
    }
    clock.advance(4_500);
    expect([one.held(), two.held(), await two.attend()]).toEqual([false, false, false]);
    clock.advance(2_000);
    expect([await two.attend(), one.held(), await one.attend()]).toEqual([true, false, false]);
    await one.release();
    expect(two.held()).toBe(true);
    await two.release();
    expect([two.held(), await one.attend()]).toEqual([false, true]);
  });

  it('has one holder, however many ask at once', async () => {
    await fresh();
    const asked = Array.from({ length: 8 }, (_, i) =>
      keyLease({ kv, key: 'lease', holder: `h${i}`, clock: systemClock }).attend(),
    );
    expect((await Promise.all(asked)).filter(Boolean)).toHaveLength(1);
  });
});

describe('the memory', () => {
  const stateWith = (alerts: number, position: number): DeskState => {
    const state = emptyDesk();
    state.position = position;
    for (let i = 0; i < alerts; i++) {
      const alert = alertOf({ id: `A${i}`, summary: `${i * 7919} ${'x'.repeat(i % 90)}${Math.sin(i)}` });
      state.entries.set(alert.id, {
        alert,
        changed_at: NOON,
        late: false,
        quiet: AUDIBLE,
        audible_at: NOON,
        places: { chat: 'g' },
      });
    }
    return state;
  };

  it('is what was stored, in as many parts as it takes', async () => {
    await fresh();
    const store = deskStore(kv, 'w');
    expect(await store.load()).toEqual({ state: null, revision: 0 });
    let revision = 0;
    for (const [i, alerts] of [3, 60_000, 0].entries()) {
      const state = stateWith(alerts, i + 1);
      revision = (await store.save(state, revision)) ?? -1;
      const stored = await deskStore(kv, 'other').load();
      expect(stored.revision).toBe(revision);
      expect(stored.state === null ? '' : deskText(stored.state)).toBe(deskText(state));
    }
    expect((await kv.matching('part.w.>')).length).toBeGreaterThan(3);
  });

  it('has one writer: who was overtaken changes nothing, also not by half', async () => {
    await fresh();
    const [one, two] = [deskStore(kv, 'one'), deskStore(kv, 'two')];
    const first = await one.save(stateWith(2, 1), 0);
    const { revision } = await two.load();
    expect(revision).toBe(first);
    const second = await two.save(stateWith(3, 2), revision);
    expect(second).toBeGreaterThan(revision);
    expect(await one.save(stateWith(9, 3), revision)).toBe(null);
    expect((await one.load()).state?.position).toBe(2);
    await two.clear(second ?? 0);
    expect((await one.load()).state?.entries.size).toBe(3);
    // What the overtaken one has written since goes with the next head.
    const three = deskStore(kv, 'three');
    await three.clear((await three.save(stateWith(4, 4), (await three.load()).revision)) ?? 0);
    expect((await kv.matching('part.>')).filter(({ value }) => value.length > 0)).toHaveLength(1);
    expect((await one.load()).state?.entries.size).toBe(4);
  });

  it('that is damaged is none', async () => {
    await fresh();
    const store = deskStore(kv, 'w');
    const revision = (await store.save(stateWith(1, 1), 0)) ?? 0;
    const [part] = await kv.matching('part.>');
    await kv.replace(part?.key ?? '', Buffer.from('garbage'), part?.revision ?? 0);
    expect(await store.load()).toEqual({ state: null, revision });
    await kv.replace('state', Buffer.from('{'), revision);
    expect((await store.load()).state).toBe(null);
  });
});
