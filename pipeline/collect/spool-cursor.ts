import { closeSync, constants, openSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';

/** Where a record ends. */
export interface SpoolMark {
  readonly segment: number;
  readonly end: number;
}

const NAME = 'cursor';
const BYTES = 64;

/** The place up to which everything was released, or null when none was noted. */
export function readCursor(directory: string): SpoolMark | null {
  try {
    const value = JSON.parse(readFileSync(join(directory, NAME), 'utf8')) as Partial<SpoolMark>;
    const { segment, end } = value;
    return Number.isSafeInteger(segment) && Number.isSafeInteger(end) ? (value as SpoolMark) : null;
  } catch {
    // No cursor, or one torn by a power cut: everything is sent again and the server's window drops the repeats.
    return null;
  }
}

/**
 * Writes the place over the last one, in one write of always the same length. False when the disk takes nothing: the worst
 * that follows is that a restart sends again what the server then drops as repeats.
 */
export function writeCursor(directory: string, mark: SpoolMark): boolean {
  try {
    const fd = openSync(join(directory, NAME), constants.O_WRONLY | constants.O_CREAT, 0o644);
    try {
      return writeSync(fd, JSON.stringify(mark).padEnd(BYTES), 0) === BYTES;
    } finally {
      closeSync(fd);
    }
  } catch {
    return false;
  }
}
