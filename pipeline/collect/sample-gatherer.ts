import type { Refusal } from '../contract/events.ts';
import { metricIndex } from '../contract/metrics.ts';
import type { Scrape } from '../contract/scrape.ts';
import { checkValue, isBlankReading, toCanonical, valueRefusal } from './check-value.ts';
import type { SeriesIdentity } from './exposition-labels.ts';
import { COLUMN_METRIC, UNKNOWN } from './exposition-names.ts';
import { ANY_NODE, ExpositionNodes } from './exposition-nodes.ts';
import { ExpositionRefusals } from './exposition-refusals.ts';
import { ExpositionRows } from './exposition-rows.ts';

/** Where samples came from: gives a sample's text, as a dead letter shows it, by the two numbers that came with it. */
export interface SampleTexts {
  text(at: number, stop: number): string;
}

/** What a block means to the rows: a slot of ExpositionRows, or one of these. */
const NO_GPU = -1;
const FOREIGN = -2;
const XID_LAST = metricIndex('xid_last');

/**
 * Gathers the samples of one scrape into normalised rows, whatever they came in: exposition text or remote write.
 *
 * A *block* is a distinct set of labels, known by its number, in the order in which `block` was told of them. State: what is
 * known of the blocks, and whether a ratio was ever seen in percent; the caller calls `forget` when there are too many.
 * See ExpositionRows for repeated samples.
 */
export class SampleGatherer {
  /** Identity per block. */
  readonly blocks: SeriesIdentity[] = [];
  #rows = new ExpositionRows();
  #refusals = new ExpositionRefusals();
  #nodes = new ExpositionNodes();
  #texts: SampleTexts = { text: () => '' };
  #fallback = '';
  #stamp = 0;

  /** Per block: its row, its node, and the scrapes in which it was last used, and its row last touched. */
  #blockRow: number[] = [];
  #blockNode: number[] = [];
  #blockUsed: number[] = [];
  #blockStamp: number[] = [];
  #blocksUsed = 0;
  /** Rows of which only unknown metrics were told when they were first met: where that sample stands. */
  #strangers = new Map<number, { readonly node: number; readonly at: number; readonly stop: number }>();

  /** Blocks that the scrape has used so far. */
  get used(): number {
    return this.#blocksUsed;
  }

  /** Whether a metric of a GPU was told of two instants. */
  get repeated(): boolean {
    return this.#rows.repeated;
  }

  /** True when the node of nameless samples is another one, so that everything was forgotten. */
  begin(fallback_node: string, texts: SampleTexts): boolean {
    const other = fallback_node !== this.#fallback;
    if (other) this.forget();
    this.#fallback = fallback_node;
    this.#texts = texts;
    this.#rows.begin();
    this.#refusals = new ExpositionRefusals();
    this.#stamp++;
    this.#nodes.begin();
    this.#blocksUsed = 0;
    if (this.#strangers.size > 0) this.#strangers = new Map();
    return other;
  }

  forget(): void {
    this.#rows.forget();
    this.#nodes.forget();
    this.blocks.length = 0;
    for (const list of [this.#blockRow, this.#blockNode, this.#blockUsed, this.#blockStamp]) {
      list.length = 0;
    }
  }

  /** Takes up a new block; its number is the count of those before. */
  block(identity: SeriesIdentity): number {
    const gpu = identity.uuid !== '' && !identity.foreign;
    const host = identity.node || (gpu ? this.#fallback : '');
    const node = host === '' && !gpu ? ANY_NODE : this.#nodes.slot(host);
    this.#blockNode.push(node);
    this.#blockRow.push(identity.foreign ? FOREIGN : gpu ? this.#rows.slot(node, identity) : NO_GPU);
    this.#blockUsed.push(0);
    this.#blockStamp.push(0);
    return this.blocks.push(identity) - 1;
  }

  /** Whether a sample of this block and column could matter to a row. */
  matters(block: number, column: number): boolean {
    return this.#blockRow[block] !== FOREIGN && column !== UNKNOWN;
  }

  /** A sample: the hot path. `at` and `stop` say where its text is. */
  take(block: number, column: number, reading: number, at: number, stop: number): void {
    const row = this.#blockRow[block] as number;
    if (column >= 0 && row >= 0) {
      if (this.#blockStamp[block] !== this.#stamp) this.#touch(block);
      if (!this.#rows.put(row, column, reading)) this.#judge(block, column, reading, at, stop);
    } else {
      this.#aside(block, column, reading, at, stop);
    }
  }

  /** A sample that carries its own time, before it is taken. */
  tell(block: number, column: number, ts: number): void {
    const row = this.#blockRow[block] as number;
    if (column < 0 || row < 0) return;
    if (this.#blockStamp[block] !== this.#stamp) this.#touch(block);
    this.#rows.tell(row, column, ts);
  }

  /** Something that is no sample. */
  refuseLine(original: string, detail: string): void {
    this.#refusals.line(original, detail);
  }

  /**
   * What was gathered, one scrape a node, in the order of their first samples; the fallback's alone when no node was named.
   * `boot_epoch` and `sequence` are 0: they are the publisher's to stamp.
   */
  finish(ts: number): Scrape[] {
    this.#refuseStrangers();
    this.#rows.observeRatios();
    return this.#nodes.finish(this.#fallback).map(({ slot, node, blanks, unknown_metrics }, i) => ({
      node,
      ts,
      boot_epoch: 0,
      sequence: 0,
      gpus: this.#rows.finish(slot, ts),
      refusals: this.#refusals.of(slot, i === 0),
      blanks,
      unknown_metrics,
    }));
  }

  /** A reading that needs a second look: a blank, a value out of range, or a rare good one. */
  #judge(block: number, column: number, reading: number, at: number, stop: number): void {
    const metric = COLUMN_METRIC[column] as number;
    const value = toCanonical(metric, reading);
    const verdict = checkValue(metric, value, reading);
    if (verdict === 'ok') this.#rows.settle(this.#blockRow[block] as number, column, reading);
    else if (verdict === 'blank') this.#missing(block, column);
    else this.#refuse(block, valueRefusal(metric, verdict, value, this.#texts.text(at, stop)));
  }

  /** A blank; where an XID's is, the code that the exporter tells in words counts. */
  #missing(block: number, column: number): void {
    const told = this.blocks[block]?.err_code ?? 0;
    if (column === XID_LAST && checkValue(XID_LAST, told) === 'ok' && told > 0) {
      this.#rows.settle(this.#blockRow[block] as number, column, told);
    } else {
      this.#countBlank(block);
    }
  }

  #countBlank(block: number): void {
    this.#nodes.countBlank(this.#blockNode[block] as number);
  }

  #refuse(block: number, refusal: Refusal): void {
    this.#refusals.value(this.#blockNode[block] as number, refusal);
  }

  /** Samples that are no cell of a row: unknown metrics, other devices, window counts of XIDs, GPUs without a name. */
  #aside(block: number, column: number, reading: number, at: number, stop: number): void {
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
      this.#refusals.unidentified(this.#blockNode[block] as number, this.#texts.text(at, stop));
      return;
    }
    const xid = this.blocks[block]?.xid ?? 0;
    if (xid === 0) return;
    if (this.#blockStamp[block] !== this.#stamp) this.#touch(block);
    if (isBlankReading(reading)) this.#countBlank(block);
    else if (reading >= 0 && Number.isSafeInteger(reading)) this.#rows.countXid(row, xid, Math.abs(reading));
    else {
      const reason = Number.isNaN(reading) ? 'not_a_number' : 'out_of_range';
      const original = this.#texts.text(at, stop);
      this.#refuse(block, { level: 'value', reason, detail: `count of XID ${xid} is ${reading}`, original });
    }
  }

  /** A GPU without a single known metric is a row that is refused. */
  #refuseStrangers(): void {
    if (this.#strangers.size === 0) return;
    for (const row of this.#rows.untouched(this.#strangers.keys())) {
      const { at, stop, node } = this.#strangers.get(row) as { at: number; stop: number; node: number };
      this.#refusals.stranger(node, this.#rows.uuid(row), this.#texts.text(at, stop));
    }
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
    const identity = this.blocks[block];
    if (identity !== undefined) this.#rows.touch(this.#blockRow[block] as number, identity, this.#stamp);
  }
}
