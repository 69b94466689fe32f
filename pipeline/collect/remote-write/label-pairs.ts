import { NAME_LABEL } from '../exposition-labels.ts';
import { ProtoReader } from './proto-reader.ts';

const text = new TextDecoder();

/** Labels as they stand in a TimeSeries of remote write 1.0: fields 1, each a pair of texts. Throws ProtoError. */
export function readLabelPairs(bytes: Uint8Array): Map<string, string> {
  const reader = new ProtoReader();
  reader.open(bytes);
  const labels = new Map<string, string>();
  while (reader.at < bytes.length) {
    reader.varint(bytes.length);
    const end = reader.block(bytes.length);
    let name = '';
    let value = '';
    while (reader.at < end) {
      const tag = reader.varint(end);
      if (tag !== NAME_TAG && tag !== VALUE_TAG) {
        reader.skip(tag, end);
        continue;
      }
      const stop = reader.block(end);
      const read = text.decode(bytes.subarray(reader.at, stop));
      if (tag === NAME_TAG) name = read;
      else value = read;
      reader.at = stop;
    }
    labels.set(name, value);
  }
  return labels;
}

/** A series as an exposition text would begin its line. */
export function seriesText(name: string, labels: ReadonlyMap<string, string>): string {
  const escaped = (value: string): string => value.replace(/[\\"\n]/g, (char) => (char === '\n' ? '\\n' : `\\${char}`));
  const pairs = [...labels].filter(([label]) => label !== NAME_LABEL);
  return `${name}{${pairs.map(([label, value]) => `${label}="${escaped(value)}"`).join(',')}}`;
}

const NAME_TAG = 0x0a;
const VALUE_TAG = 0x12;
