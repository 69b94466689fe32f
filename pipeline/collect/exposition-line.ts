import { EPOCH_MS_MAX } from '../contract/time.ts';
import { readNumber } from './exposition-number.ts';

const NEWLINE = 10;
const RETURN = 13;
const LINE_BYTES_MAX = 65_536;

/** What follows the series on a sample line. */
export interface Tail {
  /** The value's text as it stands. */
  readonly text: string;
  /** Null when the text is no number. */
  readonly reading: number | null;
  /** The sample's own time, epoch ms; NaN when it has none, or one that is no instant of this world. */
  readonly ts: number;
}

/** Below this a whole number of milliseconds would lie in 1973, so that it is seconds (OpenMetrics). */
const SECONDS_BELOW = 1e11;

/** When a counter began, of OpenMetrics 2: says nothing that a decrease does not. */
const START_TIME = /(?<=[ \t])[cs]t@[\d.e+-]+(?=\s|$)/;

/**
 * Reads `value [timestamp] [# exemplar]`. Milliseconds (Prometheus text) and seconds (OpenMetrics) are told apart by their
 * size. Null when the line ends before a value or has something else where a time belongs.
 */
export function readTail(tail: string): Tail | null {
  const [text, second, third] = tail
    .replace(START_TIME, '')
    .trim()
    .split(/[ \t\r]+/, 3);
  if (text === undefined || text === '' || text.startsWith('#')) return null;
  const reading = readNumber(text);
  if (second === undefined || second.startsWith('#')) return { text, reading, ts: Number.NaN };
  const stamp = readNumber(second);
  if (stamp === null || !Number.isFinite(stamp)) return null;
  if (third !== undefined && !third.startsWith('#')) return null;
  return { text, reading, ts: instantOf(stamp) };
}

/** A sample's time as epoch ms; NaN when it is no instant of this world. */
export function instantOf(stamp: number): number {
  const ms = Math.round(Math.abs(stamp) < SECONDS_BELOW ? stamp * 1_000 : stamp);
  return ms > 0 && ms <= EPOCH_MS_MAX ? ms : Number.NaN;
}

/** Where the line that goes through `at` ends: at its newline, or at the end of the body. */
export function lineEnd(bytes: Buffer, at: number, end: number): number {
  const found = bytes.indexOf(NEWLINE, at);
  return found < 0 ? end : found;
}

/** Where the line ends if nothing but a line end stands at `at`; -1 otherwise. */
export function endsLine(bytes: Uint8Array, at: number, end: number): number {
  if (at >= end || bytes[at] === NEWLINE) return at;
  return bytes[at] === RETURN && (at + 1 >= end || bytes[at + 1] === NEWLINE) ? at + 1 : -1;
}

/** A line as text, without its line end; the start of one longer than any real line. */
export function textOf(bytes: Buffer, at: number, stop: number): string {
  const text = bytes.toString('utf8', at, Math.min(stop, at + LINE_BYTES_MAX));
  return text.endsWith('\r') ? text.slice(0, -1) : text;
}
