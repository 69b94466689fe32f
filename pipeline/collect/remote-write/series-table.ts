import { identify, type SeriesIdentity } from '../exposition-labels.ts';
import { columnOf, UNKNOWN } from '../exposition-names.ts';
import { readLabelPairs, seriesText } from './label-pairs.ts';
import { blockBytes, LABELS_MAX_BYTES, SERIES_BYTES, SeriesRoom } from './series-room.ts';

/** A sample name, with its label pair as it stands in a request. */
interface SampleName {
  readonly id: number;
  readonly key: string;
  readonly text: string;
  readonly column: number;
  readonly pair: DataView;
  /** How many series have it. */
  series: number;
}

/** All labels of a series but its name: what a GPU's series of one target have in common. */
export interface LabelBlock<T> {
  readonly key: string;
  /** The pairs before the name's, in bytes, of `bytes`; those behind follow at once. */
  readonly before: number;
  readonly bytes: DataView;
  readonly identity: SeriesIdentity;
  /** Whose block this is. */
  readonly target: T;
  /** Its number in the target's gatherer, and which beginning of that gatherer the number is of. */
  gathered: number;
  gathered_since: number;
  readonly series: Map<number, Series<T>>;
}

export interface Series<T> {
  /** Place in the table's arrays. */
  readonly id: number;
  readonly name: SampleName;
  readonly block: LabelBlock<T>;
  /** Bytes of all its labels in a request. */
  readonly length: number;
  /** What came behind it last time. */
  next: Series<T> | null;
  /** Its labels as numbers of the symbols of remote write 2.0, once it came so. */
  symbols: Int32Array | null;
}

/** What is known of a series that is not kept: no concern of ours, or not to be placed, or with labels beyond LABELS_MAX_BYTES. */
export type Refused = 'other' | 'nameless' | 'homeless' | 'oversized';

export interface SeriesTableOptions<T> {
  /** For all series; of its own when absent. */
  readonly room?: SeriesRoom;
  /** The target that sends series with these labels; null when they tell neither host nor instance. */
  readonly target: (labels: ReadonlyMap<string, string>, identity: SeriesIdentity) => T | null;
}

/** Names are few; more come from somebody who makes them up, and so do longer ones (with the bytes around them). */
const NAMES_MAX = 65_536;
export const NAME_MAX_BYTES = 512;
/** Of the symbols of all series: at 50 series of 20 labels, 100,000 GPUs have 0.8 GB. Without them a series is found by its text. */
const SYMBOLS_MAX_BYTES = 2_147_483_648;
const DCGM = /^dcgm_/i;
/** How the pair of the name goes on behind its own tag and length: tag, length and text of the label's name, tag of its value. */
const NAME_START = Buffer.from('\n\b__name__\u0012', 'latin1');
const LABEL_TAG = 0x0a;

/**
 * Label sets of remote write -> series, without making a string for a known one.
 *
 * Prometheus sends the series of a target in the same order scrape after scrape, so the series that came behind another
 * last time is compared first, byte by byte; otherwise it is looked up by its text. Labels are kept once per GPU, names once:
 * 10,000 GPUs of 50 metrics are 500,000 series of 150 B. Series that are not of a dcgm-exporter are not kept at all. How many
 * are, and how much of them, has limits (SeriesRoom).
 */
export class SeriesTable<T> {
  readonly #options: SeriesTableOptions<T>;
  readonly #room: SeriesRoom;
  #names = new Map<string, SampleName>();
  #names_met = 0;
  #symbols_bytes = 0;
  #blocks = new Map<string, LabelBlock<T>>();
  #others = new Set<string>();
  #free: number[] = [];
  readonly series: (Series<T> | null)[] = [];
  /** By series: event time of its newest sample, whether the target's last scrape had it, and when it was last heard. */
  last_ts = new Float64Array(1_024);
  alive = new Uint8Array(1_024);
  heard_at = new Float64Array(1_024);

  constructor(options: SeriesTableOptions<T>) {
    this.#options = options;
    this.#room = options.room ?? new SeriesRoom();
  }

  get size(): number {
    return this.#room.series;
  }

  /** False for a series that was let go of, to which others may still point. */
  holds(series: Series<T>): boolean {
    return this.series[series.id] === series;
  }

  /** Whether the labels that begin at `at` are this series': then they end at `at + series.length`. */
  matches(series: Series<T>, view: DataView, at: number, end: number): boolean {
    const { length, block, name } = series;
    if (at + length > end || !this.holds(series)) return false;
    // Another label behind them would make it another series.
    if (at + length < end && view.getUint8(at + length) === LABEL_TAG) return false;
    const { bytes, before } = block;
    const pair = name.pair.byteLength;
    return (
      equal(view, at, bytes, 0, before) &&
      equal(view, at + before, name.pair, 0, pair) &&
      equal(view, at + before + pair, bytes, before, length - before - pair)
    );
  }

  /**
   * Finds or learns the series whose labels are `labels`, as they stand in a request of 1.0. Throws ProtoError, and NoRoomError
   * for a new one beyond what is kept.
   */
  find(labels: Buffer): Series<T> | Refused {
    const { from, to } = nameAt(labels);
    if (from < 0) return 'nameless';
    if (to - from > NAME_MAX_BYTES) return 'other';
    const nameKey = labels.toString('latin1', from, to);
    if (this.#others.has(nameKey)) return 'other';
    const name = this.#names.get(nameKey) ?? this.#newName(labels.subarray(from, to), nameKey);
    if (name === null) return 'other';
    if (labels.length > LABELS_MAX_BYTES) return 'oversized';
    const blockKey = labels.toString('latin1', 0, from) + labels.toString('latin1', to);
    const known = this.#blocks.get(blockKey);
    const series = known?.series.get(name.id);
    if (series !== undefined) return series;
    const block = known ?? this.#newBlock(labels, from, to, blockKey);
    if (block === null) return 'homeless';
    this.#room.require(SERIES_BYTES + (known === undefined ? blockBytes(block.bytes.byteLength) : 0));
    return this.#learn(name, block);
  }

  /** Keeps the symbols of a series, as long as there is room for them. */
  keepSymbols(series: Series<T>, symbols: Int32Array): void {
    if (this.#symbols_bytes + symbols.byteLength > SYMBOLS_MAX_BYTES) return;
    this.#symbols_bytes += symbols.byteLength;
    series.symbols = symbols;
  }

  forgetSymbols(): void {
    for (const series of this.series) if (series !== null) series.symbols = null;
    this.#symbols_bytes = 0;
  }

  /** Whether series of this name are kept. */
  isOurs(name: string): boolean {
    return columnOf(name) !== UNKNOWN || DCGM.test(name);
  }

  /** A series as exposition text, for dead letters. */
  text(id: number): string {
    const series = this.series[id];
    if (series === null || series === undefined) return '';
    const { bytes } = series.block;
    return seriesText(
      series.name.text,
      readLabelPairs(new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength)),
    );
  }

  /** Lets go of series that were not heard since `before`, and of their labels. Cost: a look at every series. */
  sweep(before: number): Series<T>[] {
    const gone: Series<T>[] = [];
    for (const series of this.series) {
      if (series === null || (this.heard_at[series.id] as number) >= before) continue;
      gone.push(series);
      this.#forget(series);
    }
    return gone;
  }

  #forget(series: Series<T>): void {
    const { id, name, block } = series;
    this.series[id] = null;
    this.#free.push(id);
    this.#room.series--;
    this.#room.kept_bytes -= SERIES_BYTES;
    this.#symbols_bytes -= series.symbols?.byteLength ?? 0;
    // What came behind it may be gone too, and hold others that are.
    series.next = null;
    if (--name.series === 0) this.#names.delete(name.key);
    block.series.delete(name.id);
    if (block.series.size > 0) return;
    this.#blocks.delete(block.key);
    this.#room.kept_bytes -= blockBytes(block.bytes.byteLength);
  }

  /** Kept with its first series. */
  #newName(pair: Buffer, key: string): SampleName | null {
    const text = readLabelPairs(pair).get('__name__') ?? '';
    if (this.isOurs(text)) {
      if (this.#names.size >= NAMES_MAX) return null;
    } else {
      if (this.#others.size >= NAMES_MAX) this.#others.clear();
      this.#others.add(key);
      return null;
    }
    return { id: this.#names_met++, key, text, column: columnOf(text), pair: copied(pair), series: 0 };
  }

  /** Kept with its first series. */
  #newBlock(labels: Buffer, from: number, to: number, key: string): LabelBlock<T> | null {
    const bytes = Buffer.concat([labels.subarray(0, from), labels.subarray(to)]);
    const pairs = readLabelPairs(bytes);
    const identity = identify(pairs);
    const target = this.#options.target(pairs, identity);
    if (target === null) return null;
    return {
      key,
      before: from,
      bytes: copied(bytes),
      identity,
      target,
      gathered: -1,
      gathered_since: -1,
      series: new Map<number, Series<T>>(),
    };
  }

  #learn(name: SampleName, block: LabelBlock<T>): Series<T> {
    const id = this.#free.pop() ?? this.series.length;
    const length = block.bytes.byteLength + name.pair.byteLength;
    const series: Series<T> = { id, name, block, length, next: null, symbols: null };
    this.series[id] = series;
    this.#room.series++;
    this.#room.kept_bytes += SERIES_BYTES + (block.series.size === 0 ? blockBytes(block.bytes.byteLength) : 0);
    if (name.series++ === 0) this.#names.set(name.key, name);
    if (block.series.size === 0) this.#blocks.set(block.key, block);
    block.series.set(name.id, series);
    if (id >= this.last_ts.length) this.#grow();
    this.last_ts[id] = Number.NEGATIVE_INFINITY;
    this.alive[id] = 0;
    this.heard_at[id] = 0;
    return series;
  }

  #grow(): void {
    const longer = this.last_ts.length * 2;
    const last_ts = new Float64Array(longer);
    const alive = new Uint8Array(longer);
    const heard_at = new Float64Array(longer);
    last_ts.set(this.last_ts);
    alive.set(this.alive);
    heard_at.set(this.heard_at);
    this.last_ts = last_ts;
    this.alive = alive;
    this.heard_at = heard_at;
  }
}

/** Where the pair stands whose label is `__name__`; from -1 when there is none. Lengths were looked at by the caller. */
function nameAt(labels: Buffer): { readonly from: number; readonly to: number } {
  for (let from = 0; from < labels.length; ) {
    let at = from + 1;
    let length = 0;
    for (let shift = 0; at < labels.length; shift += 7) {
      const byte = labels[at++] as number;
      length += (byte & 127) * 2 ** shift;
      if (byte < 128) break;
    }
    const to = at + length;
    const found =
      length >= NAME_START.length && labels.compare(NAME_START, 0, NAME_START.length, at, at + NAME_START.length);
    if (found === 0) return { from, to };
    from = to;
  }
  return { from: -1, to: -1 };
}

/** Four bytes a step: a call into memcmp costs more than comparing 300 bytes here. */
function equal(view: DataView, at: number, kept: DataView, from: number, length: number): boolean {
  const words = length & ~3;
  for (let i = 0; i < words; i += 4) {
    if (view.getInt32(at + i, true) !== kept.getInt32(from + i, true)) return false;
  }
  for (let i = words; i < length; i++) {
    if (view.getUint8(at + i) !== kept.getUint8(from + i)) return false;
  }
  return true;
}

const copied = (bytes: Uint8Array): DataView => new DataView(Uint8Array.from(bytes).buffer);
