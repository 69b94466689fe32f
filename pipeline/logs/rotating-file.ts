import { closeSync, fstatSync, mkdirSync, openSync, renameSync, rmSync, statSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Clock } from '../clock.ts';

export interface RotatingFileOptions {
  readonly path: string;
  /** The file is set aside when it has so many bytes. */
  readonly size_max_bytes: number;
  /** How many of those set aside are kept, as `path.1` (the newest), `path.2`, ... */
  readonly kept: number;
  readonly clock: Clock;
}

/** How long a writer may go on in a file that another process has set aside. */
const LOOK_EVERY_MS = 1_000;
/** Setting aside takes milliseconds: a claim that is older was left by a process that died. */
const CLAIM_MAX_MS = 10_000;

/**
 * A file of lines that several threads and processes append to and any of them sets aside. Each line is one write, which the
 * system appends whole. Lines are lost only when the disk takes none: a log never stops what it tells of.
 */
export function rotatingFile(options: RotatingFileOptions): { write(line: string): void } {
  const { path, size_max_bytes, kept, clock } = options;
  const claim = `${path}.turning`;
  mkdirSync(dirname(path), { recursive: true });
  let file: number | null = null;
  let inode = 0;
  let looked_at = Number.NEGATIVE_INFINITY;
  let written = 0;

  const leave = (): void => {
    if (file !== null) closeSync(file);
    file = null;
  };
  const enter = (): number => {
    file = openSync(path, 'a', 0o640);
    const there = fstatSync(file);
    inode = there.ino;
    written = there.size;
    looked_at = clock.monotonic();
    return file;
  };
  /** By one writer at a time; whoever comes second finds a small file. */
  const turn = (): void => {
    try {
      mkdirSync(claim);
    } catch {
      const since = statSync(claim, { throwIfNoEntry: false })?.mtimeMs ?? clock.now();
      if (clock.now() - since > CLAIM_MAX_MS) rmSync(claim, { recursive: true, force: true });
      return;
    }
    try {
      if ((statSync(path, { throwIfNoEntry: false })?.size ?? 0) < size_max_bytes) return;
      for (let n = kept; n >= 1; n--) {
        const from = n === 1 ? path : `${path}.${n - 1}`;
        if (statSync(from, { throwIfNoEntry: false }) !== undefined) renameSync(from, `${path}.${n}`);
      }
    } finally {
      rmSync(claim, { recursive: true, force: true });
    }
  };
  const look = (): void => {
    looked_at = clock.monotonic();
    const there = statSync(path, { throwIfNoEntry: false });
    if (there === undefined || there.ino !== inode) leave();
    else written = there.size;
  };

  return {
    write(line) {
      try {
        if (clock.monotonic() - looked_at >= LOOK_EVERY_MS) look();
        if (written >= size_max_bytes) {
          turn();
          leave();
        }
        written += writeSync(file ?? enter(), line);
      } catch {
        leave();
      }
    },
  };
}
