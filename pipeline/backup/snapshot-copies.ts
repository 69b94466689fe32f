import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { VitalsError } from '../contract/errors.ts';
import { decodeSnapshot } from '../snapshot-format.ts';
import { writeWhole } from './backup-files.ts';
import type { BackupFile } from './manifest.ts';

export const SNAPSHOT_MANIFEST = 'manifest.snap';
const FLEET = 'fleet.snap';
const GROUP = /^group-[\w-]+\.snap$/;
const TRIES_MAX = 5;

/**
 * Copies an engine's newest snapshots while it goes on writing them: first what says how far they are, then the groups, then
 * the fleet. So no position that is told is ahead of its group, and no group is ahead of the fleet. Answers none when there
 * are none. Throws VitalsError GV-SNP-001 when one is damaged.
 */
export async function copySnapshots(from: string, dir: string): Promise<readonly BackupFile[]> {
  const names = await readdir(from).catch((error: NodeJS.ErrnoException): string[] => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  if (!names.includes(SNAPSHOT_MANIFEST)) return [];
  const files: BackupFile[] = [];
  for (const name of [SNAPSHOT_MANIFEST, ...names.filter((one) => GROUP.test(one)).sort(), FLEET]) {
    const bytes = await readThrough(join(from, name));
    if (bytes === null) continue;
    const found = name === SNAPSHOT_MANIFEST ? null : decodeSnapshot(bytes);
    if (typeof found === 'string') throw new VitalsError('GV-SNP-001', `snapshot ${name}: ${found}`, from);
    files.push(await writeWhole(dir, `snapshots/${name}`, bytes));
  }
  return files;
}

/** A file that is being replaced has no name for an instant. */
async function readThrough(path: string): Promise<Uint8Array | null> {
  for (let tries = 1; ; tries++) {
    try {
      return await readFile(path);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      if (tries === TRIES_MAX) return null;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}
