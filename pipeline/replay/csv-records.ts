/**
 * Puts lines together to CSV records (RFC 4180: quoted cells may hold commas, doubled quotes and ends of line). A quote that
 * is never closed must not swallow the file: a record that grows too long, or does not fit, costs its first line only, and
 * reading goes on with the next one.
 */
export interface CsvRecords {
  line(text: string): void;
  end(): void;
}

export interface CsvRecordsOptions {
  /** Takes a record; returns what is wrong with it, or null. Without a complaint nothing of it is read again. */
  readonly record: (cells: readonly string[], original: string) => string | null;
  readonly refused: (detail: string, original: string) => void;
  /** Told of every blank line between records; left out, they are nothing. */
  readonly blank?: () => void;
  readonly chars_max: number;
}

/** Telemetry has no cell of many lines; a record that does is a stray quote. */
const RECORD_LINES_MAX = 64;

export function createCsvRecords(options: CsvRecordsOptions): CsvRecords {
  const pending: string[] = [];
  let chars = 0;
  let open = false;

  const reset = (): void => {
    pending.length = 0;
    chars = 0;
    open = false;
  };
  /** Refuses the first of the pending lines and reads the others again. */
  const resume = (detail: string): void => {
    const [first = '', ...rest] = pending;
    reset();
    options.refused(detail, first);
    for (const line of rest) take(line);
  };
  const take = (text: string): void => {
    const quoted = text.includes('"');
    if (pending.length === 0 && !quoted) {
      if (text.trim() === '') {
        options.blank?.();
        return;
      }
      const wrong = options.record(text.split(','), text);
      if (wrong !== null) options.refused(wrong, text);
      return;
    }
    pending.push(text);
    chars += text.length + 1;
    if (quoted && oddQuotes(text)) open = !open;
    if (open) {
      if (pending.length >= RECORD_LINES_MAX || chars > options.chars_max) resume('a quote is not closed');
      return;
    }
    const original = pending.length === 1 ? text : pending.join('\n');
    const cells = splitQuoted(original);
    const wrong = cells === null ? 'text stands beside a quoted cell' : options.record(cells, original);
    if (wrong === null) reset();
    else resume(wrong);
  };
  return {
    line: take,
    end() {
      while (pending.length > 0) resume('a quote is not closed');
    },
  };
}

function oddQuotes(text: string): boolean {
  let odd = false;
  for (let at = text.indexOf('"'); at >= 0; at = text.indexOf('"', at + 1)) odd = !odd;
  return odd;
}

/** The cells of one record, or null when a quoted cell has text around it. Blanks before a quote are allowed. */
export function splitQuoted(text: string): string[] | null {
  const cells: string[] = [];
  let at = 0;
  for (;;) {
    let start = at;
    while (text[start] === ' ' || text[start] === '\t') start++;
    if (text[start] !== '"') {
      const comma = text.indexOf(',', at);
      const cell = comma < 0 ? text.slice(at) : text.slice(at, comma);
      if (cell.includes('"')) return null;
      cells.push(cell);
      if (comma < 0) return cells;
      at = comma + 1;
      continue;
    }
    let cell = '';
    let from = start + 1;
    for (;;) {
      const quote = text.indexOf('"', from);
      if (quote < 0) return null;
      cell += text.slice(from, quote);
      from = quote + 1;
      if (text[from] !== '"') break;
      cell += '"';
      from++;
    }
    cells.push(cell);
    while (text[from] === ' ' || text[from] === '\t') from++;
    if (from >= text.length) return cells;
    if (text[from] !== ',') return null;
    at = from + 1;
  }
}
