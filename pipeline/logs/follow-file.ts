import { open, stat } from 'node:fs/promises';
import { StringDecoder } from 'node:string_decoder';

const CHUNK_BYTES = 65_536;

/** A place in a file that grows, and what of its last line was read. */
export interface FilePlace {
  readonly path: string;
  /** Null until the file is there. */
  inode: number | null;
  at: number;
  rest: string;
  decoder: StringDecoder;
}

export const startOf = (path: string): FilePlace => ({
  path,
  inode: null,
  at: 0,
  rest: '',
  decoder: new StringDecoder('utf8'),
});

/** The place `bytes` before the end of a file, for a look at the newest lines; the first may be the end of one. */
export async function nearEndOf(path: string, bytes: number): Promise<FilePlace> {
  const there = await stat(path).catch(() => null);
  if (there === null) return startOf(path);
  return { ...startOf(path), inode: there.ino, at: Math.max(0, there.size - bytes) };
}

/**
 * The whole lines that were added since the last call; all of them at the first. A file that was replaced or cut (rotation)
 * is read from its start; a file that is not there has no lines. Holds one chunk and the unfinished last line.
 */
export async function* newLines(place: FilePlace): AsyncGenerator<string> {
  const there = await stat(place.path).catch(() => null);
  if (there === null) return;
  if (there.ino !== place.inode || there.size < place.at)
    Object.assign(place, startOf(place.path), { inode: there.ino });
  const file = await open(place.path, 'r');
  try {
    const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
    for (;;) {
      const { bytesRead } = await file.read(chunk, 0, CHUNK_BYTES, place.at);
      if (bytesRead === 0) return;
      place.at += bytesRead;
      const lines = (place.rest + place.decoder.write(chunk.subarray(0, bytesRead))).split('\n');
      place.rest = lines.pop() ?? '';
      yield* lines;
    }
  } finally {
    await file.close();
  }
}
