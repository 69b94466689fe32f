import {
  closeSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import type { Clock } from '../../clock.ts';
import type { RemoteWriteVersion } from './remote-write-options.ts';

export interface JournalOptions {
  readonly directory: string;
  readonly clock: Clock;
  /** A file is written for so long, and kept for as long again. Default 60 s. */
  readonly segment_ms?: number;
  /** And until it is so large. Default 64 MiB. */
  readonly segment_bytes?: number;
}

export interface JournalReader {
  request(packed: Uint8Array, version: RemoteWriteVersion): void;
  safe(target: string, ts: number): void;
}

const MIB = 1_048_576;
const KINDS = { 1: 'request', 2: 'request', 3: 'safe' } as const;
const SAFE = 3;
const HEAD_BYTES = 9;
const FILE = /^\d{12}\.journal$/;

/**
 * What remote write has taken and not yet published: Prometheus sends nothing twice that was answered with 204, so that a
 * scrape of which the rest is still to come must outlive our end. Requests are noted as they came before they are answered,
 * instants when they are safe; a start reads both again. Survives the kill of the process, not of the machine.
 *
 * Files of a minute each; one goes a minute after its end, since no scrape waits so long. A record is its length, its kind, a
 * CRC of its bytes, and the bytes; reading a file ends at the first that is not whole.
 */
export class RemoteWriteJournal {
  readonly #options: JournalOptions;
  /** Files that are not written any more, oldest first, and when they ceased to be. */
  readonly #old: { readonly name: string; readonly ended_at: number }[];
  #file: number | null = null;
  #number: number;
  #bytes = 0;
  #begun_at = 0;

  /** Throws what the file system says when the folder cannot be used. */
  constructor(options: JournalOptions) {
    this.#options = options;
    mkdirSync(options.directory, { recursive: true });
    this.#old = readdirSync(options.directory)
      .filter((name) => FILE.test(name))
      .sort()
      .map((name) => ({ name, ended_at: options.clock.monotonic() }));
    this.#number = Number.parseInt(this.#old.at(-1)?.name ?? '0', 10);
  }

  /** Tells what earlier runs have noted, in order; answers how many requests there were. */
  read(reader: JournalReader): number {
    let requests = 0;
    for (const { name } of this.#old) {
      const bytes = readFileSync(join(this.#options.directory, name));
      for (let at = 0; at + HEAD_BYTES <= bytes.length; ) {
        const length = bytes.readUInt32LE(at);
        const kind = bytes.readUInt8(at + 4);
        const data = bytes.subarray(at + HEAD_BYTES, at + HEAD_BYTES + length);
        if (data.length < length || !(kind in KINDS) || crc32(data) !== bytes.readUInt32LE(at + 5)) break;
        at += HEAD_BYTES + length;
        if (kind === SAFE) {
          const [target, ts] = JSON.parse(data.toString('utf8')) as [string, number];
          reader.safe(target, ts);
        } else {
          requests++;
          reader.request(data, kind as RemoteWriteVersion);
        }
      }
    }
    return requests;
  }

  /** Notes a request. Throws what the file system says when it cannot be. */
  request(packed: Uint8Array, version: RemoteWriteVersion): void {
    this.#append(version, packed);
  }

  /** Notes that an instant of a target needs no telling again. */
  safe(target: string, ts: number): void {
    this.#append(SAFE, Buffer.from(JSON.stringify([target, ts])));
  }

  close(): void {
    if (this.#file !== null) closeSync(this.#file);
    this.#file = null;
  }

  #append(kind: number, data: Uint8Array): void {
    const { segment_ms = 60_000, segment_bytes = 64 * MIB } = this.#options;
    const now = this.#options.clock.monotonic();
    if (this.#file === null || this.#bytes >= segment_bytes || now - this.#begun_at >= segment_ms) this.#rotate(now);
    const record = Buffer.allocUnsafe(HEAD_BYTES + data.length);
    record.writeUInt32LE(data.length, 0);
    record.writeUInt8(kind, 4);
    record.writeUInt32LE(crc32(data), 5);
    record.set(data, HEAD_BYTES);
    const file = this.#file as number;
    try {
      if (writeSync(file, record, 0, record.length, this.#bytes) !== record.length) {
        throw new Error('the file took only a part of the record');
      }
    } catch (cause) {
      // Reading would end at what is left of it: where that cannot be cut off, the next record begins another file.
      const begun_at = this.#begun_at;
      this.#begun_at = Number.NEGATIVE_INFINITY;
      ftruncateSync(file, this.#bytes);
      this.#begun_at = begun_at;
      throw cause;
    }
    this.#bytes += record.length;
  }

  #rotate(now: number): void {
    const { directory, segment_ms = 60_000 } = this.#options;
    if (this.#file !== null) {
      this.close();
      this.#old.push({ name: nameOf(this.#number), ended_at: now });
    }
    this.#file = openSync(join(directory, nameOf(++this.#number)), 'wx', 0o600);
    this.#bytes = 0;
    this.#begun_at = now;
    for (let old = this.#old[0]; old !== undefined && now - old.ended_at >= segment_ms; old = this.#old[0]) {
      unlinkSync(join(directory, old.name));
      this.#old.shift();
    }
  }
}

const nameOf = (number: number): string => `${String(number).padStart(12, '0')}.journal`;
