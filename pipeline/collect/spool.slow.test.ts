import { chmodSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { systemClock } from '../clock.ts';
import { VitalsError } from '../contract/errors.ts';
import { type FakeStream, fakeStream, idOf, temporaryFolder, testMessage } from './spool.fixture.ts';
import { Spool } from './spool.ts';
import type { SpoolEvent, SpoolOptions } from './spool-options.ts';

function open(stream: FakeStream, directory: string, options: Partial<SpoolOptions> = {}) {
  const events: SpoolEvent[] = [];
  const spool = new Spool({
    directory,
    publisher: stream,
    clock: systemClock,
    on_event: (event) => events.push(event),
    spool_after_ms: 40,
    ...options,
  });
  onTestFinished(() => spool.close({ timeout_ms: 0 }));
  return { spool, events, kinds: () => events.map((event) => event.kind) };
}

const segments = (directory: string): string[] => readdirSync(directory).filter((name) => name.endsWith('.seg'));
const ids = (from: number, to: number): string[] => Array.from({ length: to - from }, (_, i) => `a:1:${from + i}`);
const push = (spool: Spool, from: number, to: number) =>
  Array.from({ length: to - from }, (_, i) => spool.push(testMessage('a', from + i)));
const storedIds = (stream: FakeStream): string[] => stream.stored.map(idOf);

test('while acks come nothing touches the disk', async () => {
  const directory = temporaryFolder();
  const stream = fakeStream();
  const { spool, events } = open(stream, directory);
  expect(new Set(await Promise.all(push(spool, 0, 300)))).toEqual(new Set(['stored']));
  expect(storedIds(stream)).toEqual(ids(0, 300));
  expect(readdirSync(directory)).toEqual([]);
  expect(events).toEqual([]);
});

test('without acks everything is on disk before it counts, and is sent in order after', async () => {
  const directory = temporaryFolder();
  const stream = fakeStream();
  const { spool, kinds } = open(stream, directory, { window: 16 });
  stream.away(true);
  const early = push(spool, 0, 10);
  expect(new Set(await Promise.all(early))).toEqual(new Set(['spooled']));
  expect(new Set(await Promise.all(push(spool, 10, 100)))).toEqual(new Set(['spooled']));
  expect(spool.counters).toMatchObject({ spooled_messages: 100, stored_messages: 0, pending_messages: 16 });
  stream.away(false);
  const late = push(spool, 100, 120);
  expect(new Set(await Promise.all(late))).toEqual(new Set(['spooled']));
  await vi.waitFor(() => expect(kinds()).toEqual(['spool_started', 'spool_drained']));
  expect(storedIds(stream)).toEqual(ids(0, 120));
  expect(stream.attempts).toBe(120);
  expect(spool.counters).toMatchObject({ spooled_messages: 0, spooled_bytes: 0, dropped_messages: 0 });
  expect(segments(directory)).toEqual([]);
  expect(await spool.push(testMessage('a', 120))).toBe('stored');
});

test('when the bus says that it is away, a message is on disk at once', async () => {
  const stream = fakeStream();
  stream.away(true);
  const { spool } = open(stream, temporaryFolder(), { connected: () => false, spool_after_ms: 60_000 });
  expect(await spool.push(testMessage('a', 0))).toBe('spooled');
});

test('a full window spills to disk and keeps the order', async () => {
  const stream = fakeStream();
  const { spool } = open(stream, temporaryFolder(), { window: 8, spool_after_ms: 60_000 });
  const safeties = await Promise.all(push(spool, 0, 50));
  expect(safeties.filter((safety) => safety === 'spooled').length).toBeGreaterThan(40);
  await vi.waitFor(() => expect(storedIds(stream)).toEqual(ids(0, 50)));
});

test.each([
  ['in good order', async (spool: Spool) => spool.close({ timeout_ms: 10 })],
  ['kill -9', async () => {}],
])('a restart sends what the first run had scraped, in order: %s', async (_, end) => {
  const directory = temporaryFolder();
  const gone = fakeStream();
  gone.away(true);
  const first = open(gone, directory, { window: 16 });
  await Promise.all(push(first.spool, 0, 60));
  await end(first.spool);

  const stream = fakeStream();
  const second = open(stream, directory, { window: 16 });
  expect(second.events[0]).toMatchObject({ kind: 'spool_started', code: null });
  await Promise.all(push(second.spool, 60, 80));
  await vi.waitFor(() => expect(second.kinds()).toContain('spool_drained'));
  expect(storedIds(stream)).toEqual(ids(0, 80));
});

test('what was stored before a restart is not sent again, lost acks are but count once', async () => {
  const directory = temporaryFolder();
  const stream = fakeStream();
  stream.away(true);
  const first = open(stream, directory, { window: 16 });
  await Promise.all(push(first.spool, 0, 60));
  stream.refuse((message) => Number(idOf(message).split(':')[2]) >= 30);
  stream.loseAcks(3);
  stream.away(false);
  await vi.waitFor(() => expect(stream.stored.length).toBeGreaterThan(10));
  await first.spool.close({ timeout_ms: 0 });
  stream.refuse(() => false);
  const second = open(stream, directory, { window: 16 });
  await vi.waitFor(() => expect(second.kinds()).toContain('spool_drained'));
  expect(storedIds(stream)).toEqual(ids(0, 60));
});

test('stopping waits for acks that come and spools what does not', async () => {
  const directory = temporaryFolder();
  const quick = fakeStream();
  const first = open(quick, directory);
  const safeties = push(first.spool, 0, 50);
  await first.spool.close({ timeout_ms: 5_000 });
  expect(new Set(await Promise.all(safeties))).toEqual(new Set(['stored']));
  expect(segments(directory)).toEqual([]);

  const silent = fakeStream();
  silent.away(true);
  const second = open(silent, directory, { spool_after_ms: 60_000 });
  const left = push(second.spool, 50, 70);
  await second.spool.close({ timeout_ms: 60 });
  expect(new Set(await Promise.all(left))).toEqual(new Set(['spooled']));
  expect(await second.spool.push(testMessage('a', 70))).toBe('dropped');

  const stream = fakeStream();
  const third = open(stream, directory);
  await vi.waitFor(() => expect(third.kinds()).toContain('spool_drained'));
  expect(storedIds(stream)).toEqual(ids(50, 70));
});

test('the size limit drops the oldest, counts them and says so', async () => {
  const stream = fakeStream();
  stream.away(true);
  const { spool, events } = open(stream, temporaryFolder(), { window: 4, size_max_bytes: 16_000 });
  await Promise.all(push(spool, 0, 400));
  const { dropped_messages, spooled_bytes } = spool.counters;
  expect(spooled_bytes).toBeLessThanOrEqual(16_000);
  expect(dropped_messages).toBeGreaterThan(300);
  expect(events.filter((event) => event.kind === 'spool_dropped').at(-1)).toMatchObject({ code: 'GV-COL-006' });
  stream.away(false);
  await vi.waitFor(() => expect(stream.stored.length).toBe(400 - dropped_messages));
  const seen = storedIds(stream);
  expect(seen.slice(0, 4)).toEqual(ids(0, 4));
  expect(seen.slice(4)).toEqual(ids(4 + dropped_messages, 400));
});

test('while the server refuses, nothing is lost and the order stays', async () => {
  const stream = fakeStream();
  let full = true;
  stream.refuse(() => full);
  const { spool, events } = open(stream, temporaryFolder(), { window: 16, retry_min_ms: 5 });
  await Promise.all(push(spool, 0, 50));
  await vi.waitFor(() => expect(stream.attempts).toBeGreaterThan(32));
  expect(events[1]).toMatchObject({ kind: 'spool_started', code: 'GV-BUS-002' });
  full = false;
  await vi.waitFor(() => expect(storedIds(stream)).toEqual(ids(0, 50)), { timeout: 5_000 });
  expect(spool.counters.dropped_messages).toBe(0);
});

test('a message that alone is refused is given up and does not hold up the others', async () => {
  const stream = fakeStream();
  stream.refuse((message) => idOf(message) === 'a:1:5');
  const { spool, events } = open(stream, temporaryFolder(), { retry_min_ms: 1 });
  await Promise.all(push(spool, 0, 20));
  let n = 20;
  await vi.waitFor(
    async () => {
      await spool.push(testMessage('a', n++));
      expect(events.map((event) => event.kind)).toContain('message_refused');
    },
    { timeout: 15_000, interval: 20 },
  );
  await vi.waitFor(() => expect(spool.counters.pending_messages).toBe(0));
  expect(spool.counters.dropped_messages).toBe(1);
  expect(new Set(storedIds(stream))).toEqual(new Set(ids(0, n).filter((id) => id !== 'a:1:5')));
});

test('a closed publisher costs nothing, however long', async () => {
  const directory = temporaryFolder();
  const stream = { ...fakeStream(), publish: () => Promise.reject(new VitalsError('GV-BUS-001', 'closed', '')) };
  const first = open(stream, directory);
  expect(new Set(await Promise.all(push(first.spool, 0, 5)))).toEqual(new Set(['spooled']));
  await first.spool.close({ timeout_ms: 0 });
  const back = fakeStream();
  const second = open(back, directory);
  await vi.waitFor(() => expect(second.kinds()).toContain('spool_drained'));
  expect(storedIds(back)).toEqual(ids(0, 5));
});

test('a folder that takes no files is told and does not end the collector', async () => {
  const directory = join(temporaryFolder(), 'spool');
  const stream = fakeStream();
  const { spool, events } = open(stream, directory, { window: 4 });
  // A file in the folder's place: no permission can stop a test that runs as root.
  rmSync(directory, { recursive: true });
  writeFileSync(directory, '');
  chmodSync(directory, 0o400);
  stream.away(true);
  const safeties = push(spool, 0, 10);
  await vi.waitFor(() => expect(spool.counters.dropped_messages).toBe(6));
  expect(events.some((event) => event.kind === 'spool_failed' && event.code === 'GV-COL-007')).toBe(true);
  stream.away(false);
  expect((await Promise.all(safeties)).filter((safety) => safety === 'stored')).toHaveLength(4);
  expect(storedIds(stream)).toEqual(ids(0, 4));
});

test('a folder that cannot be made is refused at the start', () => {
  const file = join(temporaryFolder(), 'file');
  writeFileSync(file, '');
  expect(() => open(fakeStream(), join(file, 'spool'))).toThrowError(
    expect.objectContaining({ code: 'GV-COL-007', where: join(file, 'spool') }),
  );
});

test('a producer that can wait is held back by half a window and by an outage', async () => {
  const stream = fakeStream();
  const { spool } = open(stream, temporaryFolder(), { window: 20 });
  expect(spool.pressure()).toBeNull();
  stream.away(true);
  push(spool, 0, 10);
  const pressure = spool.pressure();
  expect(pressure).not.toBeNull();
  stream.away(false);
  await pressure;
  expect(spool.pressure()).toBeNull();
});
