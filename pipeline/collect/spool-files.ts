import {
  closeSync,
  fsyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readdirSync,
  readSync,
  renameSync,
  rmSync,
  writeSync,
  writevSync,
} from 'node:fs';
import { join } from 'node:path';
import type { OutgoingMessage } from '../contract/bus.ts';
import { readCursor, type SpoolMark, writeCursor } from './spool-cursor.ts';
import { frameRecord, readRecord, recordBytes, recordSound } from './spool-record.ts';
import { SEGMENT_MAGIC, scanSegment } from './spool-scan.ts';

export interface SpoolFilesOptions {
  readonly directory: string;
  /** All files together, bytes. */
  readonly size_max_bytes: number;
  /** One file, bytes; the unit in which the oldest are dropped. */
  readonly segment_bytes: number;
  /** A file could not be read to its end: what is wrong and how many records are known to be lost with it. */
  readonly on_damage: (detail: string, lost: number) => void;
}

interface Segment {
  readonly number: number;
  readonly path: string;
  bytes: number;
  records: number;
  /** Records handed out (or never to be), and records that are safe elsewhere; released <= read <= records. */
  read: number;
  released: number;
}

const CHUNK_BYTES = 256 * 1024;
const SEGMENT_NAME = /^spool-(\d{12})\.seg$/;

/**
 * The files behind a spool: append-only segments read in the order in which they were written, and a cursor that tells up
 * to where everything was released. Plain writes without fsync: they survive the death of the process, not of the machine,
 * until `close`. A new process never appends to an old file, so any segment may end in a torn record, which was never
 * told to be safe and is left out. I/O errors of `append` are thrown with the file as it was before.
 */
export class SpoolFiles {
  readonly #options: SpoolFilesOptions;
  readonly #segments: Segment[] = [];
  #next_number = 1;
  #bytes = 0;
  #active: { segment: Segment; fd: number } | null = null;
  #reading: { number: number; fd: number } | null = null;
  #read_at: number = SEGMENT_MAGIC.length;
  #chunk = Buffer.alloc(0);
  #chunk_at = 0;
  #released: SpoolMark | null = null;
  #saved: SpoolMark | null = null;

  constructor(options: SpoolFilesOptions) {
    this.#options = options;
    mkdirSync(options.directory, { recursive: true });
    this.#open();
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Records that are not released. */
  get messages(): number {
    return this.#segments.reduce((sum, segment) => sum + segment.records - segment.released, 0);
  }

  /** Records that `next` has not handed out. */
  get unread(): number {
    return this.#segments.reduce((sum, segment) => sum + segment.records - segment.read, 0);
  }

  /**
   * Writes one record behind all others. With `held` the caller keeps the message and `next` will not hand it out; that is
   * allowed only while nothing is unread. Makes room by dropping the oldest segments first and returns how many unread
   * records went with them.
   */
  append(message: OutgoingMessage, held: boolean): { readonly mark: SpoolMark; readonly dropped: number } {
    const [head, data] = frameRecord(message);
    const size = head.length + data.length;
    let dropped = 0;
    while (this.#segments.length > 0 && this.#bytes + size > this.#options.size_max_bytes) dropped += this.dropOldest();
    const { segment, fd } = this.#activeFor(size);
    try {
      if (writevSync(fd, [head, data]) !== size) throw new Error('the file took only a part of the record');
    } catch (cause) {
      ftruncateSync(fd, segment.bytes);
      throw cause;
    }
    segment.bytes += size;
    segment.records++;
    this.#bytes += size;
    if (held) {
      segment.read++;
      this.#moveReader(segment, segment.bytes);
    }
    return { mark: { segment: segment.number, end: segment.bytes }, dropped };
  }

  /** The oldest record that was not handed out, or null. */
  next(): { readonly message: OutgoingMessage; readonly mark: SpoolMark } | null {
    const segment = this.#segments.find((one) => one.read < one.records);
    if (segment === undefined) return null;
    if (this.#reading?.number !== segment.number) this.#moveReader(segment, this.#startOf(segment));
    const at = this.#load(segment);
    if (at === null) {
      const lost = segment.records - segment.read;
      segment.records = segment.read;
      if (this.#active?.segment === segment) this.#closeActive();
      this.#options.on_damage(`${segment.path} at byte ${this.#read_at}: record does not fit its checksum`, lost);
      this.#removeReleased();
      return this.next();
    }
    const message = readRecord(this.#chunk, at);
    this.#read_at += recordBytes(this.#chunk, at) ?? 0;
    segment.read++;
    return { message, mark: { segment: segment.number, end: this.#read_at } };
  }

  /** The record that ends here, and so everything before it, is safe elsewhere. Deletes what is no longer needed. */
  release(mark: SpoolMark): void {
    const segment = this.#segments.find((one) => one.number === mark.segment);
    if (segment === undefined) return;
    segment.released++;
    this.#released = mark;
    this.#removeReleased();
  }

  /** Deletes the oldest segment; returns how many of its records were never handed out. */
  dropOldest(): number {
    const segment = this.#segments[0];
    if (segment === undefined) return 0;
    const lost = segment.records - segment.read;
    this.#remove(segment);
    return lost;
  }

  /** Notes on disk what was released, so that the next start does not send it again. */
  saveCursor(): void {
    if (this.#released === this.#saved || this.#released === null) return;
    if (!writeCursor(this.#options.directory, this.#released)) return;
    this.#saved = this.#released;
  }

  /** Puts everything onto the disk itself and lets go of the files. */
  close(): void {
    this.saveCursor();
    if (this.#active !== null) fsyncSync(this.#active.fd);
    this.#closeActive();
    this.#closeReader();
  }

  #open(): void {
    const cursor = readCursor(this.#options.directory);
    const names = readdirSync(this.#options.directory).filter((name) => SEGMENT_NAME.test(name));
    for (const name of names.sort()) {
      const number = Number(SEGMENT_NAME.exec(name)?.[1]);
      const path = join(this.#options.directory, name);
      this.#next_number = number + 1;
      if (cursor !== null && number < cursor.segment) {
        rmSync(path);
        continue;
      }
      const scan = scanSegment(path, cursor?.segment === number ? cursor.end : 0);
      if (scan.damage !== null) {
        this.#options.on_damage(`${path}: ${scan.damage}`, 0);
        if (scan.records === 0) {
          renameSync(path, `${path}.damaged`);
          continue;
        }
      }
      const { bytes, records, released } = scan;
      this.#segments.push({ number, path, bytes, records, read: released, released });
      this.#bytes += bytes;
    }
    this.#next_number = Math.max(this.#next_number, (cursor?.segment ?? 0) + 1);
    this.#released = cursor;
    this.#saved = cursor;
    this.#removeReleased();
  }

  #activeFor(size: number): { segment: Segment; fd: number } {
    if (this.#active !== null && this.#active.segment.bytes + size > this.#options.segment_bytes) {
      this.#closeActive();
    }
    if (this.#active === null) {
      const number = this.#next_number++;
      const path = join(this.#options.directory, `spool-${String(number).padStart(12, '0')}.seg`);
      const fd = openSync(path, 'ax');
      try {
        writeSync(fd, SEGMENT_MAGIC);
      } catch (cause) {
        closeSync(fd);
        rmSync(path, { force: true });
        throw cause;
      }
      const segment: Segment = { number, path, bytes: SEGMENT_MAGIC.length, records: 0, read: 0, released: 0 };
      this.#segments.push(segment);
      this.#bytes += segment.bytes;
      this.#active = { segment, fd };
    }
    return this.#active;
  }

  /** Where reading begins in a segment that was not read by this process yet: behind what the last one released. */
  #startOf(segment: Segment): number {
    const released = this.#released;
    return segment.read > 0 && released?.segment === segment.number ? released.end : SEGMENT_MAGIC.length;
  }

  #moveReader(segment: Segment, at: number): void {
    if (this.#reading?.number !== segment.number) {
      this.#closeReader();
      this.#reading = { number: segment.number, fd: openSync(segment.path, 'r') };
    }
    this.#read_at = at;
  }

  /** Offset in the chunk of the record at the reader's place, after reading more when needed; null when it is damaged. */
  #load(segment: Segment): number | null {
    const inside = this.#read_at - this.#chunk_at;
    if (this.#chunk.length > 0 && inside >= 0) {
      const bytes = recordBytes(this.#chunk, inside);
      if (bytes !== null && inside + bytes <= this.#chunk.length)
        return recordSound(this.#chunk, inside) ? inside : null;
    }
    this.#fill(segment, CHUNK_BYTES);
    const bytes = recordBytes(this.#chunk, 0);
    if (bytes !== null && bytes > this.#chunk.length && this.#read_at + bytes <= segment.bytes) {
      this.#fill(segment, bytes);
    }
    return recordSound(this.#chunk, 0) ? 0 : null;
  }

  #fill(segment: Segment, bytes: number): void {
    const chunk = Buffer.allocUnsafe(Math.min(bytes, segment.bytes - this.#read_at));
    const read = readSync(this.#reading?.fd ?? -1, chunk, 0, chunk.length, this.#read_at);
    this.#chunk = chunk.subarray(0, read);
    this.#chunk_at = this.#read_at;
  }

  #removeReleased(): void {
    for (;;) {
      const segment = this.#segments[0];
      if (segment === undefined || segment.released < segment.records) return;
      this.#remove(segment);
    }
  }

  #remove(segment: Segment): void {
    if (this.#active?.segment === segment) this.#closeActive();
    if (this.#reading?.number === segment.number) this.#closeReader();
    this.#segments.splice(this.#segments.indexOf(segment), 1);
    this.#bytes -= segment.bytes;
    rmSync(segment.path, { force: true });
  }

  #closeActive(): void {
    if (this.#active !== null) closeSync(this.#active.fd);
    this.#active = null;
  }

  #closeReader(): void {
    if (this.#reading !== null) closeSync(this.#reading.fd);
    this.#reading = null;
    this.#chunk = Buffer.alloc(0);
    this.#chunk_at = 0;
  }
}
