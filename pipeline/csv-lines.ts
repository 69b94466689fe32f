import { splitQuoted } from './replay/csv-records.ts';

/** CSV that people write: small, read whole, and told by line what is wrong with it. */

/** A note may run over some lines; a quote that is open for longer is a stray one. */
const RECORD_LINES_MAX = 64;

/** No table that people write has so many: each of them would be told as unknown. */
export const HEADER_COLUMNS_MAX = 1_000;

export interface CsvRecord {
  /** Line that it begins on, from 1. */
  readonly line: number;
  readonly cells: readonly string[];
  readonly wrong: string | null;
}

/** Records with the lines they begin on; blank lines and rows of empty cells are passed over, and what `csvCell` put before a text is off again. */
export function* csvLines(text: string): Generator<CsvRecord> {
  const lines = text.replace(/^\uFEFF/, '').split(/\r?\n/);
  for (let at = 0; at < lines.length; ) {
    let end = at;
    let open = oddQuotes(lines[at] ?? '');
    while (open && end + 1 < lines.length && end - at < RECORD_LINES_MAX) {
      end += 1;
      if (oddQuotes(lines[end] ?? '')) open = false;
    }
    const line = at + 1;
    // A quote that is never closed must not swallow the file: it costs its own line.
    const cells = open ? null : splitQuoted(lines.slice(at, end + 1).join('\n'));
    if (open) yield { line, cells: [], wrong: 'a quote is not closed' };
    else if (cells === null) yield { line, cells: [], wrong: 'text stands beside a quoted cell' };
    else if (cells.some((cell) => cell.trim() !== '')) yield { line, cells: cells.map(plain), wrong: null };
    at = open ? at + 1 : end + 1;
  }
}

/**
 * A cell as RFC 4180 spells it. A text that a spreadsheet would run as a formula gets an apostrophe before it; so does one that
 * looks as if it had got one, so that reading gives back every text.
 */
export function csvCell(value: string | number): string {
  const text = String(value);
  const cell = typeof value === 'string' && /^'*[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
}

const oddQuotes = (text: string): boolean => (text.split('"').length - 1) % 2 === 1;
const plain = (cell: string): string => cell.trim().replace(/^'(?='*[=+\-@\t\r])/, '');
