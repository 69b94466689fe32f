import { fstatSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { GroupState } from '../operators/core/group-state.ts';
import { type Disk, machineDisk } from './disk.ts';
import { SnapshotFiles } from './snapshot-files.ts';

let folder: string;
/** What the operating system was asked for, in order. */
let asked: string[];
/** Error code with which files are synced from here on; null: as the machine does it. */
let failing: string | null;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'disk-'));
  asked = [];
  failing = null;
  // What opened files and folders can do is in one place, which nothing names.
  const handle = await open(folder, 'r');
  const handles = Object.getPrototypeOf(handle) as FileHandle;
  await handle.close();
  const { sync, writev } = handles;
  vi.spyOn(handles, 'sync').mockImplementation(async function (this: FileHandle) {
    const opened = fstatSync(this.fd);
    if (!opened.isDirectory() && failing !== null) throw Object.assign(new Error(failing), { code: failing });
    await sync.call(this);
    asked.push(opened.isDirectory() ? `folder synced with ${listed()}` : `file synced, ${opened.size} bytes`);
  });
  vi.spyOn(handles, 'writev').mockImplementation(async function (this: FileHandle, ...given) {
    asked.push('file written');
    return writev.apply(this, given);
  });
});
afterEach(() => {
  vi.restoreAllMocks();
  rmSync(folder, { recursive: true, force: true });
});

const listed = (): string => readdirSync(folder).sort().join(', ') || 'nothing';
const at = (name: string): string => join(folder, name);
const bytes = (length: number): Uint8Array[] => [new Uint8Array(length).fill(7)];

/** The machine's, which also says when it gives a file another name. */
const told: Disk = {
  ...machineDisk,
  async rename(from, to) {
    await machineDisk.rename(from, to);
    asked.push(`named ${to.slice(folder.length + 1)}`);
  },
};

it('syncs a file after it was written whole, and before it is done', async () => {
  await machineDisk.write(at('a'), bytes(100));
  expect(asked).toEqual(['file written', 'file synced, 100 bytes']);
});

it('gives a file that is written over its new name for good before anything in it is another', async () => {
  await machineDisk.write(at('old'), bytes(100));
  asked = [];
  await machineDisk.write(at('new'), bytes(40), at('old'));
  expect(asked).toEqual(['folder synced with new', 'file written', 'file synced, 40 bytes']);
});

it('writes a new file where the one that is to be written over is not there', async () => {
  await machineDisk.write(at('new'), bytes(40), at('old'));
  expect(asked).toEqual(['file written', 'file synced, 40 bytes']);
});

it('removes for good, in the order asked for, whatever is there', async () => {
  await machineDisk.write(at('a'), bytes(1));
  await machineDisk.write(at('b'), bytes(1));
  asked = [];
  await machineDisk.remove([at('a'), at('missing')]);
  await machineDisk.remove([join(folder, 'no folder', 'a')]);
  await machineDisk.remove([]);
  expect(asked).toEqual(['folder synced with b']);
});

const group = (position: number) => ({ ...new GroupState(3).save(), position });
const report = (error: unknown): void => expect(error).toBeUndefined();

it('gives a snapshot its name only when it is safe, in every round', async () => {
  const files = new SnapshotFiles(folder, report, told);
  await files.write(group(1));
  expect(asked).toEqual(['file written', expect.stringMatching(/^file synced, \d{3,} bytes$/), 'named group-03.snap']);
  await files.write(group(2));
  await files.write(group(3));
  asked = [];
  await files.write(group(4));
  expect(asked).toEqual([
    'folder synced with group-03.prev.snap, group-03.snap, group-03.snap.new',
    'file written',
    expect.stringMatching(/^file synced, \d{3,} bytes$/),
    'named group-03.spare',
    'named group-03.prev.snap',
    'named group-03.snap',
  ]);
  asked = [];
  await files.writeManifest({ groups: {} });
  expect(asked).toEqual(['file written', expect.stringMatching(/^file synced/), 'named manifest.snap']);
});

it('gives no snapshot its name that is not safe', async () => {
  const files = new SnapshotFiles(folder, report, told);
  await files.write(group(1));
  await files.writeManifest({ groups: {} });
  failing = 'EIO';
  asked = [];
  await expect(files.write(group(2))).rejects.toThrow('EIO');
  await expect(files.writeManifest({ groups: { 3: { saved: 2, covered: 2 } } })).rejects.toThrow('EIO');
  expect(asked).toEqual(['file written', 'file written']);
  expect([(await files.read(3))?.position, await files.readManifest()]).toEqual([1, { groups: {} }]);
});
