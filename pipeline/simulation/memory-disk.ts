import type { Disk } from '../disk.ts';
import type { FaultPlan } from './faults.ts';
import type { Draw } from './seeded-random.ts';
import type { Life } from './virtual-time.ts';

const OPERATION_MS = 4;
/** So many renames a disk may forget that lost its power. */
const FORGOTTEN_MAX = 6;

const failure = (code: string, path: string): Error => Object.assign(new Error(`${code}: ${path}`), { code });

/**
 * Files that outlive processes. A write shows up bit by bit and is whole when it is told to be; a rename happens at one
 * instant. A process that is killed leaves what it was doing at any place.
 */
export class MemoryDisk {
  private files = new Map<string, Uint8Array>();
  /** The directory before each of the last renames. */
  private readonly before: Map<string, Uint8Array>[] = [];

  /** As one process sees it. */
  open(life: Life, draw: Draw, faults: FaultPlan): Disk {
    const time = (): Promise<void> => life.passed(draw.unit() * OPERATION_MS);
    return {
      read: async (path) => {
        await time();
        const bytes = this.files.get(path);
        if (bytes === undefined) throw failure('ENOENT', path);
        return bytes;
      },
      write: async (path, parts, over = null) => {
        // Arrays are used again by their owner, but not before this is done.
        const whole = Buffer.concat(parts);
        if (over !== null) this.reuse(over, path);
        const torn = (): void => {
          this.files.set(path, whole.subarray(0, draw.below(whole.length + 1)));
        };
        const forget = life.onKill(torn);
        await time();
        forget();
        if (faults.now('disk_full', life.time.now)) {
          torn();
          throw failure('ENOSPC', path);
        }
        this.files.set(path, whole);
      },
      rename: async (from, to) => {
        const move = (): void => {
          const bytes = this.files.get(from);
          if (bytes === undefined) return;
          this.before.push(new Map(this.files));
          if (this.before.length > FORGOTTEN_MAX) this.before.shift();
          this.files.delete(from);
          this.files.set(to, bytes);
        };
        const perhaps = life.onKill(() => {
          if (draw.chance(0.5)) move();
        });
        await time();
        perhaps();
        if (!this.files.has(from)) throw failure('ENOENT', from);
        move();
      },
      remove: async (paths) => {
        for (const path of paths) {
          await time();
          this.files.delete(path);
        }
        this.before.length = 0;
      },
    };
  }

  /** All renames so far have reached the disk before a file under a new name is written over. */
  private reuse(from: string, to: string): void {
    const bytes = this.files.get(from);
    if (bytes === undefined) return;
    this.files.delete(from);
    this.files.set(to, bytes);
    this.before.length = 0;
  }

  /** The last renames never reached the disk; what is under a temporary name may be anything. */
  loseTail(draw: Draw): void {
    const count = draw.below(this.before.length + 1);
    if (count === 0) return;
    this.files = this.before.splice(-count)[0] as Map<string, Uint8Array>;
    this.before.length = 0;
    for (const [path, bytes] of this.files) {
      if (path.endsWith('.new')) this.files.set(path, bytes.subarray(0, draw.below(bytes.length + 1)));
    }
  }

  /** Turns a bit of one file. Returns which; null when there is none. */
  rot(draw: Draw): string | null {
    const names = [...this.files.keys()].filter((name) => name.endsWith('.snap'));
    if (names.length === 0) return null;
    const name = draw.pick(names);
    const bytes = Uint8Array.from(this.files.get(name) ?? []);
    const at = draw.below(bytes.length);
    bytes[at] = (bytes[at] ?? 0) ^ (1 << draw.below(8));
    this.files.set(name, bytes);
    return name;
  }
}
