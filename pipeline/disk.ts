import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';

/** Memory that one file after the other is read into: new pages cost more than the reading. */
export interface ReadMemory {
  bytes: Uint8Array;
}

/** What snapshots need of a file system; failures are node's, with `code`. */
export interface Disk {
  /** `memory` is written over, and made larger where it is too small; what is given back may lie in it. */
  read(path: string, memory?: ReadMemory): Promise<Uint8Array>;
  /**
   * Makes the folder where it is missing, writes a file whole and waits until it is safe. `over` names a file of the same
   * folder that nobody wants any more: it becomes this one, since blocks and cached pages that are there cost a fraction of
   * new ones. Until then it had the name that it was given last: it is never found torn under one before.
   */
  write(path: string, parts: readonly Uint8Array[], over?: string | null): Promise<void>;
  /** In one step: whoever looks finds the one or the other. */
  rename(from: string, to: string): Promise<void>;
  /**
   * Removes files of one folder, in this order and for good: they do not come back with a power loss. Missing ones, or
   * a missing folder, are none.
   */
  remove(paths: readonly string[]): Promise<void>;
}

export const machineDisk: Disk = {
  async read(path, memory) {
    if (memory === undefined) return await readFile(path);
    const file = await open(path, 'r');
    try {
      const { size } = await file.stat();
      if (memory.bytes.length < size) memory.bytes = new Uint8Array(Math.ceil(size * 1.25));
      let length = 0;
      while (length < size) {
        const { bytesRead } = await file.read(memory.bytes, length, size - length, length);
        if (bytesRead === 0) break;
        length += bytesRead;
      }
      return memory.bytes.subarray(0, length);
    } finally {
      await file.close();
    }
  },
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
  async remove(paths) {
    for (const path of paths) await rm(path, { force: true });
    const [first] = paths;
    if (first === undefined) return;
    await syncFolder(dirname(first)).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw error;
    });
  },
};

/** Gives a file another name, for good: what is written into it from here on is under no other, also after a power loss. */
async function reuse(from: string, to: string): Promise<boolean> {
  try {
    await rename(from, to);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    return false;
  }
  await syncFolder(dirname(to));
  return true;
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
