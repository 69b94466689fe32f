import { type DecodedRequest, readSample } from './decoded-request.ts';
import { ProtoError, ProtoReader } from './proto-reader.ts';
import { LABELS_MAX_BYTES } from './series-room.ts';
import { NAME_MAX_BYTES, type Refused, type Series, type SeriesTable } from './series-table.ts';

const SYMBOL = 0x22;
const SERIES = 0x2a;
const REFS_PACKED = 0x0a;
const REF = 0x08;
const SAMPLE = 0x12;
const HISTOGRAM = 0x1a;
const EXEMPLAR = 0x22;

/** Of one request, and of those that are known: a fleet of 100,000 GPUs has half of them, in 20 MB. */
const SYMBOLS_MAX = 1_000_000;
const KNOWN_MAX_BYTES = 134_217_728;
const REFS_MAX = 1_024;
const UNSEEN = -1;
/** Of two tags with their lengths: a text is shorter than 2^32. */
const HEAD_BYTES_MAX = 12;
const NAME = '__name__';

/**
 * Reads io.prometheus.write.v2.Request (prometheus.io/docs/specs/prw/remote_write_spec_2_0): labels are numbers into a table
 * of texts that each request brings along. State: every text that any request brought, once, until there are a million or
 * 128 MiB of them; the series that came last. Cost: a text looked up per symbol, its number compared per label.
 */
export class DecoderV2<T> {
  readonly #table: SeriesTable<T>;
  readonly #reader = new ProtoReader();
  #last: Series<T> | null = null;
  /** Numbers of texts that hold across requests. */
  #known = new Map<string, number>();
  #known_bytes = 0;
  /** Of this request: where the symbols stand, and their numbers, once asked for. */
  #from: number[] = [];
  #to: number[] = [];
  #numbers: number[] = [];
  #refs = new Int32Array(REFS_MAX);
  /** Labels written as 1.0 would have them. */
  readonly #labels = Buffer.alloc(LABELS_MAX_BYTES + REFS_MAX * HEAD_BYTES_MAX);

  constructor(table: SeriesTable<T>) {
    this.#table = table;
  }

  /** Samples later than `latest_ts` are refused. Throws ProtoError; then `into` means nothing. */
  decode(bytes: Uint8Array, latest_ts: number, into: DecodedRequest): void {
    const reader = this.#reader;
    const end = bytes.length;
    reader.open(bytes);
    this.#symbols(end);
    reader.at = 0;
    while (reader.at < end) {
      const tag = reader.varint(end);
      if (tag === SERIES) this.#series(reader.block(end), latest_ts, into);
      else reader.skip(tag, end);
    }
  }

  /** Symbols may stand behind the series that use them. */
  #symbols(end: number): void {
    const reader = this.#reader;
    this.#from.length = 0;
    this.#to.length = 0;
    this.#numbers.length = 0;
    if (this.#known.size > SYMBOLS_MAX || this.#known_bytes > KNOWN_MAX_BYTES) {
      this.#known = new Map();
      this.#known_bytes = 0;
      this.#table.forgetSymbols();
    }
    while (reader.at < end) {
      const tag = reader.varint(end);
      if (tag !== SYMBOL) {
        reader.skip(tag, end);
        continue;
      }
      const to = reader.block(end);
      if (this.#from.length === SYMBOLS_MAX) throw new ProtoError(`more than ${SYMBOLS_MAX} symbols`);
      this.#from.push(reader.at);
      this.#to.push(to);
      this.#numbers.push(UNSEEN);
      reader.at = to;
    }
  }

  #series(end: number, latest_ts: number, into: DecodedRequest): void {
    const reader = this.#reader;
    const start = reader.at;
    const refs = this.#readRefs(end);
    if (refs % 2 === 1) throw new ProtoError('a label without a value');
    const series = this.#find(refs);
    reader.at = start;
    while (reader.at < end) {
      const tag = reader.varint(end);
      if (tag === SAMPLE) {
        readSample(reader, reader.block(end), series, latest_ts, into);
      } else {
        if (tag === HISTOGRAM) into.histograms++;
        if (tag === EXEMPLAR) into.exemplars++;
        reader.skip(tag, end);
      }
    }
  }

  /** Fills `#refs` with the symbols of the labels, as places in this request, and answers how many there are. */
  #readRefs(end: number): number {
    const reader = this.#reader;
    let count = 0;
    const add = (ref: number): void => {
      if (ref >= this.#from.length) throw new ProtoError(`symbol ${ref} of ${this.#from.length}`);
      if (count === REFS_MAX) throw new ProtoError(`more than ${REFS_MAX / 2} labels`);
      this.#refs[count++] = ref;
    };
    while (reader.at < end) {
      const tag = reader.varint(end);
      if (tag === REFS_PACKED) {
        const stop = reader.block(end);
        while (reader.at < stop) add(reader.varint(stop));
      } else if (tag === REF) {
        add(reader.varint(end));
      } else {
        reader.skip(tag, end);
      }
    }
    return count;
  }

  #find(refs: number): Series<T> | Refused {
    const last = this.#last;
    const expected = last?.next ?? null;
    if (expected !== null && this.#isIt(expected, refs)) {
      this.#last = expected;
      return expected;
    }
    const found = this.#lookUp(refs);
    if (typeof found === 'string') return found;
    if (found.symbols === null) {
      const symbols = Int32Array.from({ length: refs }, (_, i) => this.#number(this.#refs[i] as number));
      this.#table.keepSymbols(found, symbols);
    }
    if (last !== null) last.next = found;
    this.#last = found;
    return found;
  }

  #isIt(series: Series<T>, refs: number): boolean {
    const { symbols } = series;
    if (symbols === null || symbols.length !== refs || !this.#table.holds(series)) return false;
    for (let i = 0; i < refs; i++) {
      if (symbols[i] !== this.#number(this.#refs[i] as number)) return false;
    }
    return true;
  }

  /** The number that a symbol of this request has for good. */
  #number(symbol: number): number {
    const known = this.#numbers[symbol] as number;
    if (known !== UNSEEN) return known;
    const text = this.#text(symbol);
    let number = this.#known.get(text);
    if (number === undefined) {
      number = this.#known.size;
      this.#known.set(text, number);
      this.#known_bytes += text.length;
    }
    this.#numbers[symbol] = number;
    return number;
  }

  #text(symbol: number): string {
    return this.#buffer().toString('latin1', this.#from[symbol], this.#to[symbol]);
  }

  #buffer(): Buffer {
    const { bytes } = this.#reader;
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** By its labels, written as 1.0 would have them. */
  #lookUp(refs: number): Series<T> | Refused {
    const name = this.#nameOf(refs);
    if (name === null) return 'nameless';
    if (this.#length(name) > NAME_MAX_BYTES || !this.#table.isOurs(this.#text(name))) return 'other';
    let size = 0;
    // A symbol may be there many times.
    for (let i = 0; i < refs; i++) size += this.#length(this.#refs[i] as number);
    if (size > LABELS_MAX_BYTES) return 'oversized';
    let at = 0;
    for (let i = 0; i < refs; i += 2) {
      const [name, value] = [this.#refs[i] as number, this.#refs[i + 1] as number];
      const [name_bytes, value_bytes] = [this.#length(name), this.#length(value)];
      const pair = 2 + varintBytes(name_bytes) + name_bytes + varintBytes(value_bytes) + value_bytes;
      at = this.#head(at, 0x0a, pair);
      at = this.#copy(this.#head(at, 0x0a, name_bytes), name);
      at = this.#copy(this.#head(at, 0x12, value_bytes), value);
    }
    return this.#table.find(this.#labels.subarray(0, at));
  }

  #length(symbol: number): number {
    return (this.#to[symbol] as number) - (this.#from[symbol] as number);
  }

  /** A tag and a length, into `#labels`. */
  #head(at: number, tag: number, length: number): number {
    const labels = this.#labels;
    let to = at;
    labels[to++] = tag;
    let left = length;
    for (; left >= 128; left = Math.floor(left / 128)) labels[to++] = (left % 128) + 128;
    labels[to++] = left;
    return to;
  }

  #copy(at: number, symbol: number): number {
    const { bytes } = this.#reader;
    const labels = this.#labels;
    let to = at;
    for (let from = this.#from[symbol] as number; from < (this.#to[symbol] as number); from++) {
      labels[to++] = bytes[from] as number;
    }
    return to;
  }

  /** The symbol of the sample's name. */
  #nameOf(refs: number): number | null {
    for (let i = 0; i < refs; i += 2) {
      const label = this.#refs[i] as number;
      if (this.#length(label) === NAME.length && this.#text(label) === NAME) return this.#refs[i + 1] as number;
    }
    return null;
  }
}

const varintBytes = (value: number): number => (value < 128 ? 1 : 1 + varintBytes(Math.floor(value / 128)));
