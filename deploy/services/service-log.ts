import { closeSync, openSync, readSync, renameSync, statSync } from 'node:fs';

/** Sets a log file aside before a start; the one of the start before is kept as `FILE.1`. */
export function rotateLog(path: string): void {
  try {
    renameSync(path, `${path}.1`);
  } catch {
    // There is none yet.
  }
}

/** The last three lines of a log, for the message of a start that failed. */
export function lastLines(path: string): string {
  try {
    const size = statSync(path).size;
    const bytes = Buffer.alloc(Math.min(size, 2_000));
    const file = openSync(path, 'r');
    readSync(file, bytes, 0, bytes.length, size - bytes.length);
    closeSync(file);
    return bytes.toString('utf8').trim().split('\n').slice(-3).join(' | ').trim();
  } catch {
    return '';
  }
}
