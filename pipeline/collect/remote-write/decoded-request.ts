import { EPOCH_MS_MAX } from '../../contract/time.ts';
import type { ProtoReader } from './proto-reader.ts';
import { SampleList } from './sample-list.ts';
import { LABELS_MAX_BYTES } from './series-room.ts';
import type { Refused, Series } from './series-table.ts';

/** What one request says, before anything of it is taken. Reused. */
export class DecodedRequest {
  readonly samples = new SampleList();
  /** Every sample in it, ours or not. */
  all = 0;
  histograms = 0;
  exemplars = 0;
  /** Samples of series that are no concern of ours. */
  other = 0;
  /** Samples that nobody could take, and what was wrong with the first. */
  invalid = 0;
  fault = '';

  clear(): void {
    this.samples.clear();
    this.all = 0;
    this.histograms = 0;
    this.exemplars = 0;
    this.other = 0;
    this.invalid = 0;
    this.fault = '';
  }

  refuse(fault: string): void {
    this.invalid++;
    if (this.fault === '') this.fault = fault;
  }
}

const VALUE_TAG = 0x09;
const TIME_TAG = 0x10;
/** Prometheus ends a series with this NaN: value.StaleNaN of its model package. */
const STALE_HIGH = 0x7ff0_0000;
const STALE_LOW = 2;

const FAULTS: Readonly<Record<Exclude<Refused, 'other'>, string>> = {
  nameless: 'a series has no __name__',
  homeless: 'a series names no host: it has neither Hostname nor instance',
  oversized: `the labels of a series are longer than ${LABELS_MAX_BYTES} bytes`,
};

/**
 * Reads a sample, the same message in both versions, and adds it to what was decoded. `reader` stands behind its length;
 * fields may come in any order, and a field that is 0 is left out. Throws ProtoError.
 */
export function readSample(
  reader: ProtoReader,
  end: number,
  series: Series<unknown> | Refused,
  latest_ts: number,
  into: DecodedRequest,
): void {
  const { view } = reader;
  let ts = 0;
  let value = 0;
  let stale = false;
  while (reader.at < end) {
    const tag = view.getUint8(reader.at);
    if (tag === VALUE_TAG && reader.at + 9 <= end) {
      value = view.getFloat64(reader.at + 1, true);
      stale =
        Number.isNaN(value) &&
        view.getUint32(reader.at + 1, true) === STALE_LOW &&
        view.getUint32(reader.at + 5, true) === STALE_HIGH;
      reader.at += 9;
    } else if (tag === TIME_TAG) {
      reader.at++;
      ts = reader.varint(end);
    } else {
      reader.skip(reader.varint(end), end);
    }
  }
  into.all++;
  if (series === 'other') into.other++;
  else if (typeof series === 'string') into.refuse(FAULTS[series]);
  else if (!(ts > 0 && ts <= EPOCH_MS_MAX)) into.refuse('a sample has no usable time');
  else if (ts > latest_ts) into.refuse('a sample lies in the future: check the clocks');
  else into.samples.add(stale ? ~series.id : series.id, ts, value);
}
