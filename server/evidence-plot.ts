import { htmlText } from './html-text.ts';

/** Readings over time, oldest first; null = missing. */
export interface EvidenceSeries {
  readonly points: readonly { readonly ts: number; readonly value: number | null }[];
}

export interface PlotOptions {
  readonly title: string;
  /** Instants to be marked, epoch ms. */
  readonly marks: readonly number[];
  /** Time that the plot spans, epoch ms. */
  readonly from: number;
  readonly to: number;
}

const WIDTH = 680;
const HEIGHT = 120;
const LEFT = 64;
const BOTTOM = 18;
const TOP = 6;
/** A line over a silence of this share of the span, and of so many usual gaps, would invent readings. */
const GAP_SHARE = 0.05;
const USUAL_GAPS = 2.5;
const DIGITS = 4;

/** `2026-01-31 09:05 UTC`; a dash for what is no instant. */
export function utcMinute(ts: number | null): string {
  if (ts === null || !Number.isFinite(ts) || Math.abs(ts) > 8.64e15) return '\u2013';
  return `${new Date(ts).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}

/** A number of any size in few characters; a dash for none. */
export function shortNumber(value: number | null): string {
  if (value === null || !Number.isFinite(value)) return '\u2013';
  const size = Math.abs(value);
  if (size >= 1e15 || (size > 0 && size < 1e-3)) return value.toExponential(2);
  if (Number.isInteger(value) || size >= 1e4) return Math.round(value).toLocaleString('en-US');
  return String(Number(value.toPrecision(DIGITS)));
}

/**
 * A line plot as SVG without script or reference. Per pixel column the first, lowest, highest and last reading are drawn, so
 * that any number of readings costs at most 4 x 616 points and no spike is lost. Empty when nothing lies in the span.
 */
export function evidencePlot({ points }: EvidenceSeries, { title, marks, from, to }: PlotOptions): string {
  const span = Math.max(1, to - from);
  const seen = points.filter(
    (point): point is { ts: number; value: number } =>
      point.value !== null && Number.isFinite(point.value) && point.ts >= from && point.ts <= to,
  );
  if (seen.length === 0) return '';
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const { value } of seen) {
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  const range = high - low || 1;
  const x = (ts: number): number => LEFT + ((ts - from) / span) * (WIDTH - LEFT - 1);
  const y = (value: number): number => HEIGHT - BOTTOM - ((value - low) / range) * (HEIGHT - BOTTOM - TOP);
  const lines = linesOf(
    thinned(seen, (ts) => Math.round(x(ts))),
    Math.max(span * GAP_SHARE, USUAL_GAPS * usualGap(seen)),
  );
  const place = ({ ts, value }: Reading): string => `${x(ts).toFixed(1)} ${y(value).toFixed(1)}`;
  const path = lines.map((line) => (line.length > 1 ? `M${line.map(place).join('L')}` : '')).join('');
  // A line without length is drawn as its round ends: a dot.
  const dots = lines.map((line) => (line.length === 1 ? `M${line.map(place).join('')}h0` : '')).join('');
  const dashes = marks
    .filter((ts) => ts >= from && ts <= to)
    .map((ts) => `<path class="mark" d="M${x(ts).toFixed(1)} ${TOP}V${HEIGHT - BOTTOM}"/>`)
    .join('');
  const label = (at: string, height: number, text: string): string =>
    `<text ${at} y="${height}">${htmlText(text)}</text>`;
  return `<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${htmlText(title)}"><path class="frame" d="M${LEFT} ${TOP}V${HEIGHT - BOTTOM}H${WIDTH - 1}"/>${dashes}<path class="line" d="${path}"/><path class="dot" d="${dots}"/>${[
    label(`x="${LEFT - 4}" text-anchor="end"`, TOP + 9, shortNumber(high)),
    high === low ? '' : label(`x="${LEFT - 4}" text-anchor="end"`, HEIGHT - BOTTOM, shortNumber(low)),
    label(`x="${LEFT}"`, HEIGHT - 4, utcMinute(from)),
    label(`x="${WIDTH - 1}" text-anchor="end"`, HEIGHT - 4, utcMinute(to)),
  ].join('')}</svg>`;
}

interface Reading {
  readonly ts: number;
  readonly value: number;
}

function thinned(readings: readonly Reading[], columnOf: (ts: number) => number): Reading[] {
  const columns = new Map<number, { first: Reading; low: Reading; high: Reading; last: Reading }>();
  for (const reading of readings) {
    const column = columnOf(reading.ts);
    const known = columns.get(column);
    if (known === undefined) {
      columns.set(column, { first: reading, low: reading, high: reading, last: reading });
      continue;
    }
    if (reading.value < known.low.value) known.low = reading;
    if (reading.value > known.high.value) known.high = reading;
    known.last = reading;
  }
  return [...columns.values()].flatMap(({ first, low, high, last }) =>
    [...new Set([first, low, high, last])].sort((a, b) => a.ts - b.ts),
  );
}

/** Median time between readings. */
function usualGap(readings: readonly Reading[]): number {
  const gaps = readings
    .slice(1)
    .map(({ ts }, i) => ts - (readings[i]?.ts ?? ts))
    .sort((a, b) => a - b);
  return gaps[gaps.length >> 1] ?? 0;
}

function linesOf(readings: readonly Reading[], gap_ms: number): Reading[][] {
  const lines: Reading[][] = [];
  let before = Number.NEGATIVE_INFINITY;
  for (const reading of readings) {
    if (reading.ts - before > gap_ms) lines.push([reading]);
    else lines.at(-1)?.push(reading);
    before = reading.ts;
  }
  return lines;
}
