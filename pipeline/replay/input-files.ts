import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { VitalsError } from '../contract/errors.ts';
import { unreadable } from './byte-source.ts';

const EXTENSIONS = ['prom', 'txt', 'jsonl', 'csv', 'log'] as const;
export type Extension = (typeof EXTENSIONS)[number];

export interface InputFile {
  readonly path: string;
  /** Name without folder and known extensions: the node of rows that name none. */
  readonly stem: string;
  readonly extension: Extension | null;
}

/** `node-1.dc.prom.gz` is `node-1.dc` with the extension prom: only endings that mean something are taken off. */
function inputFile(path: string): InputFile {
  const name = path.slice(Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\')) + 1);
  const plain = name.replace(/\.gz$/i, '');
  const dot = plain.lastIndexOf('.');
  const ending = dot > 0 ? plain.slice(dot + 1).toLowerCase() : '';
  const extension = EXTENSIONS.find((one) => one === ending) ?? null;
  return { path, stem: extension === null ? plain : plain.slice(0, dot), extension };
}

/**
 * The files behind a path: itself, or the known ones of a folder by name (code units, so the same on every machine).
 * Throws VitalsError GV-CLI-002 when the path is missing or unreadable, or the folder has no such file.
 */
export async function inputFiles(
  path: string,
): Promise<{ readonly files: readonly InputFile[]; readonly folder: boolean }> {
  try {
    const found = await stat(path);
    if (!found.isDirectory()) return { files: [inputFile(path)], folder: false };
    const names = (await readdir(path)).filter((name) => inputFile(name).extension !== null).sort(byCodeUnits);
    const files: InputFile[] = [];
    for (const name of names) {
      const file = inputFile(join(path, name));
      if (!(await stat(file.path)).isDirectory()) files.push(file);
    }
    if (files.length === 0) {
      throw new VitalsError('GV-CLI-002', 'the folder has no input', path, {
        action: `Give a folder with ${EXTENSIONS.map((one) => `.${one}`).join(' ')} files, each also .gz.`,
      });
    }
    return { files, folder: true };
  } catch (cause) {
    throw cause instanceof VitalsError ? cause : unreadable(path, cause);
  }
}

const byCodeUnits = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
