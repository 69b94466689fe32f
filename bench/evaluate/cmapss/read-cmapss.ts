import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { VitalsError } from '../../../pipeline/contract/errors.ts';

export const SENSORS = 21;

/** One engine from its first flight on; cycles follow one another without gaps. */
export interface Engine {
  readonly unit: number;
  readonly cycles: number;
  /** Cycle by cycle, `cycles` x SENSORS. */
  readonly sensors: Float64Array;
}

/** NASA's turbofan simulation (Saxena, Goebel 2008): no GPU, and nothing that anybody here made. */
export interface Cmapss {
  /** Run until they failed: the last cycle is the failure. */
  readonly train: readonly Engine[];
  /** Cut off some time before. */
  readonly test: readonly Engine[];
  /** Cycles that each of the test engines had left. */
  readonly left: readonly number[];
}

/** FD001 of a folder; null where it is not there. Errors: GV-CLI-002 for what is no such file. */
export function readCmapss(folder: string): Cmapss | null {
  const file = (name: string): string => join(folder, `FD001_${name}.txt.gz`);
  const names = ['train', 'test', 'truth'] as const;
  if (!names.every((name) => existsSync(file(name)))) return null;
  const lines = (name: (typeof names)[number]): number[][] => {
    const text = gunzipSync(readFileSync(file(name))).toString('utf8');
    return text
      .split('\n')
      .filter((line) => line.trim() !== '')
      .map((line) => line.trim().split(/\s+/).map(Number));
  };
  const test = enginesOf(lines('test'), file('test'));
  const left = lines('truth').map(([cycles]) => cycles ?? Number.NaN);
  if (left.length !== test.length || left.some(Number.isNaN)) {
    throw new VitalsError('GV-CLI-002', `${left.length} answers for ${test.length} engines`, file('truth'));
  }
  return { train: enginesOf(lines('train'), file('train')), test, left };
}

/** Rows are: unit, cycle, three settings, the sensors. */
export function enginesOf(rows: readonly (readonly number[])[], where: string): Engine[] {
  const byUnit = new Map<number, number[][]>();
  for (const [line, row] of rows.entries()) {
    const [unit, cycle] = row;
    const own = byUnit.get(unit as number) ?? [];
    if (row.length !== 5 + SENSORS || row.some(Number.isNaN) || cycle !== own.length + 1) {
      throw new VitalsError('GV-CLI-002', `line ${line + 1} is not the next cycle of an engine`, where);
    }
    own.push(row.slice(5));
    byUnit.set(unit as number, own);
  }
  return [...byUnit].map(([unit, own]) => ({ unit, cycles: own.length, sensors: Float64Array.from(own.flat()) }));
}
