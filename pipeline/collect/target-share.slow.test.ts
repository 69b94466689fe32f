import { expect, onTestFinished, test, vi } from 'vitest';
import type { KeyValue, KeyValueEntry } from '../bus/key-value.ts';
import { type Clock, systemClock } from '../clock.ts';
import { memberKey } from '../cluster/cluster-keys.ts';
import { readMember, writeMember } from '../cluster/unit-record.ts';
import { VitalsError } from '../contract/errors.ts';
import { milliseconds } from '../contract/time.ts';
import type { CollectorEvent } from './collector-events.ts';
import { shareTargets, type TargetShare } from './target-share.ts';

/** Long enough for a busy machine: where time has to pass, the clock is moved. */
const LEASE = milliseconds(3_000);
const TARGET = 'http://10.0.0.1:9400/metrics';

/** A bucket in memory that can be away, or there without an answer. */
class Bucket implements KeyValue {
  readonly entries = new Map<string, KeyValueEntry>();
  private readonly followers = new Set<(entry: KeyValueEntry) => void>();
  private last = 0;
  up = true;
  answers = true;

  private async reach(): Promise<void> {
    if (!this.up) throw new VitalsError('GV-BUS-001', 'away', 'bucket');
    if (!this.answers) await new Promise(() => undefined);
  }
  async get(key: string): Promise<KeyValueEntry | null> {
    await this.reach();
    return this.entries.get(key) ?? null;
  }
  async matching(): Promise<readonly KeyValueEntry[]> {
    await this.reach();
    return [...this.entries.values()];
  }
  async exchange(key: string, value: Uint8Array, after: number): Promise<number | null> {
    await this.reach();
    if ((this.entries.get(key)?.revision ?? 0) !== after) return null;
    const entry = { key, value, revision: ++this.last };
    this.entries.set(key, entry);
    for (const tell of this.followers) tell(entry);
    return entry.revision;
  }
  async replace(key: string, value: Uint8Array, after: number): Promise<boolean> {
    return (await this.exchange(key, value, after)) !== null;
  }
  async remove(key: string): Promise<void> {
    this.entries.delete(key);
  }
  async *follow(_pattern: string, signal: AbortSignal): AsyncGenerator<KeyValueEntry> {
    const queue = [...this.entries.values()];
    let wake: () => void = () => undefined;
    const tell = (entry: KeyValueEntry): void => {
      queue.push(entry);
      wake();
    };
    this.followers.add(tell);
    signal.addEventListener('abort', () => wake());
    while (!signal.aborted) {
      for (let entry = queue.shift(); entry !== undefined; entry = queue.shift()) yield entry;
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
    this.followers.delete(tell);
  }
  member(name: string): ReturnType<typeof readMember> {
    const entry = this.entries.get(memberKey(name));
    return entry === undefined ? null : readMember(entry.value);
  }
  /** What another collector writes over the last word of one that it takes for dead. */
  async bury(name: string): Promise<void> {
    const [entry, record] = [this.entries.get(memberKey(name)), this.member(name)];
    if (entry === undefined || record === null) throw new Error(`${name} is not there`);
    await this.exchange(entry.key, writeMember({ ...record, state: 'gone' }), entry.revision);
  }
}

async function begin(name: string, keys: Bucket) {
  let ahead_ms = 0;
  const clock: Clock = { now: () => systemClock.now(), monotonic: () => systemClock.monotonic() + ahead_ms };
  const events: CollectorEvent[] = [];
  let silences = 0;
  const share: TargetShare = await shareTargets({
    keys,
    name,
    lease: LEASE,
    clock,
    connected: () => keys.up,
    on_silence: () => {
      silences++;
    },
    on_event: (event) => events.push(event),
  });
  onTestFinished(() => share.end());
  return {
    share,
    kinds: () => events.map(({ kind }) => kind),
    silences: () => silences,
    /** As a pause of the process: time has passed, nothing of ours has run. */
    skip(ms: number) {
      ahead_ms += ms;
    },
  };
}

const WAIT = { timeout: 10_000, interval: 5 };
const scrapes = (share: TargetShare) =>
  vi.waitFor(() => expect(share.owns(TARGET) && share.allowed()).toBe(true), WAIT);

test('whoever wakes after its lease scrapes nothing before it is among the others again', async () => {
  const keys = new Bucket();
  const { share, skip, kinds } = await begin('a', keys);
  await scrapes(share);
  const first = keys.member('a')?.incarnation;
  await keys.bury('a');
  skip(LEASE);
  expect(share.allowed()).toBe(false);
  await scrapes(share);
  expect(kinds()).toContain('share_lost');
  expect(keys.member('a')?.incarnation).not.toBe(first);
});

test.each(['away', 'there without an answer'] as const)(
  'with NATS %s it goes on with what it had, without a break; not after a pause',
  async (how) => {
    const keys = new Bucket();
    const { share, skip, silences, kinds } = await begin('a', keys);
    await scrapes(share);
    const reach = (now: boolean): void => {
      if (how === 'away') keys.up = now;
      else keys.answers = now;
    };
    reach(false);
    const end = systemClock.monotonic() + LEASE * 1.2;
    await vi.waitFor(
      () => {
        expect(share.owns(TARGET) && share.allowed() ? 'scrapes' : 'does not').toBe('scrapes');
        expect(systemClock.monotonic()).toBeGreaterThan(end);
      },
      { ...WAIT, interval: 10 },
    );
    // A connection that is lost comes back by itself; of one that only looks whole somebody has to be told.
    expect(silences()).toBe(how === 'away' ? 0 : 1);
    skip(LEASE);
    expect(share.allowed()).toBe(false);
    reach(true);
    await scrapes(share);
    expect(kinds()).not.toContain('share_lost');
  },
);

test('a second one of the same name scrapes nothing, tells so, and follows a clean end', async () => {
  const keys = new Bucket();
  const one = await begin('a', keys);
  await scrapes(one.share);
  const two = await begin('a', keys);
  await vi.waitFor(
    () => {
      // Less than a lease at a time: in between it hears that the other one lives.
      two.skip(LEASE / 3);
      expect(two.kinds()).toContain('share_refused');
    },
    { timeout: 20_000, interval: 700 },
  );
  expect(two.share.owns(TARGET) || two.share.allowed()).toBe(false);
  await one.share.end();
  expect(one.share.allowed()).toBe(false);
  await scrapes(two.share);
});

test('targets of one that ends, or falls silent, are the other ones at once, or after the lease', async () => {
  const keys = new Bucket();
  const [a, b] = [await begin('a', keys), await begin('b', keys)];
  const list = Array.from({ length: 20 }, (_, n) => `http://10.0.0.${n}:9400/metrics`);
  const owned = (share: TargetShare): number => list.filter((key) => share.owns(key)).length;
  await vi.waitFor(() => {
    expect(owned(a.share) + owned(b.share)).toBe(list.length);
    expect(Math.min(owned(a.share), owned(b.share))).toBeGreaterThan(0);
  }, WAIT);
  let changes = 0;
  b.share.onChange(() => changes++);
  await a.share.end();
  expect(keys.member('a')?.state).toBe('gone');
  await vi.waitFor(() => expect(owned(b.share)).toBe(list.length), WAIT);
  expect(changes).toBe(1);

  const record = { worker: 'c', incarnation: 'c1', beat: 1, state: 'here', started_at: 0 } as const;
  await keys.exchange(memberKey('c'), writeMember(record), 0);
  await vi.waitFor(() => expect(owned(b.share)).toBeLessThan(list.length), WAIT);
  await vi.waitFor(() => expect(owned(b.share)).toBe(list.length), WAIT);
  expect(keys.member('c')?.state).toBe('gone');
});
