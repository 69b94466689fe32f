import { mkdir, open, readFile, rename } from 'node:fs/promises';
import { dirname } from 'node:path';

/** What snapshots need of a file system; failures are node's, with `code`. */
export interface Disk {
  read(path: string): Promise<Uint8Array>;
  /** Makes the folder where it is missing, writes a file whole and waits until it is safe. */
  write(path: string, parts: readonly Uint8Array[]): Promise<void>;
  /** In one step: whoever looks finds the one or the other. */
  rename(from: string, to: string): Promise<void>;
}

export const machineDisk: Disk = {
  read: (path) => readFile(path),
  async write(path, parts) {
    await mkdir(dirname(path), { recursive: true });
    const file = await open(path, 'w');
    try {
      const wanted = parts.reduce((sum, part) => sum + part.byteLength, 0);
      const { bytesWritten } = await file.writev(parts);
      if (bytesWritten !== wanted) throw new Error(`${bytesWritten} of ${wanted} bytes of ${path} were written`);
      await file.sync();
    } finally {
      await file.close();
    }
  },
  rename,
};
