import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';

/** What happened to one GPU. Two of one instant come as event, removal, insertion. */
export interface TitanRecord {
  /** Days since 1970, by the machine's own clock. */
  readonly at: number;
  readonly kind: 'DBE' | 'OTB' | 'remove' | 'insert';
  /** Serial number. */
  readonly gpu: string;
  readonly place: Place;
}

/** Where a GPU sits: cabinet (25 columns x 8 rows), cage (0 low and cool .. 2 high and hot), blade, node of the blade. */
export interface Place {
  readonly column: number;
  readonly row: number;
  readonly cage: number;
  readonly slot: number;
  readonly node: number;
}

export const CAGES = 3;
export const NODES = 4;
const PLACE = /^c(\d+)-(\d+)c([0-2])s([0-7])n([0-3])$/;
const ORDER = { DBE: 0, OTB: 0, remove: 1, insert: 2 } as const;
const DAY_MS = 86_400_000;

/** c3-2c1s4n0 and the like. */
export function readPlace(text: string): Place {
  const [, column, row, cage, slot, node] = PLACE.exec(text) ?? [];
  if (node === undefined) throw new Error(`${text} is no place of Titan`);
  return { column: Number(column), row: Number(row), cage: Number(cage), slot: Number(slot), node: Number(node) };
}

/** Days since 1970 of `2017-04-09 21:36:19`. */
export const dayOf = (text: string): number => Date.parse(`${text.replace(' ', 'T')}Z`) / DAY_MS;

export interface TitanHistory {
  /** In the order of time. */
  readonly records: readonly TitanRecord[];
  readonly gpus: number;
  /** The machine was turned off then: nobody is removed by that. Days since 1970. */
  readonly until: number;
}

/**
 * All that is known of the GPUs of Titan, 2014 to 2019; null where the folder is not there.
 * Source   Ostrouchov et al., SC20; gc_full.csv of their repository.
 */
export function readTitan(folder: string): TitanHistory | null {
  const path = join(folder, 'gc_full.csv.gz');
  if (!existsSync(path)) return null;
  const [, ...lines] = gunzipSync(readFileSync(path)).toString().trim().split('\n');
  return historyOf(
    lines.map((line) => {
      const [gpu = '', location = '', insert = '', remove = '', , , event = ''] = line.split(',');
      return { gpu, location, insert, remove, event };
    }),
  );
}

/** A life (insert .. remove, ended by an event or not), or an event alone. */
export interface TitanLine {
  readonly gpu: string;
  readonly location: string;
  readonly insert: string;
  readonly remove: string;
  readonly event: string;
}

export function historyOf(lines: readonly TitanLine[]): TitanHistory {
  const records: TitanRecord[] = [];
  let until = Number.NEGATIVE_INFINITY;
  for (const { remove } of lines) until = Math.max(until, dayOf(remove));
  for (const { gpu, location, insert, remove, event } of lines) {
    const place = readPlace(location);
    const ended = dayOf(remove);
    if (event === 'DBE' || event === 'OTB') records.push({ at: ended, kind: event, gpu, place });
    if (insert === '') continue;
    records.push({ at: dayOf(insert), kind: 'insert', gpu, place });
    if (ended < until || event !== '') records.push({ at: ended, kind: 'remove', gpu, place });
  }
  records.sort((a, b) => a.at - b.at || ORDER[a.kind] - ORDER[b.kind]);
  return { records, gpus: new Set(records.map(({ gpu }) => gpu)).size, until };
}

/** Firsts of months from `from` up to and with `until`, days since 1970. */
export function monthStarts(from: number, until: number): number[] {
  const first = new Date(from * DAY_MS);
  const starts: number[] = [];
  for (let month = first.getUTCMonth(); ; month++) {
    const at = Date.UTC(first.getUTCFullYear(), month, 1) / DAY_MS;
    if (at > until) return starts;
    if (at >= from) starts.push(at);
  }
}

/** 2016-04 of days since 1970. */
export const monthOf = (at: number): string => new Date(at * DAY_MS).toISOString().slice(0, 7);
