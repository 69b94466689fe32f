import { identify, NAME_LABEL, readLabels, type SeriesIdentity } from './exposition-labels.ts';
import { columnOf } from './exposition-names.ts';

/**
 * The series cache of one target: series text -> (column, identity), without making a string for a known one.
 *
 * The text of a series is taken apart into its sample name and its label block (all bytes between name and value). Each
 * distinct name and block is kept once: a node's 400 series are some 50 names and 8 blocks, 4 kB instead of 100. The
 * exporter prints the same series in the same order every time, so the order of the last scrape tells which name and block
 * to expect, and a comparison of bytes confirms it. What is not where it was expected is found by its text.
 *
 * Memory: distinct names and blocks twice (bytes and key), 16 B a line for the order. `forget` empties it.
 */
export class SeriesCache {
  readonly nameColumn: number[] = [];
  readonly blocks: SeriesIdentity[] = [];

  #nameAt: number[] = [];
  #nameLength: number[] = [];
  #blockAt: number[] = [];
  #blockLength: number[] = [];
  #names = new Map<string, number>();
  #blockIds = new Map<string, number>();
  #arena = new Uint8Array(4_096);
  #view = new DataView(this.#arena.buffer);
  #used = 0;

  /** Name and block per line of the last scrape, and of the one being read. */
  #order = new Int32Array(256);
  #orderLength = 0;
  #next = new Int32Array(256);
  #nextLength = 0;
  #expected = 0;
  /** Per block: the one that stands in its places in this scrape (a GPU under another pod), else -1. */
  #instead: number[] = [];

  /** What the last `predict` or `find` met: ids, and where the value begins. */
  name = 0;
  block = 0;
  valueAt = 0;

  /** Distinct names held. */
  get names(): number {
    return this.#nameAt.length;
  }

  /** Lines of the scrape being read. */
  get lines(): number {
    return this.#nextLength >> 1;
  }

  begin(): void {
    this.#nextLength = 0;
    this.#expected = 0;
    this.#instead.fill(-1);
  }

  /** The scrape that was read becomes what the next one is expected to look like. */
  end(): void {
    const order = this.#order;
    this.#order = this.#next;
    this.#orderLength = this.#nextLength;
    this.#next = order;
  }

  forget(): void {
    const positions = [this.#nameAt, this.#nameLength, this.#blockAt, this.#blockLength, this.#instead];
    for (const list of [...positions, this.nameColumn, this.blocks]) list.length = 0;
    this.#names = new Map();
    this.#blockIds = new Map();
    this.#arena = new Uint8Array(4_096);
    this.#view = new DataView(this.#arena.buffer);
    this.#used = 0;
    this.#orderLength = 0;
  }

  /** Whether the line at `at` begins with the series that is expected here. */
  predict(view: DataView, at: number, end: number): boolean {
    const expected = this.#expected;
    if (expected >= this.#orderLength) return false;
    const name = this.#order[expected] as number;
    const blockFrom = at + (this.#nameLength[name] as number);
    if (blockFrom > end || !this.#equal(view, at, this.#nameAt[name] as number, blockFrom - at)) return false;
    let block = this.#order[expected + 1] as number;
    let length = this.#blockLength[block] as number;
    if (blockFrom + length > end || !this.#equal(view, blockFrom, this.#blockAt[block] as number, length)) {
      block = this.#instead[block] as number;
      if (block < 0) return false;
      length = this.#blockLength[block] as number;
      if (blockFrom + length > end || !this.#equal(view, blockFrom, this.#blockAt[block] as number, length))
        return false;
    }
    this.name = name;
    this.block = block;
    this.valueAt = blockFrom + length;
    this.#expected = expected + 2;
    this.#note();
    return true;
  }

  /** Finds or learns the series at `at`; false when the line begins with none. */
  find(bytes: Buffer, at: number, end: number): boolean {
    let nameEnd = at;
    while (nameEnd < end && isNameByte(bytes[nameEnd] as number, nameEnd === at)) nameEnd++;
    // A quoted name is part of the block: its own text is empty.
    if (nameEnd === at && bytes[at] !== OPEN) return false;
    const valueAt = skipLabels(bytes, nameEnd, end);
    if (valueAt <= nameEnd) return false;

    let nameText = bytes.toString('latin1', at, nameEnd);
    const blockText = (nameText === '' ? '"' : '') + bytes.toString('latin1', nameEnd, valueAt);
    let block = this.#blockIds.get(blockText);
    if (block === undefined || nameText === '') {
      const labels = readLabels(bytes.toString('utf8', nameEnd, valueAt));
      const quoted = labels?.get(NAME_LABEL);
      if (labels === null || (quoted === undefined) === (nameText === '')) return false;
      nameText = quoted === undefined ? nameText : `{${quoted}`;
      if (block === undefined) {
        block = this.blocks.push(identify(labels)) - 1;
        this.#blockIds.set(blockText, block);
        this.#blockAt.push(this.#keep(bytes, nameEnd, valueAt));
        this.#blockLength.push(valueAt - nameEnd);
        this.#instead.push(-1);
      }
    }
    let name = this.#names.get(nameText);
    if (name === undefined) {
      name = this.nameColumn.push(columnOf(nameText.replace('{', ''))) - 1;
      this.#names.set(nameText, name);
      this.#nameAt.push(this.#keep(bytes, at, nameEnd));
      this.#nameLength.push(nameEnd - at);
    }
    this.name = name;
    this.block = block;
    this.valueAt = valueAt;
    this.#resume();
    this.#note();
    return true;
  }

  /**
   * After a series that was not expected: goes on behind its place in the old order if lines before it are gone; else, if
   * only its labels are others, takes them for those of the lines to come.
   */
  #resume(): void {
    const order = this.#order;
    const expected = this.#expected;
    const stop = Math.min(this.#orderLength, expected + 2 * LOOK_AHEAD);
    for (let i = expected; i < stop; i += 2) {
      if (order[i] === this.name && order[i + 1] === this.block) {
        this.#expected = i + 2;
        return;
      }
    }
    if (expected < stop && order[expected] === this.name) {
      this.#instead[order[expected + 1] as number] = this.block;
      this.#expected = expected + 2;
    }
  }

  #note(): void {
    const at = this.#nextLength;
    if (at === this.#next.length) {
      const longer = new Int32Array(at * 2);
      longer.set(this.#next);
      this.#next = longer;
    }
    this.#next[at] = this.name;
    this.#next[at + 1] = this.block;
    this.#nextLength = at + 2;
  }

  #keep(bytes: Uint8Array, from: number, to: number): number {
    const length = to - from;
    if (this.#used + length > this.#arena.length) {
      const larger = new Uint8Array(Math.max(this.#arena.length * 2, this.#used + length));
      larger.set(this.#arena.subarray(0, this.#used));
      this.#arena = larger;
      this.#view = new DataView(larger.buffer);
    }
    this.#arena.set(bytes.subarray(from, to), this.#used);
    this.#used += length;
    return this.#used - length;
  }

  /** Four bytes a step: a call into memcmp costs more than comparing 250 bytes here. */
  #equal(view: DataView, at: number, from: number, length: number): boolean {
    const kept = this.#view;
    const words = length & ~3;
    for (let i = 0; i < words; i += 4) {
      if (view.getInt32(at + i, true) !== kept.getInt32(from + i, true)) return false;
    }
    for (let i = words; i < length; i++) {
      if (view.getUint8(at + i) !== kept.getUint8(from + i)) return false;
    }
    return true;
  }
}

/** Lines that may vanish at once (a lost GPU loses one a metric, a lost metric one a GPU) before order is looked up anew. */
const LOOK_AHEAD = 64;

const NEWLINE = 10;
const QUOTE = 34;
const BACKSLASH = 92;
const OPEN = 123;
const CLOSE = 125;
const isBlank = (byte: number): boolean => byte === 32 || byte === 9;

/** [a-zA-Z_:][a-zA-Z0-9_:]* */
function isNameByte(byte: number, first: boolean): boolean {
  const letter = byte | 32;
  return (letter >= 97 && letter <= 122) || byte === 95 || byte === 58 || (!first && byte >= 48 && byte <= 57);
}

/** Where the value begins behind a name that ends at `at`; -1 when a label block is left open. */
function skipLabels(bytes: Uint8Array, from: number, end: number): number {
  let at = from;
  while (at < end && isBlank(bytes[at] as number)) at++;
  if (at === end || bytes[at] !== OPEN) return at;
  let quoted = false;
  for (at++; at < end; at++) {
    const byte = bytes[at];
    if (byte === NEWLINE) return -1;
    if (byte === QUOTE) quoted = !quoted;
    else if (byte === BACKSLASH && quoted && bytes[at + 1] !== NEWLINE) at++;
    else if (byte === CLOSE && !quoted) break;
  }
  if (at >= end) return -1;
  at++;
  while (at < end && isBlank(bytes[at] as number)) at++;
  return at;
}
