import { VitalsError } from './contract/errors.ts';
import { createLineSplitter } from './line-splitter.ts';
import { openBytes, openFile } from './replay/byte-source.ts';
import { createCsvRecords } from './replay/csv-records.ts';

export interface CsvRow {
  /** Line that it ends on, from 1. */
  readonly line: number;
  readonly cells: readonly string[];
}

/** A table of thousands of columns has long lines, but not this long. */
const ROW_CHARS_MAX = 16 * 2 ** 20;

/**
 * The records of a CSV file (plain or gzip, `-` for standard input), header first, some thousand at a time as they are read.
 * Blank lines are no records, but in a file of one column: there each is a row whose cell is empty, except the last line of the
 * file. Holds one chunk of the file. Throws VitalsError GV-CLI-002 when the file cannot be read, and GV-MDL-003, naming the
 * line, when it is no CSV: a row that is left out would put all later answers beside the wrong row.
 */
export async function* csvRows(path: string): AsyncGenerator<readonly CsvRow[]> {
  const source = path === '-' ? openBytes(process.stdin) : openFile(path);
  const decoder = new TextDecoder();
  let found: CsvRow[] = [];
  let line = 0;
  let width = 0;
  /** A blank line of which nobody knows yet whether it is the last one. */
  let empty: CsvRow | null = null;
  const refuse = (what: string): never => {
    throw new VitalsError('GV-MDL-003', `line ${line}: ${what}`, path);
  };
  const records = createCsvRecords({
    chars_max: ROW_CHARS_MAX,
    record(cells) {
      if (empty !== null) found.push(empty);
      empty = null;
      if (width === 0) width = cells.length;
      found.push({ line, cells });
      return null;
    },
    refused: refuse,
    blank() {
      if (width !== 1) return;
      if (empty !== null) found.push(empty);
      empty = { line, cells: [''] };
    },
  });
  const lines = createLineSplitter({
    chars_max: ROW_CHARS_MAX,
    line(text) {
      line += 1;
      records.line(text);
    },
    oversized() {
      line += 1;
      refuse(`longer than ${ROW_CHARS_MAX} characters`);
    },
  });
  for await (const chunk of source.chunks) {
    lines.push(decoder.decode(chunk, { stream: true }));
    if (found.length > 0) yield found;
    found = [];
  }
  const damage = source.damage();
  if (damage !== null) throw new VitalsError('GV-CLI-002', `the input cannot be unpacked (${damage})`, path);
  lines.push(decoder.decode());
  lines.end();
  records.end();
  if (found.length > 0) yield found;
}
