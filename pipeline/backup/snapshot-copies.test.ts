import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { GroupState } from '../../operators/core/group-state.ts';
import { damagedAt, ofVersion9 } from '../snapshot.fixture.ts';
import { encodeSnapshot } from '../snapshot-format.ts';
import { copySnapshots, SNAPSHOT_MANIFEST } from './snapshot-copies.ts';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gpu-vitals-copies-'));
  await mkdir(join(folder, 'to', 'snapshots'), { recursive: true });
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const whole = Buffer.concat(encodeSnapshot(new GroupState(3).save()));

it.each([
  ['none that is whole', whole, null],
  ['one that is damaged', damagedAt(whole), 'GV-SNP-001'],
  ['one of another release', ofVersion9(whole), 'GV-SNP-002'],
])('refuses %s', async (_, bytes, code) => {
  await writeFile(join(folder, SNAPSHOT_MANIFEST), 'any');
  await writeFile(join(folder, 'group-03-a.snap'), bytes);
  const copied = copySnapshots(folder, join(folder, 'to'));
  if (code === null) expect(await copied).toHaveLength(2);
  else await expect(copied).rejects.toMatchObject({ code });
});
