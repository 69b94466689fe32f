import type { BoostingData } from '../models/boosting/boosting-data.ts';
import { VitalsError } from './contract/errors.ts';
import { csvNumber } from './csv-number.ts';
import { type CsvRow, csvRows } from './csv-rows.ts';

const CHUNK_ROWS = 4_096;

/**
 * Rows to learn from out of a CSV file: the column named is the label, every other one a feature, in the order of the header
 * or in the order given; empty cells are missing. Plain or gzip, `-` for standard input.
 * Throws VitalsError GV-CLI-002 for a file that cannot be read, and GV-MDL-201 that names line and column of a cell that is
 * no number, of a label that is missing, and a column that is not there, there twice, or nameless.
 * Cost     four bytes a cell, and as much again while the last rows come in.
 */
export async function trainingRows(path: string, label: string, features?: readonly string[]): Promise<BoostingData> {
  const reader = rowReader(path, label, features);
  for await (const records of csvRows(path)) for (const record of records) reader.take(record);
  return reader.end();
}

function rowReader(path: string, label: string, wanted: readonly string[] | undefined) {
  let header: readonly string[] | null = null;
  let columns: {
    readonly names: readonly string[];
    readonly places: readonly number[];
    readonly label: number;
  } | null = null;
  const chunks: Float32Array[] = [];
  const labels: number[] = [];
  let chunk = new Float32Array(0);
  let filled = 0;
  const refuse = (what: string): never => {
    throw new VitalsError('GV-MDL-201', what, path);
  };
  const numberAt = ({ line, cells }: CsvRow, place: number): number => {
    const text = cells[place] as string;
    const value = csvNumber(text);
    if (value !== null) return value;
    return refuse(`line ${line}, column ${header?.[place] ?? ''}: ${text.trim().slice(0, 40)} is no number`);
  };

  function take(record: CsvRow): void {
    if (header === null || columns === null) {
      header = record.cells.map((name) => name.trim());
      columns = columnsOf(header);
      return;
    }
    const { names, places } = columns;
    if (record.cells.length !== header.length) {
      refuse(`line ${record.line} has ${record.cells.length} cells, the header ${header.length}`);
    }
    const y = numberAt(record, columns.label);
    if (Number.isNaN(y)) refuse(`line ${record.line}, column ${label}: the label is missing`);
    labels.push(y);
    if (filled === chunk.length) {
      chunk = new Float32Array(CHUNK_ROWS * names.length);
      chunks.push(chunk);
      filled = 0;
    }
    for (let f = 0; f < places.length; f++) chunk[filled++] = numberAt(record, places[f] as number);
  }

  function columnsOf(names: readonly string[]) {
    const nameless = names.indexOf('');
    if (nameless !== -1) refuse(`column ${nameless + 1} has no name`);
    const twice = names.find((name, i) => names.indexOf(name) !== i);
    if (twice !== undefined) refuse(`the column ${twice} is there twice`);
    if (!names.includes(label)) refuse(`there is no column ${label} to learn`);
    const found = wanted ?? names.filter((name) => name !== label);
    const lacking = found.find((name) => !names.includes(name));
    if (lacking !== undefined) refuse(`there is no column ${lacking}`);
    if (found.length === 0) refuse(`there is no column beside ${label}`);
    return { names: found, places: found.map((name) => names.indexOf(name)), label: names.indexOf(label) };
  }

  function end(): BoostingData {
    if (columns === null) return refuse('the CSV is empty');
    const width = columns.names.length;
    const values = new Float32Array(labels.length * width);
    chunks.forEach((one, i) => {
      const from = i * CHUNK_ROWS * width;
      values.set(one.subarray(0, Math.min(one.length, values.length - from)), from);
    });
    return { values, rows: labels.length, features: columns.names, labels: Float32Array.from(labels) };
  }

  return { take, end };
}
