import { sniffContentType } from '../contract/content-type.ts';
import { readCsvHeader } from './csv-header.ts';
import { splitQuoted } from './csv-records.ts';
import type { InputFile } from './input-files.ts';

/** What the user may say of an input, and what it then is. */
export type InputFormat = 'auto' | 'prom' | 'jsonl' | 'csv' | 'nvidia-smi';
export type FileFormat = Exclude<InputFormat, 'auto'>;

/**
 * The format of a file: what was asked for, else by its name, else (.txt, .log, standard input and unknown names) by its
 * first lines. Which dialect a .csv is in is told by its header, later.
 */
export function detectFormat(asked: InputFormat, file: Pick<InputFile, 'extension'>, head: string): FileFormat {
  if (asked !== 'auto') return asked;
  if (file.extension === 'prom' || file.extension === 'jsonl' || file.extension === 'csv') return file.extension;
  const lines = head
    .split('\n')
    .slice(0, 16)
    .filter((line) => line.trim() !== '');
  const first = lines[0] ?? '';
  if (/^\s*(?:\{\s*["}]|\[\s*\{)/.test(first) && sniffContentType(Buffer.from(first)) === 'application/json')
    return 'jsonl';
  return lines.some(isTableHeader) ? 'csv' : 'prom';
}

function isTableHeader(line: string): boolean {
  if (!line.includes(',') || line.startsWith('#')) return false;
  const cells = splitQuoted(line.trimEnd());
  return cells !== null && readCsvHeader(cells, { canonical: true }) !== null;
}
