import { type DecodedRequest, readSample } from './decoded-request.ts';
import { ProtoError, ProtoReader } from './proto-reader.ts';
import type { Refused, Series, SeriesTable } from './series-table.ts';

const SERIES = 0x0a;
const LABEL = 0x0a;
const SAMPLE = 0x12;
const EXEMPLAR = 0x1a;
const HISTOGRAM = 0x22;

/**
 * Reads prometheus.WriteRequest (remote write 1.0; github.com/prometheus/prometheus, prompb/remote.proto). State: the series
 * that came last. Cost: a comparison of bytes a series, nothing allocated for a known one.
 */
export class DecoderV1<T> {
  readonly #table: SeriesTable<T>;
  readonly #reader = new ProtoReader();
  #last: Series<T> | null = null;

  constructor(table: SeriesTable<T>) {
    this.#table = table;
  }

  /** Samples later than `latest_ts` are refused. Throws ProtoError; then `into` means nothing. */
  decode(bytes: Uint8Array, latest_ts: number, into: DecodedRequest): void {
    const reader = this.#reader;
    const end = bytes.length;
    reader.open(bytes);
    while (reader.at < end) {
      const tag = reader.varint(end);
      if (tag === SERIES) this.#series(reader.block(end), latest_ts, into);
      else reader.skip(tag, end);
    }
  }

  #series(end: number, latest_ts: number, into: DecodedRequest): void {
    const reader = this.#reader;
    const series = this.#labels(end);
    while (reader.at < end) {
      const tag = reader.varint(end);
      if (tag === SAMPLE) {
        readSample(reader, reader.block(end), series, latest_ts, into);
      } else {
        if (tag === LABEL) throw new ProtoError(`labels in two places of a series, before byte ${reader.at}`);
        if (tag === HISTOGRAM) into.histograms++;
        if (tag === EXEMPLAR) into.exemplars++;
        reader.skip(tag, end);
      }
    }
  }

  #labels(end: number): Series<T> | Refused {
    const reader = this.#reader;
    const { at, view, bytes } = reader;
    const last = this.#last;
    const expected = last?.next ?? null;
    if (expected !== null && this.#table.matches(expected, view, at, end)) {
      reader.at = at + expected.length;
      this.#last = expected;
      return expected;
    }
    while (reader.at < end && bytes[reader.at] === LABEL) {
      reader.at++;
      reader.at = reader.block(end);
    }
    const found = this.#table.find(Buffer.from(bytes.buffer, bytes.byteOffset + at, reader.at - at));
    if (typeof found === 'string') return found;
    if (last !== null) last.next = found;
    this.#last = found;
    return found;
  }
}
