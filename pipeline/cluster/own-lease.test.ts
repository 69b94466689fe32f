import { describe, expect, it } from 'vitest';
import type { KeyValue } from '../bus/key-value.ts';
import { settableClock } from '../clock.ts';
import { milliseconds } from '../contract/time.ts';
import { OwnLease } from './own-lease.ts';
import { readMember, writeMember } from './unit-record.ts';

type Behaviour = 'answers' | 'stores and is silent' | 'is silent';

/** One key, on a server that may keep its answers to itself. */
function server() {
  let stored: { value: Uint8Array; revision: number } | null = null;
  let behaviour: Behaviour = 'answers';
  const never = new Promise<never>(() => undefined);
  const write = (value: Uint8Array, after: number): number | null => {
    if ((stored?.revision ?? 0) !== after) return null;
    stored = { value, revision: after + 1 };
    return stored.revision;
  };
  const keys: Pick<KeyValue, 'get' | 'exchange'> = {
    get: async (key) => (behaviour === 'is silent' ? never : stored && { key, ...stored }),
    async exchange(_, value, after) {
      const revision = behaviour === 'is silent' ? null : write(value, after);
      return behaviour === 'answers' ? revision : never;
    },
  };
  return {
    keys: keys as KeyValue,
    become(next: Behaviour) {
      behaviour = next;
    },
    record: () => (stored === null ? null : readMember(stored.value)),
    bury() {
      const record = stored === null ? null : readMember(stored.value);
      if (record !== null) write(writeMember({ ...record, state: 'gone' }), stored?.revision ?? 0);
    },
  };
}

const LEASE = milliseconds(600);
function worker(keys: KeyValue, incarnation = 'first') {
  const clock = settableClock(0);
  const own = new OwnLease({ keys, worker: 'w', incarnation, lease: LEASE, clock });
  return { own, pass: (ms: number) => clock.advance(ms) };
}

describe('a lease', () => {
  it('is held for two thirds of its time from before it was asked for', async () => {
    const { own, pass } = worker(server().keys);
    expect([own.held(), await own.join(), own.held()]).toEqual([false, true, true]);
    pass(399);
    expect([own.held(), own.steady_ms()]).toEqual([true, 399]);
    pass(1);
    expect([own.held(), own.steady_ms()]).toEqual([false, 0]);
  });

  it('says with each word whether the database is reached, as soon as that is known', async () => {
    const { keys, record } = server();
    let reaches: boolean | null = null;
    const clock = settableClock(0);
    const own = new OwnLease({ keys, worker: 'w', incarnation: 'x', lease: LEASE, clock, reached: () => reaches });
    await own.join();
    expect(record()).not.toHaveProperty('reaches_database');
    for (const next of [true, false]) {
      reaches = next;
      await own.renew();
      expect(record()?.reaches_database).toBe(next);
    }
  });

  it('goes on after any pause in which nobody has taken it, steady from then on only', async () => {
    const { own, pass } = worker(server().keys);
    await own.join();
    pass(60_000);
    expect([own.held(), await own.renew(), own.held(), own.steady_ms()]).toEqual([false, true, true, 0]);
    pass(300);
    expect([await own.renew(), own.steady_ms()]).toEqual([true, 300]);
  });

  it('is over when somebody has buried it', async () => {
    const { keys, bury } = server();
    const { own } = worker(keys);
    await own.join();
    bury();
    expect([await own.renew(), own.held()]).toEqual([false, false]);
  });

  it.each(['is silent', 'stores and is silent'] as const)(
    'is renewed by the next word when the server %s',
    async (how) => {
      const { keys, become } = server();
      const { own } = worker(keys);
      await own.join();
      become(how);
      await expect(own.renew()).rejects.toThrow(/no answer within 200 ms/);
      expect(own.held()).toBe(true);
      become('answers');
      expect([await own.renew(), await own.renew(), own.held()]).toEqual([true, true, true]);
    },
  );

  it('is entered at once by whoever did not hear that it had been', async () => {
    const { keys, become } = server();
    const { own } = worker(keys);
    become('stores and is silent');
    await expect(own.join()).rejects.toThrow(/no answer/);
    become('answers');
    expect([own.held(), await own.join(), own.held()]).toEqual([false, true, true]);
  });

  it('is entered by another life of the name when the first has ended, or was silent for all of it', async () => {
    const { keys, record } = server();
    const first = worker(keys);
    await first.own.join();
    const second = worker(keys, 'second');
    expect(await second.own.join()).toBe(false);
    second.pass(599);
    expect(await second.own.join()).toBe(false);
    second.pass(1);
    expect([await second.own.join(), record()?.incarnation]).toEqual([true, 'second']);
    expect(await first.own.renew()).toBe(false);
    await second.own.end();
    expect(await worker(keys, 'third').own.join()).toBe(true);
  });
});
