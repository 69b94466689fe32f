import { checkValue, valueRefusal } from '../collect/check-value.ts';
import type { Refusal } from '../contract/events.ts';
import { METRIC_COUNT } from '../contract/metrics.ts';
import type { XidReport } from '../contract/scrape.ts';
import { canonical } from './cell-value.ts';

/** One row while it is read. One draft serves all rows of an input: `begin` empties it. */
export interface RowDraft {
  readonly values: Float64Array;
  readonly refusals: readonly Refusal[];
  readonly xids: readonly XidReport[];
  /** Known metrics met, with a value or without. */
  readonly known: number;
  readonly blanks: number;
  readonly unknown_metrics: number;
  /** `original` is what value refusals quote. */
  begin(original: string): void;
  /** Judges a reading of `factor` canonical units each and keeps it when it is good. */
  reading(metric: number, reading: number, factor: number): void;
  blank(): void;
  /** A known metric whose content is no reading. */
  refuse(metric: number, reason: 'not_a_number' | 'sentinel'): void;
  /** XIDs that happened at the row's instant: codes, a list of them as text (`79;31`, `[79, 31]`), or both mixed. */
  xidEvents(content: unknown): void;
  /** How often a code was counted in the exporter's window; no count, or none of it, is a blank. */
  xidCount(xid: number, count: number): void;
  unknown(): void;
}

const XID_MAX = 65_535;

export function createRowDraft(): RowDraft {
  const values = new Float64Array(METRIC_COUNT);
  let original = '';
  let refusals: Refusal[] = [];
  let xids: XidReport[] = [];
  const events = new Set<number>();
  let known = 0;
  let blanks = 0;
  let unknown = 0;
  const refuseXid = (reason: 'not_a_number' | 'out_of_range', content: unknown): void => {
    const told = typeof content === 'object' ? 'a list or an object' : JSON.stringify(content).slice(0, 80);
    const detail = `xids holds ${content === null ? 'null' : told}, valid is 0..${XID_MAX}`;
    refusals.push({ level: 'value', reason, detail, original });
  };
  const refuseCount = (xid: number, count: number): void => {
    const detail = `XID ${xid}, ${count} times: codes are 1..${XID_MAX}, counts whole`;
    refusals.push({ level: 'value', reason: 'out_of_range', detail, original });
  };
  const addXid = (content: unknown): void => {
    const xid = typeof content === 'string' && /^\s*\d+\s*$/.test(content) ? Number(content) : content;
    if (typeof xid !== 'number') refuseXid('not_a_number', content);
    else if (!Number.isInteger(xid) || xid < 0 || xid > XID_MAX) refuseXid('out_of_range', content);
    else if (xid !== 0 && !events.has(xid)) {
      events.add(xid);
      xids.push({ xid, kind: 'event', count: 1 });
    }
  };
  return {
    values,
    get refusals() {
      return refusals;
    },
    get xids() {
      return xids;
    },
    get known() {
      return known;
    },
    get blanks() {
      return blanks;
    },
    get unknown_metrics() {
      return unknown;
    },
    begin(text) {
      original = text;
      values.fill(Number.NaN);
      if (refusals.length > 0) refusals = [];
      if (xids.length > 0) xids = [];
      if (events.size > 0) events.clear();
      known = 0;
      blanks = 0;
      unknown = 0;
    },
    reading(metric, reading, factor) {
      known++;
      const value = canonical(reading, factor);
      const verdict = checkValue(metric, value, reading);
      if (verdict === 'ok') values[metric] = value;
      else if (verdict === 'blank') blanks++;
      else refusals.push(valueRefusal(metric, verdict, value, original));
    },
    blank() {
      known++;
      blanks++;
    },
    refuse(metric, reason) {
      known++;
      refusals.push(valueRefusal(metric, reason, Number.NaN, original));
    },
    xidEvents(content) {
      known++;
      if (content === null || content === '') return;
      const list =
        typeof content === 'string'
          ? content
              .trim()
              .replace(/^\[|\]$/g, '')
              .split(/[;,\s]+/)
          : content;
      for (const one of Array.isArray(list) ? list : [list]) if (one !== '') addXid(one);
    },
    xidCount(xid, count) {
      known++;
      if (Number.isNaN(count) || count === 0) blanks++;
      else if (xid > XID_MAX || !Number.isSafeInteger(count) || count < 0) refuseCount(xid, count);
      else xids.push({ xid, kind: 'window_count', count });
    },
    unknown() {
      unknown++;
    },
  };
}
