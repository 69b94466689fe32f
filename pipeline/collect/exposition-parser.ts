import type { Scrape } from '../contract/scrape.ts';
import { FIRST_BLANK, isBlankText } from './check-value.ts';
import { cutByInstant } from './exposition-instants.ts';
import { endsLine, instantOf, lineEnd, readTail, textOf } from './exposition-line.ts';
import { decimal, readDecimal } from './exposition-number.ts';
import { SeriesCache } from './exposition-series.ts';
import { SampleGatherer } from './sample-gatherer.ts';

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
const BLANK = 32;

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
  #gathered = new SampleGatherer();

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
    if (!this.#gathered.repeated) return scrapes;
    return cutByInstant(body).flatMap(({ ts, body: part }) =>
      this.#parse(part, Number.isNaN(ts) ? context : { ...context, ts }),
    );
  }

  #parse(body: Uint8Array, context: ExpositionContext): Scrape[] {
    const cache = this.#cache;
    const gathered = this.#gathered;
    const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
    if (gathered.begin(context.fallback_node, { text: (at, stop) => textOf(bytes, at, stop) })) cache.forget();
    cache.begin();
    const samples = this.#read(bytes);
    cache.end();
    const scrapes = samples === 0 ? [] : gathered.finish(context.ts);
    if (cache.blocks.length > 3 * gathered.used + 16 || cache.names > 2 * cache.lines + 256) {
      cache.forget();
      gathered.forget();
    }
    if (samples === 0) {
      const start = Buffer.from(body.subarray(0, 40)).toString('latin1');
      throw new UnreadableScrape(`no sample line in ${body.length} bytes, which begin with ${JSON.stringify(start)}`);
    }
    return scrapes;
  }

  /** The hot loop: a steady line is compared, its number read, its cell written. Counts the sample lines. */
  #read(bytes: Buffer): number {
    const cache = this.#cache;
    const gathered = this.#gathered;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
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
        gathered.refuseLine(textOf(bytes, at, bad), 'does not begin with a sample name and labels');
        at = bad + 1;
        continue;
      }
      const reading = readDecimal(bytes, cache.valueAt, end);
      let stop = endsLine(bytes, decimal.end, end);
      let ts = Number.NaN;
      if (stop < 0 && bytes[decimal.end] === BLANK) {
        const stamp = readDecimal(bytes, decimal.end + 1, end);
        if (!Number.isNaN(stamp)) stop = endsLine(bytes, decimal.end, end);
        ts = instantOf(stamp);
      }
      if (stop >= 0 && !Number.isNaN(reading)) {
        samples++;
        const column = cache.nameColumn[cache.name] as number;
        if (!Number.isNaN(ts)) gathered.tell(cache.block, column, ts);
        gathered.take(cache.block, column, reading, at, stop);
      } else {
        stop = lineEnd(bytes, at, end);
        if (this.#spelledOut(bytes, at, stop)) samples++;
      }
      at = stop + 1;
    }
    return samples;
  }

  /** A line whose value or time is no plain decimal, or that has more behind it. False: it was refused. */
  #spelledOut(bytes: Buffer, at: number, stop: number): boolean {
    const { block, name, valueAt } = this.#cache;
    const gathered = this.#gathered;
    const column = this.#cache.nameColumn[name] as number;
    const tail = readTail(bytes.toString('utf8', valueAt, Math.max(stop, valueAt)));
    const blank = tail !== null && tail.reading === null && isBlankText(tail.text);
    if (tail === null || (tail.reading === null && !blank && !gathered.matters(block, column))) {
      const detail = tail === null ? 'no value, or no time, behind the labels' : 'the value is not a number';
      gathered.refuseLine(textOf(bytes, at, stop), detail);
      return false;
    }
    const reading = blank ? FIRST_BLANK : (tail.reading ?? Number.NaN);
    if (!Number.isNaN(tail.ts)) gathered.tell(block, column, tail.ts);
    gathered.take(block, column, reading, at, stop);
    return true;
  }

  #find(bytes: Buffer, at: number, end: number): boolean {
    const cache = this.#cache;
    if (!cache.find(bytes, at, end)) return false;
    const identity = cache.blocks[cache.block];
    if (identity !== undefined && this.#gathered.blocks.length < cache.blocks.length) this.#gathered.block(identity);
    return true;
  }
}
