import type { Refusal } from '../contract/events.ts';
import { metricIndex } from '../contract/metrics.ts';
import type { Scrape } from '../contract/scrape.ts';
import { checkValue, FIRST_BLANK, isBlankReading, isBlankText, toCanonical, valueRefusal } from './check-value.ts';
import { cutByInstant } from './exposition-instants.ts';
import { endsLine, lineEnd, readTail, textOf } from './exposition-line.ts';
import { COLUMN_METRIC, UNKNOWN } from './exposition-names.ts';
import { ANY_NODE, ExpositionNodes } from './exposition-nodes.ts';
import { decimal, readDecimal } from './exposition-number.ts';
import { ExpositionRefusals } from './exposition-refusals.ts';
import { ExpositionRows } from './exposition-rows.ts';
import { SeriesCache } from './exposition-series.ts';

export interface ExpositionContext {
  /** Node of samples whose labels name no host. */
  readonly fallback_node: string;
  /** Event time of samples that carry none, epoch ms: the scrape's start. */
  readonly ts: number;
}

/** A body without a single sample line: empty, binary, an HTML page. */
export class UnreadableScrape extends Error {
  readonly reason = 'unreadable_scrape';
}

const NEWLINE = 10;
const RETURN = 13;
const HASH = 35;
const XID_LAST = metricIndex('xid_last');

/** What a block means to the rows: a slot of ExpositionRows, or one of these. */
const NO_GPU = -1;
const FOREIGN = -2;

/**
 * Reads dcgm-exporter text (Prometheus text format 0.0.4 and OpenMetrics, exporters 1.x to 4.6) into normalised scrapes.
 *
 * One instance per target: it remembers the target's series, so that a steady one costs a comparison of bytes and a number
 * a line. The outcome depends on the body and the context alone, save that a target once seen to send GPU_UTIL_RATIO in
 * percent is taken to do so from then on.
 *
 * TYPE and HELP are not trusted, nor read. Links, switches and CPUs count as unknown metrics. See ExpositionRows for
 * repeated samples, SeriesCache for memory: it is emptied when it holds over four times what a scrape used.
 */
export class ExpositionParser {
  #cache = new SeriesCache();
  #rows = new ExpositionRows();
  #refusals = new ExpositionRefusals();
  #nodes = new ExpositionNodes();
  #fallback = '';
  #stamp = 0;

  /** Per block of the cache: its row, its node, and the scrapes in which it was last used, and its row last touched. */
  #blockRow: number[] = [];
  #blockNode: number[] = [];
  #blockUsed: number[] = [];
  #blockStamp: number[] = [];
  #blocksUsed = 0;
  /** Rows of which only unknown metrics were told when they were first met: where that line stands. */
  #strangers = new Map<number, { readonly node: number; readonly at: number; readonly stop: number }>();

  /** Names and label blocks held: what bounds the memory of this instance. */
  get cached(): number {
    return this.#cache.names + this.#cache.blocks.length;
  }

  /**
   * Usually one scrape; one a host when a federated body names several, in the order of their first samples; one an instant,
   * oldest first, when the body tells of several instants of one series. Never none. `boot_epoch` and `sequence` are 0: they
   * are the publisher's to stamp. Throws UnreadableScrape.
   */
  parse(body: Uint8Array, context: ExpositionContext): Scrape[] {
    const scrapes = this.#parse(body, context);
    if (!this.#rows.repeated) return scrapes;
    return cutByInstant(body).flatMap(({ ts, body: part }) =>
      this.#parse(part, Number.isNaN(ts) ? context : { ...context, ts }),
    );
  }

  #parse(body: Uint8Array, context: ExpositionContext): Scrape[] {
    this.#begin(context);
    const samples = this.#read(body);
    this.#cache.end();
    this.#refuseStrangers(body);
    const scrapes = samples === 0 ? [] : this.#finish(context);
    if (this.#cache.blocks.length > 4 * this.#blocksUsed + 64 || this.#cache.names > 2 * this.#cache.lines + 256) {
      this.#forget();
    }
    if (samples === 0) {
      const start = Buffer.from(body.subarray(0, 40)).toString('latin1');
      throw new UnreadableScrape(`no sample line in ${body.length} bytes, which begin with ${JSON.stringify(start)}`);
    }
    return scrapes;
  }

  #begin(context: ExpositionContext): void {
    if (context.fallback_node !== this.#fallback) this.#forget();
    this.#fallback = context.fallback_node;
    this.#cache.begin();
    this.#rows.begin();
    this.#refusals = new ExpositionRefusals();
    this.#stamp++;
    this.#nodes.begin();
    this.#blocksUsed = 0;
    if (this.#strangers.size > 0) this.#strangers = new Map();
  }

  #forget(): void {
    this.#cache.forget();
    this.#rows.forget();
    this.#nodes.forget();
    for (const list of [this.#blockRow, this.#blockNode, this.#blockUsed, this.#blockStamp]) {
      list.length = 0;
    }
  }

  /** The hot loop: a steady line is compared, its number read, its cell written. Counts the sample lines. */
  #read(body: Uint8Array): number {
    const cache = this.#cache;
    const rows = this.#rows;
    const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
    const view = new DataView(body.buffer, body.byteOffset, body.byteLength);
    const end = bytes.length;
    let samples = 0;
    let at = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0;
    while (at < end) {
      const first = bytes[at] as number;
      if (first === NEWLINE || first === RETURN || first === 32 || first === 9) {
        at++;
        continue;
      }
      if (first === HASH) {
        at = lineEnd(bytes, at, end) + 1;
        continue;
      }
      if (!cache.predict(view, at, end) && !this.#find(bytes, at, end)) {
        const bad = lineEnd(bytes, at, end);
        this.#refusals.line(textOf(bytes, at, bad), 'does not begin with a sample name and labels');
        at = bad + 1;
        continue;
      }
      const reading = readDecimal(bytes, cache.valueAt, end);
      let stop = endsLine(bytes, decimal.end, end);
      if (stop >= 0 && !Number.isNaN(reading)) {
        const block = cache.block;
        const column = cache.nameColumn[cache.name] as number;
        const row = this.#blockRow[block] as number;
        samples++;
        if (column >= 0 && row >= 0) {
          if (this.#blockStamp[block] !== this.#stamp) this.#touch(block);
          if (!rows.put(row, column, reading)) this.#judge(column, reading, bytes, at, stop);
        } else {
          this.#aside(column, reading, bytes, at, stop);
        }
      } else {
        stop = lineEnd(bytes, at, end);
        if (this.#spelledOut(bytes, at, stop)) samples++;
      }
      at = stop + 1;
    }
    return samples;
  }

  /** A line whose value is no plain decimal or has a time behind it. False: it was refused. */
  #spelledOut(bytes: Buffer, at: number, stop: number): boolean {
    const { block, name, valueAt } = this.#cache;
    const column = this.#cache.nameColumn[name] as number;
    const row = this.#blockRow[block] as number;
    const known = row !== FOREIGN && column !== UNKNOWN;
    const tail = readTail(bytes.toString('utf8', valueAt, Math.max(stop, valueAt)));
    const blank = tail !== null && tail.reading === null && isBlankText(tail.text);
    if (tail === null || (tail.reading === null && !blank && !known)) {
      const detail = tail === null ? 'no value, or no time, behind the labels' : 'the value is not a number';
      this.#refusals.line(textOf(bytes, at, stop), detail);
      return false;
    }
    const reading = blank ? FIRST_BLANK : (tail.reading ?? Number.NaN);
    if (column < 0 || row < 0) {
      this.#aside(column, reading, bytes, at, stop);
      return true;
    }
    if (this.#blockStamp[block] !== this.#stamp) this.#touch(block);
    if (!Number.isNaN(tail.ts)) this.#rows.tell(row, column, tail.ts);
    if (!this.#rows.put(row, column, reading)) this.#judge(column, reading, bytes, at, stop);
    return true;
  }

  /** A reading that needs a second look: a blank, a value out of range, or a rare good one. */
  #judge(column: number, reading: number, bytes: Buffer, at: number, stop: number): void {
    const metric = COLUMN_METRIC[column] as number;
    const value = toCanonical(metric, reading);
    const verdict = checkValue(metric, value, reading);
    if (verdict === 'ok') this.#rows.settle(this.#blockRow[this.#cache.block] as number, column, reading);
    else if (verdict === 'blank') this.#missing(column);
    else this.#refuse(valueRefusal(metric, verdict, value, textOf(bytes, at, stop)));
  }

  /** A blank; where an XID's is, the code that the exporter tells in words counts. */
  #missing(column: number): void {
    const { block, blocks } = this.#cache;
    const told = blocks[block]?.err_code ?? 0;
    if (column === XID_LAST && checkValue(XID_LAST, told) === 'ok' && told > 0) {
      this.#rows.settle(this.#blockRow[block] as number, column, told);
    } else {
      this.#countBlank();
    }
  }

  #countBlank(): void {
    this.#nodes.countBlank(this.#blockNode[this.#cache.block] as number);
  }

  #refuse(refusal: Refusal): void {
    this.#refusals.value(this.#blockNode[this.#cache.block] as number, refusal);
  }

  /** Samples that are no cell of a row: unknown metrics, other devices, window counts of XIDs, GPUs without a name. */
  #aside(column: number, reading: number, bytes: Buffer, at: number, stop: number): void {
    const { block, blocks } = this.#cache;
    const row = this.#blockRow[block] as number;
    this.#use(block);
    if (column === UNKNOWN || row === FOREIGN) {
      const node = this.#blockNode[block] as number;
      this.#nodes.countUnknown(node);
      const met = row < 0 || this.#blockStamp[block] === this.#stamp || this.#strangers.has(row);
      if (!met) this.#strangers.set(row, { node, at, stop });
      return;
    }
    if (row === NO_GPU) {
      this.#refusals.unidentified(this.#blockNode[block] as number, textOf(bytes, at, stop));
      return;
    }
    const xid = blocks[block]?.xid ?? 0;
    if (xid === 0) return;
    if (this.#blockStamp[block] !== this.#stamp) this.#touch(block);
    if (isBlankReading(reading)) this.#countBlank();
    else if (reading >= 0 && reading <= Number.MAX_SAFE_INTEGER) this.#rows.countXid(row, xid, reading);
    else {
      const reason = Number.isNaN(reading) ? 'not_a_number' : 'out_of_range';
      const original = textOf(bytes, at, stop);
      this.#refuse({ level: 'value', reason, detail: `count of XID ${xid} is ${reading}`, original });
    }
  }

  /** A GPU without a single known metric is a row that is refused. */
  #refuseStrangers(body: Uint8Array): void {
    if (this.#strangers.size === 0) return;
    const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
    for (const row of this.#rows.untouched(this.#strangers.keys())) {
      const { at, stop, node } = this.#strangers.get(row) as { at: number; stop: number; node: number };
      this.#refusals.stranger(node, this.#rows.uuid(row), textOf(bytes, at, stop));
    }
  }

  #find(bytes: Buffer, at: number, end: number): boolean {
    const cache = this.#cache;
    if (!cache.find(bytes, at, end)) return false;
    const identity = cache.blocks[cache.block];
    if (identity !== undefined && this.#blockRow.length < cache.blocks.length) {
      const gpu = identity.uuid !== '' && !identity.foreign;
      const host = identity.node || (gpu ? this.#fallback : '');
      const node = host === '' && !gpu ? ANY_NODE : this.#nodes.slot(host);
      this.#blockNode.push(node);
      this.#blockRow.push(identity.foreign ? FOREIGN : gpu ? this.#rows.slot(node, identity) : NO_GPU);
      this.#blockUsed.push(0);
      this.#blockStamp.push(0);
    }
    return true;
  }

  #use(block: number): void {
    if (this.#blockUsed[block] === this.#stamp) return;
    this.#blockUsed[block] = this.#stamp;
    this.#blocksUsed++;
    this.#nodes.touch(this.#blockNode[block] as number);
  }

  #touch(block: number): void {
    this.#use(block);
    this.#blockStamp[block] = this.#stamp;
    const identity = this.#cache.blocks[block];
    if (identity !== undefined) this.#rows.touch(this.#blockRow[block] as number, identity, this.#stamp);
  }

  #finish(context: ExpositionContext): Scrape[] {
    this.#rows.observeRatios();
    return this.#nodes.finish(this.#fallback).map(({ slot, node, blanks, unknown_metrics }, i) => ({
      node,
      ts: context.ts,
      boot_epoch: 0,
      sequence: 0,
      gpus: this.#rows.finish(slot, context.ts),
      refusals: this.#refusals.of(slot, i === 0),
      blanks,
      unknown_metrics,
    }));
  }
}
