import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { VitalsError } from '../../../pipeline/contract/errors.ts';

/** Attributes that were reported every day, raw. */
export const SMART = ['s1', 's5', 's9', 's194', 's197'] as const;

/** Days of drives, in the order of time per drive. */
export interface DiskDays {
  readonly rows: number;
  /** Days since 1970. */
  readonly day: Uint16Array;
  readonly drive: Uint32Array;
  /** 1 on the last day of a drive that failed. */
  readonly failed: Uint8Array;
  /** `rows` x SMART.length, NaN = not told. */
  readonly smart: Float64Array;
  /** Bytes by drive; NaN = not told. */
  readonly capacity: Float64Array;
  /** Maker of each drive: the first word of its model, or its first letters. */
  readonly maker: readonly string[];
}

const DAY_MS = 86_400_000;
const HEADER = `day,drive,failure,${SMART.join(',')}`;

/** Backblaze's drives of spring 2013 (Drive Stats); null where the folder is not there. Errors: GV-CLI-002 for other files. */
export function readDisks(folder: string): DiskDays | null {
  const file = (name: string): string => join(folder, `backblaze_2013_${name}.csv.gz`);
  const parts = ['part1', 'part2', 'part3'].map(file);
  if (![...parts, file('drives')].every((path) => existsSync(path))) return null;
  const texts = parts.map((path) => gunzipSync(readFileSync(path)).toString('utf8'));
  const drives = gunzipSync(readFileSync(file('drives'))).toString('utf8');
  return disksOf(texts, drives, folder);
}

/** Parts as CSV, each going on where the one before has ended. */
export function disksOf(parts: readonly string[], drives: string, where: string): DiskDays {
  const capacity: number[] = [];
  const maker: string[] = [];
  for (const line of linesOf(drives).slice(1)) {
    const [drive, , model = '', bytes = ''] = line.split(',');
    capacity[Number(drive)] = numberOf(bytes);
    maker[Number(drive)] = /^[A-Za-z]+/.exec(model)?.[0].toUpperCase() ?? '';
  }
  const lines = parts.flatMap((text) => {
    const [header, ...rest] = linesOf(text);
    if (header !== HEADER) throw new VitalsError('GV-CLI-002', `a file begins with "${header}"`, where);
    return rest;
  });
  const rows = lines.length;
  const disks = {
    rows,
    day: new Uint16Array(rows),
    drive: new Uint32Array(rows),
    failed: new Uint8Array(rows),
    smart: new Float64Array(rows * SMART.length),
    capacity: Float64Array.from(capacity, (bytes) => bytes ?? Number.NaN),
    maker,
  };
  let date = '';
  let day = 0;
  for (const [row, line] of lines.entries()) {
    const cells = line.split(',');
    if (cells[0] !== date) {
      date = cells[0] as string;
      const next = Date.parse(`${date}T00:00:00Z`) / DAY_MS;
      if (!(next > day)) throw new VitalsError('GV-CLI-002', `${date} is no day after the one before`, where);
      day = next;
    }
    disks.day[row] = day;
    disks.drive[row] = Number(cells[1]);
    disks.failed[row] = Number(cells[2]);
    for (let k = 0; k < SMART.length; k++) disks.smart[row * SMART.length + k] = numberOf(cells[3 + k] ?? '');
  }
  return disks;
}

const numberOf = (cell: string): number => (cell === '' ? Number.NaN : Number(cell));

const linesOf = (text: string): string[] => text.split('\n').filter((line) => line !== '');
