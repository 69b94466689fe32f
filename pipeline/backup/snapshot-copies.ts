import { readdir, readFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { VitalsError } from '../contract/errors.ts';
import { readSnapshot, type UnreadSnapshot } from '../snapshot-format.ts';
import { writeWhole } from './backup-files.ts';
import type { BackupFile } from './manifest.ts';

export const SNAPSHOT_MANIFEST = 'manifest.snap';
const FLEET = 'fleet.snap';
const GROUP = /^group-[\w-]+\.snap$/;
const TRIES_MAX = 5;

/**
 * Copies an engine's newest snapshots while it goes on writing them: first what says how far they are, then the groups, then
 * the fleet. So no position that is told is ahead of its group, and no group is ahead of the fleet. Answers none when there
 * are none. Throws VitalsError GV-SNP-001 when one is damaged, GV-SNP-002 when another release wrote it.
 */
export async function copySnapshots(from: string, dir: string): Promise<readonly BackupFile[]> {
  const names = await readdir(from).catch((error: NodeJS.ErrnoException): string[] => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  if (!names.includes(SNAPSHOT_MANIFEST)) return [];
  const files: BackupFile[] = [];
  for (const name of [SNAPSHOT_MANIFEST, ...names.filter((one) => GROUP.test(one)).sort(), FLEET]) {
    const bytes = await readThrough(join(from, name), name === SNAPSHOT_MANIFEST ? () => null : damageOf);
    if (bytes === null) continue;
    files.push(await writeWhole(dir, `snapshots/${name}`, bytes));
  }
  return files;
}

const damageOf = (bytes: Uint8Array): UnreadSnapshot | null => {
  const found = readSnapshot(bytes);
  return 'why' in found ? found : null;
};

/** A file that is being replaced has no name for an instant, and two rounds later is written over under whoever still reads it. */
async function readThrough(
  path: string,
  damage: (bytes: Uint8Array) => UnreadSnapshot | null,
): Promise<Uint8Array | null> {
  for (let tries = 1; ; tries++) {
    try {
      const bytes = await readFile(path);
      const found = damage(bytes);
      if (found === null) return bytes;
      if (tries === TRIES_MAX)
        throw new VitalsError(found.code, `snapshot ${basename(path)}: ${found.why}`, dirname(path));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      if (tries === TRIES_MAX) return null;
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
