import { execFile } from 'node:child_process';
import { closeSync, openSync, rmSync, writeSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

export interface SmallDisk {
  /** Takes every byte that is left. */
  fill(): void;
  /** Gives back what `fill` took. */
  free(): void;
  unmount(): Promise<void>;
}

const run = promisify(execFile);
const CHUNK = Buffer.alloc(256 * 1024);

/** Mounts a file system of its own, in memory, at a folder; null where this user may not mount. */
export async function smallDisk(folder: string, size_mib: number): Promise<SmallDisk | null> {
  await mkdir(folder, { recursive: true });
  try {
    await run('mount', ['-t', 'tmpfs', '-o', `size=${size_mib}m`, 'gpu-vitals-chaos', folder]);
  } catch {
    return null;
  }
  const ballast = join(folder, 'ballast');
  return {
    fill() {
      const fd = openSync(ballast, 'a');
      try {
        for (let bytes = CHUNK.length; bytes >= 1; bytes = Math.floor(bytes / 2)) {
          try {
            while (writeSync(fd, CHUNK, 0, bytes) === bytes);
          } catch {
            // Full for pieces of this size: smaller ones may fit.
          }
        }
      } finally {
        closeSync(fd);
      }
    },
    free() {
      rmSync(ballast, { force: true });
    },
    async unmount() {
      // What still holds a file keeps the file system, not the name.
      await run('umount', ['-l', folder]);
    },
  };
}
