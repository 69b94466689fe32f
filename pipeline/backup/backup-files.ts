import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, open, readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { VitalsError } from '../contract/errors.ts';
import type { BackupFile } from './manifest.ts';

export interface BackupWriter {
  write(chunk: Uint8Array): Promise<void>;
  /** Safe on the disk when it resolves. */
  finish(): Promise<BackupFile>;
}

/** Makes the folder; throws VitalsError GV-BKP-002 when something is in it, GV-CLI-002 when it cannot be made. */
export async function emptyFolder(dir: string): Promise<void> {
  let found: string[];
  try {
    await mkdir(dir, { recursive: true, mode: 0o700 });
    found = await readdir(dir);
  } catch (cause) {
    throw new VitalsError('GV-CLI-002', 'the folder cannot be made', dir, { cause });
  }
  if (found.length === 0) return;
  const action = 'Give a folder that is empty or does not exist.';
  throw new VitalsError('GV-BKP-002', `the folder holds something already (${found[0]})`, dir, { action });
}

/** A file of a backup, written in order and counted on the way. Its owner alone may read it. */
export async function backupWriter(dir: string, path: string): Promise<BackupWriter> {
  const whole = join(dir, path);
  const failed = (cause: unknown): VitalsError =>
    new VitalsError('GV-CLI-002', `the backup cannot be written: ${String(cause)}`, whole, { cause });
  await mkdir(dirname(whole), { recursive: true, mode: 0o700 });
  const out = createWriteStream(whole, { flags: 'wx', mode: 0o600, flush: true });
  const broken = new Promise<never>((_, reject) => out.once('error', (cause) => reject(failed(cause))));
  broken.catch(() => {});
  await Promise.race([once(out, 'open'), broken]);
  const hash = createHash('sha256');
  let bytes = 0;
  return {
    async write(chunk) {
      hash.update(chunk);
      bytes += chunk.byteLength;
      if (!out.write(chunk)) await Promise.race([once(out, 'drain'), broken]);
    },
    async finish() {
      const closed = once(out, 'close');
      out.end();
      await Promise.race([closed, broken]);
      return { path, bytes, sha256: hash.digest('hex') };
    },
  };
}

export async function writeWhole(dir: string, path: string, bytes: Uint8Array): Promise<BackupFile> {
  const writer = await backupWriter(dir, path);
  await writer.write(bytes);
  return writer.finish();
}

/** A file of a backup in pieces of at most `chunk_bytes`. */
export const readBackupFile = (dir: string, file: BackupFile, chunk_bytes = 256 * 1_024): AsyncIterable<Uint8Array> =>
  createReadStream(join(dir, file.path), { highWaterMark: chunk_bytes });

/** Reads every file; throws VitalsError GV-BKP-001 naming the first that is missing or not what was written. */
export async function checkFiles(dir: string, files: readonly BackupFile[]): Promise<void> {
  for (const file of files) {
    const hash = createHash('sha256');
    let bytes = 0;
    try {
      for await (const chunk of readBackupFile(dir, file)) {
        hash.update(chunk);
        bytes += chunk.byteLength;
      }
    } catch (cause) {
      throw new VitalsError('GV-BKP-001', `${file.path} cannot be read`, dir, { cause });
    }
    if (bytes === file.bytes && hash.digest('hex') === file.sha256) continue;
    throw new VitalsError('GV-BKP-001', `${file.path} is not as it was written`, dir);
  }
}

/** What was renamed or made in a folder is there after a power loss too. */
export async function syncFolder(dir: string): Promise<void> {
  const folder = await open(dir, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
