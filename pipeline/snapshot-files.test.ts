import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { FLEET, GroupState } from '../operators/core/group-state.ts';
import type { VitalsError } from './contract/errors.ts';
import type { Disk } from './disk.ts';
import { damagedAt, ofVersion9 } from './snapshot.fixture.ts';
import { SnapshotFiles } from './snapshot-files.ts';

let folder: string;
let told: string[];
let files: SnapshotFiles;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'snapshot-files-'));
  told = [];
  files = new SnapshotFiles(folder, (error: VitalsError) => told.push(error.code));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const at = (position: number) => ({ ...new GroupState(3).save(), position });

it('finds a manifest in which any one bit is another, and uses the one before', async () => {
  const [before, newest] = [{ groups: { 3: { saved: 4, covered: 5 } } }, { groups: { 3: { saved: 6, covered: 7 } } }];
  await files.writeManifest(before);
  await files.writeManifest(newest);
  expect(await files.readManifest()).toEqual(newest);
  const path = join(folder, 'manifest.snap');
  const whole = readFileSync(path);
  for (let bit = 0; bit < whole.length * 8; bit++) {
    const bytes = Buffer.from(whole);
    bytes[bit >> 3] = (bytes[bit >> 3] as number) ^ (1 << (bit & 7));
    writeFileSync(path, bytes);
    expect(await files.readManifest(), `bit ${bit}`).toEqual(before);
  }
  expect(told).toHaveLength(whole.length * 8);
  expect(new Set(told)).toEqual(new Set(['GV-SNP-001']));
});

it('tells a manifest that was written otherwise from a damaged one, and uses the one before', async () => {
  const before = { groups: { 3: { saved: 4, covered: 5 } } };
  await files.writeManifest(before);
  await files.writeManifest({ groups: {} });
  const text = JSON.stringify({ version: 9, parts: [] });
  writeFileSync(join(folder, 'manifest.snap'), `${text}\n${crc32(text)}`);
  expect([await files.readManifest(), told.splice(0)]).toEqual([before, ['GV-SNP-002']]);
  writeFileSync(join(folder, 'manifest.snap'), text);
  expect([await files.readManifest(), told]).toEqual([before, ['GV-SNP-001']]);
});

it.each([
  ['damaged', 'whole', damagedAt, null, 5, ['GV-SNP-001']],
  ["another version's", 'whole', ofVersion9, null, 5, ['GV-SNP-002']],
  ["another version's", "another version's", ofVersion9, ofVersion9, null, ['GV-SNP-002', 'GV-SNP-002']],
  ["another version's", 'damaged', ofVersion9, damagedAt, null, ['GV-SNP-002', 'GV-SNP-001']],
  ['damaged', "another version's", damagedAt, ofVersion9, null, ['GV-SNP-001', 'GV-SNP-002']],
] as const)(
  'tells that the newest of a group is %s, and reads the one before where that is whole: it is %s',
  async (...row) => {
    const [, , newest, before, expected, errors] = row;
    await files.write(at(5));
    await files.write(at(9));
    const change = (name: string, by: ((bytes: Uint8Array) => Uint8Array) | null): void => {
      if (by !== null) writeFileSync(join(folder, name), by(readFileSync(join(folder, name))));
    };
    change('group-03.snap', newest);
    change('group-03.prev.snap', before);
    expect((await files.read(3))?.position ?? null).toBe(expected);
    expect(told).toEqual(errors);
  },
);

it('reads a manifest of an earlier release, which has no checksum', async () => {
  const manifest = { stream: 'a', groups: {} };
  writeFileSync(join(folder, 'manifest.snap'), JSON.stringify(manifest));
  expect(await files.readManifest()).toEqual(manifest);
});

it.each([
  [Number.POSITIVE_INFINITY, 9],
  [9, 9],
  [8, 5],
  [4, null],
])('reads the newest file of a group with nothing behind %d', async (position_max, expected) => {
  await files.write(at(5));
  await files.write(at(9));
  expect((await files.read(3, position_max))?.position ?? null).toBe(expected);
  expect(told).toEqual([]);
});

it('reads files of any length one after the other into the same memory', async () => {
  const groups = [40, 4_000, 7].map((length, group) => {
    const data = Float64Array.from({ length }, (_, i) => i + group / 4);
    return {
      ...new GroupState(group).save(),
      columns: [{ step: 's', name: 'c', type: 'f64', width: 1, data }] as const,
    };
  });
  for (const saved of groups) await files.write(saved);
  const memory = { bytes: new Uint8Array(0) };
  for (const saved of [...groups, ...groups.reverse()]) {
    expect(await files.read(saved.group, undefined, memory)).toEqual(saved);
  }
  expect(await files.read(5, undefined, memory)).toBeNull();
  expect(told).toEqual([]);
});

it('keeps two of each group and writes over the one before these, whatever was longer', async () => {
  const other = (position: number) => ({ ...new GroupState(4).save(), position });
  const column = { step: 's', name: 'c', type: 'f64', width: 1, data: new Float64Array(9_999) } as const;
  const written = new Set<number>();
  for (let round = 1; round <= 8; round++) {
    const long = round % 2 === 0 ? [column] : [];
    for (const saved of [{ ...at(round), columns: long }, other(round)]) {
      await files.write(saved);
      written.add(statSync(join(folder, `group-0${saved.group}.snap`)).ino);
    }
    expect((await files.read(3))?.position).toBe(round);
    expect((await files.read(3))?.columns.length).toBe(long.length);
    expect((await files.read(4))?.position).toBe(round);
  }
  expect((await files.read(3, 7))?.position).toBe(7);
  expect(readdirSync(folder).sort()).toEqual([
    'group-03.prev.snap',
    'group-03.snap',
    'group-04.prev.snap',
    'group-04.snap',
    'group-04.spare',
  ]);
  // Two of each, the one that is written, and what was there before anything was spare.
  expect(written.size).toBeLessThanOrEqual(6);
  expect(told).toEqual([]);
});

/** A disk in memory that fails after so many writes and renames, and what it is writing then is torn. */
function failingDisk(stored: Map<string, Uint8Array>, works: number): Disk {
  let left = works;
  const fail = (code: string): never => {
    throw Object.assign(new Error(code), { code });
  };
  const spend = (): unknown => --left < 0 && fail('EIO');
  return {
    read: async (path) => stored.get(path) ?? fail('ENOENT'),
    write: async (path, parts, over) => {
      if (over) stored.delete(over);
      stored.set(path, left === 0 ? Buffer.from('torn') : Buffer.concat(parts));
      spend();
    },
    rename: async (from, to) => {
      spend();
      stored.set(to, stored.get(from) ?? fail('ENOENT'));
      stored.delete(from);
    },
    remove: async (paths) => {
      for (const path of paths) stored.delete(path);
    },
  };
}

it('forgets how far everything was, in both generations, and keeps the groups', async () => {
  const stored = new Map<string, Uint8Array>();
  const files = new SnapshotFiles('', () => undefined, failingDisk(stored, Number.POSITIVE_INFINITY));
  for (let round = 1; round <= 2; round++) {
    await files.write({ ...at(round), group: FLEET });
    await files.write(at(round));
    await files.writeManifest({ groups: {} });
  }
  await files.forget();
  expect([await files.readManifest(), await files.read(FLEET), (await files.read(3))?.position]).toEqual([
    null,
    null,
    2,
  ]);
  await files.forget();
});

it('holds a whole one of each group wherever it is broken off, and again where it goes on', async () => {
  const report = (error: VitalsError): unknown => told.push(error.code);
  for (let first = 6; first < 30; first++) {
    for (let second = 0; second < 20; second++) {
      const stored = new Map<string, Uint8Array>();
      let last = 0;
      for (const works of [first, second]) {
        const files = new SnapshotFiles('', report, failingDisk(stored, works));
        try {
          for (;;) {
            await files.write(at(last + 1));
            last++;
          }
        } catch {}
        const found = (await files.read(3))?.position ?? 0;
        expect(found === last || found === last + 1, `${first}, ${second}: ${found} of ${last}`).toBe(true);
        last = found;
      }
      const files = new SnapshotFiles('', report, failingDisk(stored, Number.POSITIVE_INFINITY));
      for (let more = 1; more <= 3; more++) await files.write(at(last + more));
      expect((await files.read(3))?.position).toBe(last + 3);
      expect((await files.read(3, last + 2))?.position).toBe(last + 2);
    }
  }
  expect(told).toEqual([]);
});
