import { createReadStream } from 'node:fs';
import { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { VitalsError } from '../contract/errors.ts';

/** Plain bytes of an input, whatever it was packed in. */
export interface ByteSource {
  readonly chunks: AsyncIterable<Uint8Array>;
  /** Why the bytes ended before the input did; null while all is well. Set when `chunks` has ended. */
  damage(): string | null;
}

const CHUNK_BYTES = 256 * 1_024;

/** Opens a file. Throws VitalsError GV-CLI-002, on the first read, when it cannot be opened or read. */
export const openFile = (path: string): ByteSource =>
  openBytes(readable(createReadStream(path, { highWaterMark: CHUNK_BYTES }), path));

/**
 * Unpacks gzip, told by its first two bytes rather than by a name, and passes everything else on. A gzip stream that is cut
 * or damaged gives what could be unpacked, then `damage`. Holds one chunk at a time; stops reading when nobody asks.
 */
export function openBytes(input: AsyncIterable<Uint8Array>): ByteSource {
  let damage: string | null = null;
  async function* unpacked(): AsyncGenerator<Uint8Array> {
    const { head, all } = await withHead(input, (bytes) => bytes.length >= 2);
    if (head[0] !== 0x1f || head[1] !== 0x8b) {
      yield* all;
      return;
    }
    let failure: unknown;
    const source = Readable.from(all, { objectMode: false });
    const gunzip = createGunzip({ chunkSize: CHUNK_BYTES });
    source.on('error', (cause) => {
      failure = cause;
      gunzip.destroy();
    });
    try {
      yield* source.pipe(gunzip) as AsyncIterable<Uint8Array>;
    } catch (cause) {
      if (failure !== undefined) throw failure;
      damage = cause instanceof Error ? cause.message : String(cause);
    } finally {
      source.destroy();
    }
  }
  return { chunks: unpacked(), damage: () => damage };
}

/** Reads until there is `enough` (or the end), and gives that with an iterable that begins with it again. */
export async function withHead(
  input: AsyncIterable<Uint8Array>,
  enough: (head: Uint8Array) => boolean,
): Promise<{ readonly head: Uint8Array; readonly all: AsyncIterable<Uint8Array> }> {
  const iterator = input[Symbol.asyncIterator]();
  let head: Uint8Array = new Uint8Array(0);
  while (!enough(head)) {
    const next = await iterator.next();
    if (next.done === true) break;
    head = head.length === 0 ? next.value : Buffer.concat([head, next.value]);
  }
  async function* all(): AsyncGenerator<Uint8Array> {
    try {
      if (head.length > 0) yield head;
      for (let next = await iterator.next(); next.done !== true; next = await iterator.next()) yield next.value;
    } finally {
      await iterator.return?.();
    }
  }
  return { head, all: all() };
}

async function* readable(input: AsyncIterable<Uint8Array>, path: string): AsyncGenerator<Uint8Array> {
  try {
    yield* input;
  } catch (cause) {
    throw unreadable(path, cause);
  }
}

/** GV-CLI-002 for a path that the system would not read. */
export function unreadable(path: string, cause: unknown): VitalsError {
  const code = (cause as NodeJS.ErrnoException | null)?.code;
  const what =
    code === 'ENOENT'
      ? 'the input does not exist'
      : code === 'EACCES' || code === 'EPERM'
        ? 'the input may not be read'
        : `the input cannot be read (${cause instanceof Error ? cause.message : String(cause)})`;
  return new VitalsError('GV-CLI-002', what, path, { cause });
}
