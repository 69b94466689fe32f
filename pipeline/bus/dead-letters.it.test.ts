import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { startTestServices, type TestServices } from '../../deploy/services/services.fixture.ts';
import { settableClock } from '../clock.ts';
import type { Bus } from '../contract/bus.ts';
import type { DeadLetter } from '../contract/events.ts';
import { rawSubject } from '../contract/ids.ts';
import { freshStreams, numbered, readUntil, testBus, until } from './bus.fixture.ts';
import { deadLetterSink } from './dead-letter-sink.ts';
import { listDeadLetters, retryDeadLetters, type StoredDeadLetter, showDeadLetter } from './dead-letters.ts';
import { ensureStreams } from './ensure-streams.ts';
import { storedMessages } from './stored-messages.ts';
import { managerOf } from './stream-manager.ts';

const clock = settableClock(1_767_300_000_000);
const TS = 1_767_225_600_000;
const LINE = 'DCGM_FI_DEV_GPU_TEMP{gpu="0",UUID="GPU-1"} 9999\n';
const BINARY = numbered(7, 100);

const LETTERS: readonly DeadLetter[] = [
  letter({ reason: 'unreadable_line', code: 'GV-PRS-002', level: 'line', detail: 'line 3:\nno value', original: LINE }),
  letter({ reason: 'out_of_range', code: 'GV-VAL-001', level: 'value', detail: '9999 C', original: LINE }),
  letter({ reason: 'no_time', code: 'GV-VAL-004', level: 'row', node: 'rack 1.node*2', original: '{"ts":"never"}' }),
  letter({
    reason: 'unknown_schema',
    code: 'GV-WIR-002',
    level: 'scrape',
    original_base64: Buffer.from(BINARY).toString('base64'),
  }),
];

function letter(some: Partial<DeadLetter>): DeadLetter {
  return {
    ts: TS,
    node: 'node-1',
    level: 'scrape',
    reason: 'unreadable_scrape',
    code: 'GV-PRS-001',
    step: 'normalise',
    detail: 'what is wrong',
    ...some,
  };
}

let services: TestServices;
let bus: Bus;

beforeAll(async () => {
  services = await startTestServices({ nats: true });
  bus = (await testBus(services.nats_url)).bus;
});

afterAll(async () => {
  await bus?.close();
  await services?.stop();
});

beforeEach(async () => {
  await freshStreams(bus);
});

async function write(letters: readonly DeadLetter[]): Promise<void> {
  const sink = deadLetterSink(bus);
  for (const one of letters) sink.write(one);
  await sink.flush();
  await sink.close();
}

async function list(filter: Parameters<typeof listDeadLetters>[1] = {}): Promise<StoredDeadLetter[]> {
  const all: StoredDeadLetter[] = [];
  for await (const one of listDeadLetters(bus, filter)) all.push(one);
  return all;
}

it('keeps everything of a letter, and stores the same one once', async () => {
  await write(LETTERS);
  await write(LETTERS);
  const all = await list();
  expect(all.length).toBe(LETTERS.length);
  all.forEach((stored, i) => {
    const { detail, ...rest } = LETTERS[i] as DeadLetter;
    expect(stored).toMatchObject({ ...rest, detail: detail.replace('\n', ' '), retried_at: null });
  });
  expect(all.map((stored) => stored.content_type)).toEqual([
    'text/plain',
    'text/plain',
    'application/json',
    'application/vnd.gpu-vitals.scrape',
  ]);
  const subjects: string[] = [];
  for await (const message of storedMessages(bus, 'DCGM_INVALID', { subject: 'dcgm.invalid.>', from: 1 })) {
    subjects.push(message.subject);
  }
  expect(subjects[2]).toBe('dcgm.invalid.no_time.rack_1_node_2');
});

it('lists by reason, node, position and number, shows one, and nothing where there is nothing', async () => {
  expect(await list()).toEqual([]);
  await write(LETTERS);
  expect((await list({ reason: 'out_of_range' })).map((one) => one.position)).toEqual([2]);
  expect((await list({ node: 'rack 1.node*2' })).map((one) => one.position)).toEqual([3]);
  expect((await list({ from: 2, limit: 2 })).map((one) => one.position)).toEqual([2, 3]);
  expect((await list({ positions: [4, 1, 99] })).map((one) => one.position)).toEqual([1, 4]);
  expect(await list({ node: 'rack_1_node_2' })).toEqual([]);
  expect(await showDeadLetter(bus, 1)).toMatchObject({ original: LINE, size_bytes: LINE.length });
  await expect(showDeadLetter(bus, 99)).rejects.toMatchObject({ code: 'GV-CLI-002' });
});

it('sends the originals again once, to their node, with type and event time', async () => {
  await write(LETTERS);
  expect(await retryDeadLetters(bus, { clock })).toEqual({ retried: 4, skipped: 0 });
  expect(await retryDeadLetters(bus, { clock })).toEqual({ retried: 0, skipped: 4 });
  const read = await readUntil(bus, { stream: 'DCGM_RAW', from: 1 }, (all) => all.length >= 4);
  expect(read.map((message) => [message.subject, message.content_type])).toEqual([
    [rawSubject('node-1'), 'text/plain'],
    [rawSubject('node-1'), 'text/plain'],
    [rawSubject('rack 1.node*2'), 'application/json'],
    [rawSubject('node-1'), 'application/vnd.gpu-vitals.scrape'],
  ]);
  // The rows of a text went on without what was refused of it, and must not be replaced by what is sent again.
  expect(read.slice(0, 3).map((message) => message.event_time)).toEqual([TS + 1, TS + 1, TS]);
  expect(Buffer.from(read[0]?.data ?? [])).toEqual(Buffer.from(LINE));
  expect(Buffer.from(read[3]?.data ?? [])).toEqual(Buffer.from(BINARY));
  expect((await bus.streamState('DCGM_RAW')).messages).toBe(4);
  const left = await list();
  expect(left.map((one) => [one.reason, one.retried_at])).toEqual(LETTERS.map((one) => [one.reason, clock.now()]));
});

it('sends again what was a part of a text beside its rows, and a whole text as it was', async () => {
  const known = 'DCGM_FI_DEV_GPU_TEMP{gpu="0",UUID="GPU-1"} 60\n';
  const unknown = 'node_load1{gpu="0",UUID="GPU-1"} 3\n';
  await write([
    letter({ level: 'row', reason: 'no_metrics', code: 'GV-VAL-006', detail: 'part', original: unknown }),
    letter({ level: 'scrape', detail: 'whole', original: known }),
  ]);
  expect(await retryDeadLetters(bus, { clock })).toEqual({ retried: 2, skipped: 0 });
  const read = await readUntil(bus, { stream: 'DCGM_RAW', from: 1 }, (all) => all.length >= 2);
  expect(read.map((message) => message.event_time)).toEqual([TS + 1, TS]);
});

it('retries only what was asked for, and sent ones again only when told to', async () => {
  await write(LETTERS);
  expect(await retryDeadLetters(bus, { clock, reason: 'out_of_range' })).toEqual({ retried: 1, skipped: 0 });
  expect(await retryDeadLetters(bus, { clock, positions: [1] })).toEqual({ retried: 1, skipped: 0 });
  expect(await retryDeadLetters(bus, { clock, positions: [1] })).toEqual({ retried: 0, skipped: 0 });
  expect(await retryDeadLetters(bus, { clock, node: 'node-1', again: true })).toEqual({ retried: 3, skipped: 0 });
  expect((await bus.streamState('DCGM_RAW')).messages).toBe(5);
  expect((await bus.streamState('DCGM_INVALID')).messages).toBe(4);
});

it('passes by a letter without original, and keeps one that fails again', async () => {
  await write([letter({ detail: 'empty', original: '' }), letter({ original: 'rubbish' })]);
  expect(await retryDeadLetters(bus, { clock })).toEqual({ retried: 1, skipped: 1 });
  await write([letter({ original: 'rubbish' })]);
  expect((await list()).filter((one) => one.original === 'rubbish').length).toBeGreaterThanOrEqual(1);
});

it('tells of a letter that the stream refuses', async () => {
  await (await managerOf(bus)).streams.update('DCGM_INVALID', { max_msg_size: 500 });
  const refused: string[] = [];
  const sink = deadLetterSink(bus, { onRefused: (one) => refused.push(one.detail) });
  sink.write(letter({ detail: 'large', original: 'x'.repeat(1_000) }));
  sink.write(letter({ detail: 'small', original: 'x' }));
  await sink.flush();
  await sink.close();
  expect(refused).toEqual(['large']);
  expect((await list()).map((one) => one.detail)).toEqual(['small']);
});

it('waits for a store that fails, and refuses nothing for it', async () => {
  await (await managerOf(bus)).streams.delete('DCGM_INVALID');
  const answer = { error: { code: 503, err_code: 10077, description: 'no space left on device' }, seq: 0 };
  let asked = 0;
  const full = bus.subscribe('dcgm.invalid.>', ({ reply }) => {
    asked++;
    bus.publish({ subject: reply, data: Buffer.from(JSON.stringify(answer)) });
  });
  const refused: string[] = [];
  const sink = deadLetterSink(bus, { onRefused: (one) => refused.push(one.detail) });
  sink.write(letter({ detail: 'came to a full disk' }));
  await until(() => asked > 1);
  full.unsubscribe();
  await ensureStreams(bus);
  await sink.flush();
  await sink.close();
  expect(refused).toEqual([]);
  expect((await list()).map(({ detail }) => detail)).toEqual(['came to a full disk']);
});

it('stores nothing twice that another sink stored before, however long ago, sent again or not', async () => {
  const stream = 'DCGM_INVALID';
  // So short a window shows that the stream's own memory of ids is not what is relied on.
  await (await managerOf(bus)).streams.update(stream, { duplicate_window: 100_000_000 });
  await bus.publisher().publish({ subject: rawSubject('node-1'), data: Buffer.from('what they are about') });
  await write(LETTERS);
  const [first] = await list();
  await retryDeadLetters(bus, { clock, positions: [first?.position ?? 0] });
  await new Promise((resolve) => setTimeout(resolve, 300));

  await write([...LETTERS, letter({ original: 'new' })]);
  expect((await list()).map(({ original }) => original).sort()).toEqual(
    [...LETTERS.map((one) => one.original), 'new'].sort(),
  );
});
