import { setTimeout as sleep } from 'node:timers/promises';
import { VitalsError } from '../../pipeline/contract/errors.ts';
import { milliseconds } from '../../pipeline/contract/time.ts';
import { createLineSplitter } from '../../pipeline/line-splitter.ts';
import type { StoredColumn } from './export-rows.ts';
import { type ExportedCell, exportedCells } from './exported-cells.ts';
import { ilpConnection } from './ilp-connection.ts';
import { escapeSymbol } from './row-template.ts';

const ROWS_MAX = 5_000;
const CHARS_MAX = 4 * 2 ** 20;
const LINE_CHARS_MAX = 16 * 2 ** 20;
const TRIES_MAX = 40;
const RETRY_MS = 500;
const ANSWER_MS = milliseconds(120_000);

export interface RowImport {
  /**
   * Writes the rows of an exported slice into a table that has these columns; answers how many. A row that is there already
   * is replaced by itself. Throws GV-BKP-001 when a line is not one of an export, GV-SNK-002 when the database refuses
   * rows, GV-SNK-001 when it stays away for 20 s.
   */
  csv(table: string, columns: readonly StoredColumn[], chunks: AsyncIterable<Uint8Array>): Promise<number>;
  close(): Promise<void>;
}

/**
 * Brings back what `rowExport` wrote, over ILP: QuestDB's own CSV import makes empty texts NULL and keeps the escapes.
 * Values go as the decimal text that they were written in, which is exact. Holds one request (4 MiB).
 */
export function rowImport(url: string): RowImport {
  const connection = ilpConnection(url, ANSWER_MS);

  async function send(table: string, body: string): Promise<void> {
    const bytes = Buffer.from(body, 'utf8');
    for (let tries = 1; ; tries++) {
      const outcome = await connection.post(bytes, 'n', AbortSignal.timeout(ANSWER_MS));
      if (outcome.kind === 'taken') return;
      if (outcome.kind === 'refused') throw new VitalsError('GV-SNK-002', outcome.reason, table);
      if (tries === TRIES_MAX) throw new VitalsError(outcome.code, outcome.reason, table);
      await sleep(RETRY_MS);
    }
  }

  return {
    async csv(table, columns, chunks) {
      const spell = rowSpeller(table, columns);
      const decoder = new TextDecoder();
      let rows = 0;
      let waiting: string[] = [];
      let chars = 0;
      let header = true;
      const refuse = (): never => {
        throw new VitalsError('GV-BKP-001', `row ${rows + waiting.length + 1} cannot be read`, table);
      };
      const lines = createLineSplitter({
        chars_max: LINE_CHARS_MAX,
        line(text) {
          if (header) {
            header = false;
            return;
          }
          const line = spell(exportedCells(text) ?? refuse()) ?? refuse();
          waiting.push(line);
          chars += line.length;
        },
        oversized: refuse,
      });
      const flush = async (least: boolean): Promise<void> => {
        while (waiting.length >= ROWS_MAX || (waiting.length > 0 && (chars >= CHARS_MAX || least))) {
          const part = waiting.slice(0, ROWS_MAX);
          await send(table, part.join(''));
          rows += part.length;
          waiting = waiting.slice(ROWS_MAX);
          chars = waiting.reduce((sum, line) => sum + line.length, 0);
        }
      };
      for await (const chunk of chunks) {
        lines.push(decoder.decode(chunk, { stream: true }));
        await flush(false);
      }
      lines.push(decoder.decode());
      lines.end();
      await flush(true);
      return rows;
    },
    close: () => connection.close(),
  };
}

/** Spells the cells of a row as one line of ILP with its time in ns; null when they are not those of these columns. */
export function rowSpeller(
  table: string,
  columns: readonly StoredColumn[],
): (cells: readonly ExportedCell[]) => string | null {
  const order = columns.map((column, at) => ({ ...column, at }));
  const symbols = order.filter(({ type }) => type === 'SYMBOL');
  const fields = order.filter(({ type, name }) => type !== 'SYMBOL' && name !== 'ts');
  const tsAt = order.findIndex(({ name }) => name === 'ts');
  return (cells) => {
    if (cells.length !== columns.length) return null;
    let line = table;
    for (const { name, at } of symbols) {
      const cell = cells[at];
      if (cell !== null && cell !== undefined) line += `,${name}=${escapeSymbol(cell)}`;
    }
    let between = ' ';
    for (const { name, type, at } of fields) {
      const cell = cells[at];
      if (cell === null || cell === undefined) continue;
      const value = fieldText(type, cell);
      if (value === null) return null;
      line += `${between}${name}=${value}`;
      between = ',';
    }
    const micros = microsText(cells[tsAt] ?? '');
    return micros === null ? null : `${line} ${micros}000\n`;
  };
}

const NUMBER = /^-?\d+(\.\d+)?(E-?\d+)?$/;

function fieldText(type: string, cell: string): string | null {
  switch (type) {
    case 'VARCHAR':
    case 'STRING':
      return `"${cell.replace(/["\n\r\\]/g, '\\$&')}"`;
    case 'DOUBLE':
    case 'FLOAT':
      return NUMBER.test(cell) ? cell : null;
    case 'LONG':
    case 'INT':
      return /^-?\d+$/.test(cell) ? `${cell}i` : null;
    case 'BOOLEAN':
      return cell === 'true' || cell === 'false' ? cell : null;
    case 'TIMESTAMP': {
      const micros = microsText(cell);
      return micros === null ? null : `${micros}t`;
    }
    default:
      return null;
  }
}

/** `2026-01-01T00:00:00.123456Z` as microseconds since the epoch. */
function microsText(text: string): string | null {
  const parts = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3})(\d{3})Z$/.exec(text);
  if (parts === null) return null;
  const ms = Date.parse(`${parts[1]}Z`);
  if (!(ms >= 0)) return null;
  return `${ms}${parts[2]}`.replace(/^0+(?=\d)/, '');
}
