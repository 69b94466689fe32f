import { closeSync, openSync, renameSync, unlinkSync, writeSync } from 'node:fs';
import { VitalsError } from '../../pipeline/contract/errors.ts';
import type { Sink } from '../../pipeline/contract/ports.ts';

/** A sink that can tell how many rows it has written. */
export interface CountingSink<T> extends Sink<T> {
  readonly rows: number;
}

/** A file of lines that appears whole or not at all. */
export interface JsonlFile {
  /** Adds a line, without its end. Never throws: a failure of the disk is told by `flush`, `pressure` and `close`. */
  append(line: string): void;
  readonly lines: number;
  flush(): Promise<void>;
  /** Null while the disk takes what it is given; rejects once it has failed. */
  pressure(): Promise<void> | null;
  /** Writes the rest and gives the file its name. Rejects with VitalsError; the file of an earlier run then stays. */
  close(): Promise<void>;
}

const BLOCK_CHARS = 262_144;

/**
 * Opens `path` for writing under a temporary name beside it. Writes in blocks and synchronously: a replay has nothing else to
 * do, and what is written needs no memory. Throws VitalsError when the file cannot be made.
 */
export function openJsonlFile(path: string): JsonlFile {
  const partial = `${path}.partial`;
  let descriptor: number | null = null;
  let block = '';
  let lines = 0;
  let failure: VitalsError | null = null;
  const attempt = <T>(work: () => T): T | null => {
    try {
      return work();
    } catch (cause) {
      failure ??= failed(path, cause);
      return null;
    }
  };
  const drain = (): void => {
    const text = block;
    block = '';
    if (failure !== null || descriptor === null || text === '') return;
    const to = descriptor;
    attempt(() => {
      const bytes = Buffer.from(text, 'utf8');
      for (let at = 0; at < bytes.length; ) at += writeSync(to, bytes, at);
    });
  };
  const tell = (): Promise<void> => (failure === null ? Promise.resolve() : Promise.reject(failure));

  descriptor = attempt(() => openSync(partial, 'w'));
  if (failure !== null) throw failure;
  return {
    append(line) {
      lines++;
      block += line;
      block += '\n';
      if (block.length >= BLOCK_CHARS) drain();
    },
    get lines() {
      return lines;
    },
    flush() {
      drain();
      return tell();
    },
    pressure: () => (failure === null ? null : Promise.reject(failure)),
    close() {
      drain();
      const open = descriptor;
      descriptor = null;
      if (open === null) return tell();
      attempt(() => closeSync(open));
      if (failure === null) attempt(() => renameSync(partial, path));
      else attempt(() => unlinkSync(partial));
      return tell();
    },
  };
}

function failed(path: string, cause: unknown): VitalsError {
  const full = (cause as NodeJS.ErrnoException | null)?.code === 'ENOSPC';
  const why = cause instanceof Error ? cause.message : String(cause);
  return full
    ? new VitalsError('GV-SNK-004', 'the disk is full', path, { action: 'Free space, then run it again.', cause })
    : new VitalsError('GV-CLI-002', `the output cannot be written (${why})`, path, { cause });
}
