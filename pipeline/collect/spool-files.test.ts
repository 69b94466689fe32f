import { appendFileSync, readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { idOf, temporaryFolder, testMessage } from './spool.fixture.ts';
import type { SpoolMark } from './spool-cursor.ts';
import { SpoolFiles } from './spool-files.ts';

const open = (directory: string, options: { size_max_bytes?: number; segment_bytes?: number } = {}) => {
  const damages: string[] = [];
  const files = new SpoolFiles({
    directory,
    size_max_bytes: options.size_max_bytes ?? 1e9,
    segment_bytes: options.segment_bytes ?? 1e6,
    on_damage: (detail, lost) => damages.push(`${detail} (${lost})`),
  });
  return { files, damages };
};

function drain(files: SpoolFiles): { ids: string[]; marks: SpoolMark[] } {
  const ids: string[] = [];
  const marks: SpoolMark[] = [];
  for (let next = files.next(); next !== null; next = files.next()) {
    ids.push(idOf(next.message));
    marks.push(next.mark);
  }
  return { ids, marks };
}

const ids = (from: number, to: number): string[] => Array.from({ length: to - from }, (_, i) => `a:1:${from + i}`);
const segments = (directory: string): string[] =>
  readdirSync(directory)
    .filter((name) => name.endsWith('.seg'))
    .sort();

test.each([
  ['one segment', 1e6],
  ['many segments', 2_000],
  ['one record a segment', 10],
])('gives back what was written, in order and to the byte: %s', (_, segment_bytes) => {
  const directory = temporaryFolder();
  const { files } = open(directory, { segment_bytes });
  const sizes = [0, 1, 300, 70_000, 600_000, 5];
  const written = sizes.map((bytes, n) => testMessage('a', n, bytes));
  for (const message of written) files.append(message, false);
  expect(files.messages).toBe(sizes.length);
  for (const message of written) {
    const read = files.next()?.message;
    expect({ ...read, data: null }).toEqual({ ...message, data: null });
    expect(Buffer.compare(read?.data ?? Buffer.alloc(0), message.data)).toBe(0);
  }
  expect(files.next()).toBeNull();
});

test('reading follows writing in the same file', () => {
  const { files } = open(temporaryFolder());
  const seen: string[] = [];
  for (let n = 0; n < 500; n++) {
    files.append(testMessage('a', n, 700), false);
    if (n % 3 === 2) seen.push(idOf(files.next()?.message ?? testMessage('none', 0)));
  }
  expect([...seen, ...drain(files).ids]).toEqual(ids(0, 500));
});

test('released segments are deleted, a restart begins behind the cursor', () => {
  const directory = temporaryFolder();
  const first = open(directory, { segment_bytes: 1_000 });
  for (let n = 0; n < 20; n++) first.files.append(testMessage('a', n), false);
  const before = segments(directory).length;
  const { marks } = drain(first.files);
  for (const mark of marks.slice(0, 11)) first.files.release(mark);
  expect(first.files.messages).toBe(9);
  expect(segments(directory).length).toBeLessThan(before);
  first.files.close();

  const second = open(directory, { segment_bytes: 1_000 });
  expect(second.files.messages).toBe(9);
  second.files.append(testMessage('a', 20), false);
  const rest = drain(second.files);
  expect(rest.ids).toEqual(ids(11, 21));
  for (const mark of rest.marks) second.files.release(mark);
  expect(second.files.messages).toBe(0);
  expect(second.files.bytes).toBe(0);
  expect(segments(directory)).toEqual([]);
  second.files.close();

  const third = open(directory);
  third.files.append(testMessage('a', 21), false);
  third.files.close();
  expect(drain(open(directory).files).ids).toEqual(ids(21, 22));
});

test('held records are counted and released but not handed out', () => {
  const { files } = open(temporaryFolder());
  const held = [0, 1, 2].map((n) => files.append(testMessage('a', n), true).mark);
  files.append(testMessage('a', 3), false);
  expect([files.messages, files.unread]).toEqual([4, 1]);
  const rest = drain(files);
  expect(rest.ids).toEqual(ids(3, 4));
  for (const mark of [...held, ...rest.marks]) files.release(mark);
  expect(files.messages).toBe(0);
});

test.each(Array.from({ length: 12 }, (_, i) => i * 17 + 1))(
  'a tail torn %i bytes before its end loses only itself',
  (cut) => {
    const directory = temporaryFolder();
    const { files } = open(directory);
    for (let n = 0; n < 3; n++) files.append(testMessage('a', n), false);
    const path = join(directory, segments(directory)[0] ?? '');
    const record = (readFileSync(path).length - 8) / 3;
    truncateSync(path, readFileSync(path).length - cut);
    const again = open(directory);
    expect(drain(again.files).ids).toEqual(ids(0, cut < record ? 2 : 1));
    expect(again.damages).toEqual([]);
  },
);

test('damage in the middle is told, what lies before it and in other files is sent', () => {
  const directory = temporaryFolder();
  const { files } = open(directory, { segment_bytes: 600 });
  for (let n = 0; n < 6; n++) files.append(testMessage('a', n), false);
  const names = segments(directory);
  expect(names.length).toBe(3);
  const path = join(directory, names[1] ?? '');
  const bytes = readFileSync(path);
  bytes[bytes.length - 5] = (bytes[bytes.length - 5] ?? 0) ^ 0xff;
  writeFileSync(path, bytes);
  const again = open(directory);
  expect(drain(again.files).ids).toEqual(['a:1:0', 'a:1:1', 'a:1:2', 'a:1:4', 'a:1:5']);
  expect(again.damages).toEqual([expect.stringContaining('checksum')]);
});

test('damage while running is told with its loss, and writing goes on', () => {
  const directory = temporaryFolder();
  const { files, damages } = open(directory);
  for (let n = 0; n < 4; n++) files.append(testMessage('a', n), false);
  const path = join(directory, segments(directory)[0] ?? '');
  const bytes = readFileSync(path);
  const record = (bytes.length - 8) / 4;
  bytes.fill(0x55, 8 + record * 2 + 4, 8 + record * 2 + 20);
  writeFileSync(path, bytes);
  expect([
    idOf(files.next()?.message ?? testMessage('none', 0)),
    idOf(files.next()?.message ?? testMessage('none', 0)),
  ]).toEqual(ids(0, 2));
  expect(files.next()).toBeNull();
  expect(damages).toEqual([expect.stringMatching(/checksum \(2\)$/)]);
  files.append(testMessage('a', 9), false);
  expect(drain(files).ids).toEqual(['a:1:9']);
});

test('a strange file is set aside and told once', () => {
  const directory = temporaryFolder();
  appendFileSync(join(directory, 'spool-000000000007.seg'), 'nothing of ours, and long enough');
  appendFileSync(join(directory, 'cursor'), '{"segm');
  expect(open(directory).damages).toHaveLength(1);
  const { files, damages } = open(directory);
  expect(damages).toEqual([]);
  files.append(testMessage('a', 1), false);
  expect(segments(directory)).toHaveLength(1);
});

test('the size limit drops the oldest segments and keeps the newest records', () => {
  const directory = temporaryFolder();
  const { files } = open(directory, { size_max_bytes: 8_000, segment_bytes: 1_000 });
  let dropped = 0;
  for (let n = 0; n < 200; n++) {
    dropped += files.append(testMessage('a', n), false).dropped;
    expect(files.bytes).toBeLessThanOrEqual(8_000);
  }
  const { ids: left } = drain(files);
  expect(left.length + dropped).toBe(200);
  expect(left).toEqual(ids(dropped, 200));
  expect(left.length).toBeGreaterThan(20);
});
