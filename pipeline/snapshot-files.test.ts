import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { GroupState } from '../operators/core/group-state.ts';
import type { VitalsError } from './contract/errors.ts';
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
});

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
