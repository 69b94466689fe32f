import { createRequire } from 'node:module';

/** An encoder of remote write that shares nothing with our decoders: arrays of numbers, and the library snappyjs. */
const { compress } = createRequire(import.meta.url)('snappyjs') as { compress(data: Uint8Array): Uint8Array };

export interface SentSeries {
  readonly labels: Readonly<Record<string, string>>;
  readonly samples: readonly (readonly [ts: number, value: number])[];
  readonly histograms?: number;
  readonly exemplars?: number;
}

export const snappy = (bytes: readonly number[] | Uint8Array): Uint8Array => compress(Uint8Array.from(bytes));

export function varint(value: number): number[] {
  if (value >= 0 && value < 128) return [value];
  const bytes: number[] = [];
  let left = BigInt.asUintN(64, BigInt(value));
  while (left > 127n) {
    bytes.push(Number(left & 127n) | 128);
    left >>= 7n;
  }
  return [...bytes, Number(left)];
}

export const field = (number: number, ...parts: readonly Bytes[]): Buffer => {
  const data = joined(parts);
  return joined([[number * 8 + 2, ...varint(data.length)], data]);
};

type Bytes = Uint8Array | readonly number[];
const joined = (parts: readonly Bytes[]): Buffer =>
  Buffer.concat(parts.map((part) => (part instanceof Uint8Array ? part : Uint8Array.from(part))));
const utf8 = (text: string): Buffer => Buffer.from(text, 'utf8');

/** The NaN with which Prometheus ends a series; any other would lose its bits on the way through a number. */
export const STALE = 'stale' as unknown as number;
const STALE_BYTES = [2, 0, 0, 0, 0, 0, 0xf0, 0x7f];

function sample([ts, value]: readonly [number, number]): number[] {
  const bytes = value === STALE ? STALE_BYTES : [...new Uint8Array(Float64Array.of(value).buffer)];
  // As proto3 has it: what is zero is left out.
  return [...(Object.is(value, 0) ? [] : [0x09, ...bytes]), ...(ts === 0 ? [] : [0x10, ...varint(ts)])];
}

/** Labels sorted by name, as Prometheus sends them. */
const sorted = (labels: Readonly<Record<string, string>>): [string, string][] =>
  Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1));

export function seriesV1({ labels, samples, histograms = 0, exemplars = 0 }: SentSeries): Buffer {
  return joined([
    ...sorted(labels).map(([name, value]) => field(1, field(1, utf8(name)), field(2, utf8(value)))),
    ...samples.map((one) => field(2, sample(one))),
    ...Array.from({ length: exemplars }, () => field(3)),
    ...Array.from({ length: histograms }, () => field(4, field(1))),
  ]);
}

/** A body of 1.0, with the metadata that Prometheus sends now and then. */
export const requestV1 = (series: readonly SentSeries[]): Uint8Array =>
  snappy(joined([...series.map((one) => field(1, seriesV1(one))), field(3, [0x08, 2], field(2, utf8('up')))]));

/** A body of 2.0. */
export function requestV2(series: readonly SentSeries[]): Uint8Array {
  const symbols = new Map([['', 0]]);
  const ref = (text: string): number => {
    const known = symbols.get(text) ?? symbols.size;
    symbols.set(text, known);
    return known;
  };
  const encoded = series.map(({ labels, samples, histograms = 0, exemplars = 0 }) =>
    joined([
      field(1, ...sorted(labels).flatMap(([name, value]) => [varint(ref(name)), varint(ref(value))])),
      ...samples.map((one) => field(2, sample(one))),
      ...Array.from({ length: histograms }, () => field(3, field(1))),
      ...Array.from({ length: exemplars }, () => field(4)),
      field(5, [0x08, 2]),
    ]),
  );
  return snappy(
    joined([
      ...[...symbols.keys()].map((symbol) => field(4, utf8(symbol))),
      ...encoded.map((bytes) => field(5, bytes)),
    ]),
  );
}

/** An exposition text as a Prometheus sends it that scraped it: no comments, and labels of its own beside the exporter's. */
export function asSeries(text: string, ts: number, own: Readonly<Record<string, string>>): SentSeries[] {
  return text
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => {
      const match = /^(\w+)(?:\{(.*)\})? (\S+)$/.exec(line);
      if (match === null) throw new Error(`not a sample: ${line}`);
      const pairs = [...(match[2] ?? '').matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)];
      const said = Object.fromEntries(
        pairs.map(([, name, value]) => [name as string, (value as string).replace(/\\(.)/g, '$1')]),
      );
      const labels: Record<string, string> = { __name__: match[1] as string, ...own };
      // Without honor_labels the exporter's label steps aside where both have one; an empty label is none.
      for (const [name, value] of Object.entries(said)) {
        if (value !== '') labels[name in own ? `exported_${name}` : name] = value;
      }
      return { labels, samples: [[ts, Number(match[3])]] };
    });
}
