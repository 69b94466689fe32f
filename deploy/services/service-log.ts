import { closeSync, copyFileSync, openSync, readSync, renameSync, statSync, truncateSync } from 'node:fs';

/** Sets a log file aside before a start; the one of the start before is kept as `FILE.1`. */
export function rotateLog(path: string): void {
  try {
    renameSync(path, `${path}.1`);
  } catch {
    // There is none yet.
  }
}

/**
 * Sets a log aside while its program goes on writing: what it holds becomes `FILE.1`, and it begins anew. The program must
 * append; what it writes between copy and cut is lost, which is a line or two. A disk that has no room leaves all as it is.
 */
export function cutLog(path: string, size_max_bytes: number): void {
  try {
    if (statSync(path).size < size_max_bytes) return;
    copyFileSync(path, `${path}.1`);
    truncateSync(path, 0);
  } catch {
    // It is looked at again.
  }
}

/** What a log says on why its program ended: its last complaint, else its last three lines. */
export function lastComplaint(path: string): string {
  const lines = tail(path)
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('at '));
  const complaint = lines.findLast((line) => COMPLAINT.test(line) && !HARMLESS.test(line));
  return complaint ?? lines.slice(-3).join(' | ');
}

const COMPLAINT = /could not|cannot|in use|exception|error|critical|fatal|\[FTL\]/i;

/** Words of QuestDB's every start. */
const HARMLESS = /unhandled errors/;

function tail(path: string): string {
  try {
    const size = statSync(path).size;
    const bytes = Buffer.alloc(Math.min(size, 8_000));
    const file = openSync(path, 'r');
    readSync(file, bytes, 0, bytes.length, size - bytes.length);
    closeSync(file);
    return bytes.toString('utf8');
  } catch {
    return '';
  }
}
