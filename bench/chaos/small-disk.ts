import { execFile, execFileSync } from 'node:child_process';
import { statfsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { promisify } from 'node:util';

export interface SmallDisk {
  /** Leaves no room: nothing more can be written until `free`. */
  fill(): void;
  free(): void;
  unmount(): Promise<void>;
}

const run = promisify(execFile);

/**
 * Mounts a file system of its own, in memory, at a folder; null where this user may not mount. Full is one that is made as
 * small as what it holds: nothing has to be written for it.
 */
export async function smallDisk(folder: string, size_mib: number): Promise<SmallDisk | null> {
  await mkdir(folder, { recursive: true });
  try {
    await run('mount', ['-t', 'tmpfs', '-o', `size=${size_mib}m`, 'gpu-vitals-chaos', folder]);
  } catch {
    return null;
  }
  const resize = (size: string): void => {
    // That it is smaller than what it holds is told as an error already.
    execFileSync('mount', ['-o', `remount,size=${size}`, folder], { stdio: 'ignore' });
  };
  // A run that dies on its way must not leave it mounted.
  const leave = (): void => {
    execFileSync('umount', ['-l', folder]);
  };
  process.once('exit', leave);
  let mounted = true;
  return {
    fill() {
      while (mounted) {
        const { blocks, bfree, bsize } = statfsSync(folder);
        try {
          resize(`${Math.max(1, blocks - bfree) * bsize}`);
          return;
        } catch {
          // Something was written in between, and it is smaller than what it holds: once more.
        }
      }
    },
    free() {
      if (mounted) resize(`${size_mib}m`);
    },
    async unmount() {
      mounted = false;
      process.off('exit', leave);
      // What still holds a file keeps the file system, not the name.
      await run('umount', ['-l', folder]);
    },
  };
}
