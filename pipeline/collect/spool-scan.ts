import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { RECORD_BYTES_MAX, RECORD_PREFIX_BYTES, recordBytes, recordSound } from './spool-record.ts';

/** First bytes of every segment: name and version of the format. */
export const SEGMENT_MAGIC = new TextEncoder().encode('GVSPOOL1');

export interface SegmentScan {
  /** Length of the sound beginning. */
  readonly bytes: number;
  readonly records: number;
  /** Records that end at or before the place asked for; 0 when that place is not the end of a record. */
  readonly released: number;
  /** What is wrong behind the sound beginning. A last record cut short by the death of its writer is no damage. */
  readonly damage: string | null;
}

const WINDOW_BYTES = 1024 * 1024;

/** Walks over a segment and checks every record; reads it in pieces of 1 MiB, or of one record where that is larger. */
export function scanSegment(path: string, released_to: number): SegmentScan {
  const fd = openSync(path, 'r');
  try {
    const size = fstatSync(fd).size;
    let buffer = read(fd, 0, Math.min(WINDOW_BYTES, size));
    let buffer_at = 0;
    if (!SEGMENT_MAGIC.every((byte, i) => buffer[i] === byte)) {
      const torn = size < SEGMENT_MAGIC.length;
      return { bytes: 0, records: 0, released: 0, damage: torn ? null : 'does not begin like a spool file' };
    }
    let at: number = SEGMENT_MAGIC.length;
    let records = 0;
    let released = 0;
    while (at < size) {
      if (at + RECORD_PREFIX_BYTES > size) break;
      if (at + RECORD_PREFIX_BYTES > buffer_at + buffer.length) {
        buffer = read(fd, at, Math.min(WINDOW_BYTES, size - at));
        buffer_at = at;
      }
      const bytes = recordBytes(buffer, at - buffer_at) ?? 0;
      if (bytes <= RECORD_BYTES_MAX && at + bytes > size) break;
      if (bytes <= RECORD_BYTES_MAX && at + bytes > buffer_at + buffer.length) {
        buffer = read(fd, at, Math.min(Math.max(WINDOW_BYTES, bytes), size - at));
        buffer_at = at;
      }
      if (!recordSound(buffer, at - buffer_at)) {
        return { bytes: at, records, released, damage: `record at byte ${at} does not fit its checksum` };
      }
      at += bytes;
      records++;
      if (at === released_to) released = records;
    }
    return { bytes: at, records, released, damage: null };
  } finally {
    closeSync(fd);
  }
}

function read(fd: number, at: number, bytes: number): Uint8Array {
  const buffer = new Uint8Array(bytes);
  return buffer.subarray(0, readSync(fd, buffer, 0, bytes, at));
}
