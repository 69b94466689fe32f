import { mkdir, open, readFile, rename } from 'node:fs/promises';
import { dirname } from 'node:path';

/** What snapshots need of a file system; failures are node's, with `code`. */
export interface Disk {
  read(path: string): Promise<Uint8Array>;
  /**
   * Makes the folder where it is missing, writes a file whole and waits until it is safe. `over` names a file of the same
   * folder that nobody wants any more: it becomes this one, since blocks and cached pages that are there cost a fraction of
   * new ones. Until then it had the name that it was given last: it is never found torn under one before.
   */
  write(path: string, parts: readonly Uint8Array[], over?: string | null): Promise<void>;
  /** In one step: whoever looks finds the one or the other. */
  rename(from: string, to: string): Promise<void>;
}

export const machineDisk: Disk = {
  read: (path) => readFile(path),
  async write(path, parts, over = null) {
    await mkdir(dirname(path), { recursive: true });
    const reused = over !== null && (await reuse(over, path));
    const file = await open(path, reused ? 'r+' : 'w');
    try {
      const wanted = parts.reduce((sum, part) => sum + part.byteLength, 0);
      const { bytesWritten } = await file.writev(parts);
      if (bytesWritten !== wanted) throw new Error(`${bytesWritten} of ${wanted} bytes of ${path} were written`);
      if (reused) await file.truncate(wanted);
      await file.sync();
    } finally {
      await file.close();
    }
  },
  rename,
};

/** Gives a file another name, for good: what is written into it from here on is under no other, also after a power loss. */
async function reuse(from: string, to: string): Promise<boolean> {
  try {
    await rename(from, to);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    return false;
  }
  const folder = await open(dirname(to), 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
  return true;
}
