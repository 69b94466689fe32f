import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, mkdtemp, readdir, rename, rm, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, isAbsolute, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { VitalsError } from '../../pipeline/contract/errors.ts';

/** Where downloaded programs are kept for all data folders of this user. */
export function cacheFolder(env: NodeJS.ProcessEnv): string {
  const base = env.XDG_CACHE_HOME;
  return join(base !== undefined && isAbsolute(base) ? base : join(homedir(), '.cache'), 'gpu-vitals');
}

/**
 * Makes `cache/name` by filling a folder beside it and renaming that, so that a reader never sees half of it and two
 * processes may do it at once: the first one's result stays. Returns the path. Nothing stays when `fill` throws.
 */
export async function fillCache(cache: string, name: string, fill: (folder: string) => Promise<void>): Promise<string> {
  const target = join(cache, name);
  await mkdir(dirname(target), { recursive: true });
  const folder = await mkdtemp(join(cache, 'part-'));
  try {
    await fill(folder);
    try {
      await rename(folder, target);
    } catch (error) {
      // Another process was faster; anything else is a fault of the disk or its permissions.
      if (!isThere(error)) throw error;
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  return target;
}

function isThere(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : '';
  return code === 'ENOTEMPTY' || code === 'EEXIST';
}

export async function sha256Of(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}

/** Throws VitalsError GV-SVC-004 when the file's SHA-256 is none of the pinned ones. */
export async function requireHash(path: string, pinned: readonly string[], what: string): Promise<void> {
  const found = await sha256Of(path);
  if (!pinned.includes(found)) {
    throw new VitalsError('GV-SVC-004', `${what} has SHA-256 ${found}, expected ${pinned.join(' or ')}`, path);
  }
}

/** Bytes of all files under a folder, for telling how far a download has come. */
export async function folderBytes(folder: string): Promise<number> {
  let bytes = 0;
  try {
    for (const entry of await readdir(folder, { withFileTypes: true, recursive: true })) {
      if (entry.isFile()) bytes += (await stat(join(entry.parentPath, entry.name))).size;
    }
  } catch {
    // Files move while they are counted.
  }
  return bytes;
}
