import { isBlankText } from '../collect/check-value.ts';
import type { Metric } from '../contract/metrics.ts';
import { ownEntry } from '../contract/own-entry.ts';

/**
 * What a cell of a table says: the number that stands in it and how many canonical units one of it is, nothing, or something
 * that is no reading.
 */
export type Cell =
  | { readonly kind: 'reading'; readonly reading: number; readonly factor: number }
  | { readonly kind: 'blank' | 'sentinel' | 'not_a_number' };

/** How many canonical units one of these is. NVIDIA's tools write MB and GB where they count MiB and GiB. */
const UNITS: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  C: { c: 1, celsius: 1, degc: 1, '°c': 1 },
  W: { w: 1, watt: 1, watts: 1, mw: 1e-3, milliwatts: 1e-3, kw: 1e3 },
  J: { mj: 1e-3, millijoules: 1e-3, j: 1, joule: 1, joules: 1, kj: 1e3, wh: 3.6e3, kwh: 3.6e6 },
  MHz: { mhz: 1, ghz: 1e3, khz: 1e-3, hz: 1e-6 },
  ratio: { '%': 0.01, pct: 0.01, percent: 0.01, perc: 0.01, ratio: 1, fraction: 1 },
  bytes: {
    b: 1,
    byte: 1,
    bytes: 1,
    kib: 2 ** 10,
    kb: 2 ** 10,
    mib: 2 ** 20,
    mb: 2 ** 20,
    gib: 2 ** 30,
    gb: 2 ** 30,
  },
  'bytes/s': {
    'b/s': 1,
    bytes_s: 1,
    bytes_sec: 1,
    bytes_per_s: 1,
    bytes_per_sec: 1,
    bytes_per_second: 1,
    'kb/s': 1e3,
    kb_s: 1e3,
    kb_per_second: 1e3,
    'mb/s': 1e6,
    mb_s: 1e6,
    mb_per_second: 1e6,
    'gb/s': 1e9,
    gb_s: 1e9,
    gb_per_second: 1e9,
  },
  'MB/s': { 'mb/s': 1, mb_s: 1, mb_per_second: 1, 'gb/s': 1e3, gb_s: 1e3, gb_per_second: 1e3 },
  ns: { ns: 1, us: 1e3, ms: 1e6, s: 1e9 },
};

/** Canonical units in one of `unit`, or undefined when the metric is not measured in such a thing. */
export const unitFactor = (metric: Metric, unit: string): number | undefined =>
  ownEntry(UNITS[metric.unit] ?? {}, unit.toLowerCase());

const BLANKS = new Set(['', 'na', 'nan', 'null', 'none', '-']);
/** What nvidia-smi writes where it could not read: worth a dead letter, unlike a reading that a board does not have. */
const FAILURES = /^(?:err!|unknown|gpu is lost|gpu requires reset|timeout)$/;
const BLANK: Cell = { kind: 'blank' };
const SENTINEL: Cell = { kind: 'sentinel' };
const NOT_A_NUMBER: Cell = { kind: 'not_a_number' };

const WORDS: Readonly<Record<string, number>> = {
  yes: 1,
  no: 0,
  true: 1,
  false: 0,
  active: 1,
  'not active': 0,
  pending: 1,
};
const RECOVERY: Readonly<Record<string, number>> = {
  none: 0,
  reset: 1,
  'gpu reset': 1,
  reboot: 2,
  'node reboot': 2,
  'drain p2p': 3,
  'drain and reset': 4,
};

/** A reading in canonical units. Fractions divide, which gives the nearest double: 57 / 100, not 57 * 0.01. */
export const canonical = (reading: number, factor: number): number =>
  factor < 1 ? reading / Math.round(1 / factor) : reading * factor;

/** `Number`, except that blank text and 0x10, 0b1 (unless `hex`) are no numbers: NaN. */
export function decimal(text: string, hex: boolean): number {
  const number = Number(text);
  const second = text.charCodeAt(1) | 0x20;
  if (second === 0x78 || second === 0x62 || second === 0x6f) return hex ? number : Number.NaN;
  return number === 0 && text.trim() === '' ? Number.NaN : number;
}

/**
 * Reads one cell that is not just a number. `factor` is that of the column; a unit in the cell (`23.93 W`) overrides it. Bit
 * masks may be in hex. Words are read where the metric is a flag or has a code for them.
 */
export function readCell(text: string, metric: Metric, factor: number): Cell {
  const number = decimal(text, metric.kind === 'mask');
  if (!Number.isNaN(number)) return { kind: 'reading', reading: number, factor };
  const trimmed = text.trim();
  const bare = trimmed.replace(/^\[(.*)\]$/, '$1').toLowerCase();
  const word =
    metric.name === 'recovery_action'
      ? ownEntry(RECOVERY, bare)
      : metric.kind === 'flag'
        ? ownEntry(WORDS, bare)
        : undefined;
  if (word !== undefined) return { kind: 'reading', reading: word, factor: 1 };
  if (BLANKS.has(bare) || isBlankText(trimmed)) return BLANK;
  if (FAILURES.test(bare)) return SENTINEL;
  const match = /^([-+]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?)\s*(\D.*)$/.exec(trimmed);
  const unit = match === null ? undefined : unitFactor(metric, match[2] as string);
  return unit === undefined ? NOT_A_NUMBER : { kind: 'reading', reading: Number(match?.[1]), factor: unit };
}
