import { DecoderV1 } from '../../../pipeline/collect/remote-write/decode-v1.ts';
import { DecoderV2 } from '../../../pipeline/collect/remote-write/decode-v2.ts';
import { DecodedRequest } from '../../../pipeline/collect/remote-write/decoded-request.ts';
import { ProtoError } from '../../../pipeline/collect/remote-write/proto-reader.ts';
import { SeriesTable } from '../../../pipeline/collect/remote-write/series-table.ts';
import { SnappyBlocks, SnappyError } from '../../../pipeline/collect/remote-write/snappy-block.ts';
import { type FuzzTarget, law } from '../fuzz-target.ts';
import { keptInputs } from '../kept-inputs.ts';
import { SAMPLE_TS } from '../sample-telemetry.ts';
import { lawfulInstant } from '../telemetry-laws.ts';

type Bytes = readonly number[];
const LATEST_TS = SAMPLE_TS + 3_600_000;
const UNPACKED_MAX = 4 * 1_048_576;
const LABELS: readonly (readonly [string, string])[] = [
  ['Hostname', 'n1'],
  ['UUID', 'GPU-1'],
  ['__name__', 'DCGM_FI_DEV_GPU_TEMP'],
  ['instance', 'n1:9400'],
];

const varint = (value: number): Bytes =>
  value < 128 ? [value] : [(value % 128) + 128, ...varint(Math.floor(value / 128))];
const block = (tag: number, ...parts: readonly Bytes[]): Bytes => [
  tag,
  ...varint(parts.flat().length),
  ...parts.flat(),
];
const utf8 = (text: string): Bytes => [...Buffer.from(text, 'utf8')];
const sample = (tag: number): Bytes =>
  block(tag, [0x09, ...new Uint8Array(Float64Array.of(61).buffer)], [0x10, ...varint(SAMPLE_TS)]);

const series1 = (labels: typeof LABELS): Bytes =>
  block(
    0x0a,
    ...labels.map(([name, value]) => block(0x0a, block(0x0a, utf8(name)), block(0x12, utf8(value)))),
    sample(0x12),
    sample(0x12),
  );
const REQUESTS_1: readonly Bytes[] = [
  [...series1(LABELS), ...series1(LABELS)],
  [...series1(LABELS.slice(0, 2)), ...series1([['__name__', 'up']]), ...block(0x1a, [0x08, 2])],
];
const symbols = ['', ...LABELS.flat()];
const series2 = (tag: number): Bytes =>
  block(
    0x2a,
    block(
      0x0a,
      symbols.slice(1).flatMap((_, i) => varint(i + 1)),
    ),
    sample(0x12),
    block(tag, [0x08, 1]),
  );
const REQUESTS_2: readonly Bytes[] = [
  [...symbols.flatMap((symbol) => block(0x22, utf8(symbol))), ...series2(0x1a), ...series2(0x22)],
  [...block(0x2a, [0x08, 0, 0x08, 1]), ...block(0x22, []), ...block(0x22, utf8('__name__'))],
];

/** A snappy block of literals alone, of up to 60 bytes each, with a copy at its end. */
function packed(bytes: Uint8Array): Uint8Array {
  const parts: number[] = [...varint(bytes.length)];
  for (let at = 0; at < bytes.length; at += 60) {
    const piece = bytes.subarray(at, at + 60);
    parts.push((piece.length - 1) << 2, ...piece);
  }
  return Uint8Array.from(parts);
}

/** What stands behind the size, as a whole block: mended so that the request inside is read, whatever it is. */
const asRequest = (input: Uint8Array): Uint8Array => packed(unpackedAsFarAsPossible(input));

function unpackedAsFarAsPossible(input: Uint8Array): Uint8Array {
  try {
    return Uint8Array.from(new SnappyBlocks({ size_max_bytes: UNPACKED_MAX }).unpack(input));
  } catch (error) {
    if (error instanceof SnappyError) return input;
    throw error;
  }
}

function target(name: string, requests: readonly Bytes[], version: 1 | 2): FuzzTarget {
  const plain = requests.map((request) => Uint8Array.from(request));
  return {
    name,
    summary: `Prometheus remote write ${version}.0: protobuf in a snappy block`,
    seeds: [...plain.map(packed), ...plain, ...keptInputs(name)],
    words: [
      '__name__',
      'Hostname',
      'instance',
      'DCGM_FI_DEV_GPU_TEMP',
      '\u0000\u0000\u0000\u0000\u0000\u0000\u00f0\u007f',
    ],
    bytes_max: 16_384,
    grown_bytes_max: 524_288,
    mend: asRequest,
    feed(input) {
      const table = new SeriesTable<string>({
        target: (labels, { node }) => (node === '' && !labels.has('instance') ? null : 'target'),
      });
      const decoder = version === 1 ? new DecoderV1(table) : new DecoderV2(table);
      const into = new DecodedRequest();
      try {
        const bytes = new SnappyBlocks({ size_max_bytes: UNPACKED_MAX }).unpack(input);
        // Twice, as series that were seen before go another way.
        for (let turn = 0; turn < 2; turn++) {
          into.clear();
          decoder.decode(bytes, LATEST_TS, into);
          lawful(into, table, bytes.length);
        }
      } catch (error) {
        if (error instanceof ProtoError || error instanceof SnappyError) return false;
        throw error;
      }
      return into.samples.length > 0;
    },
  };
}

function lawful(into: DecodedRequest, table: SeriesTable<string>, size: number): void {
  const { samples, all, other, invalid, fault } = into;
  law(samples.length + other + invalid === all, `${all} samples are ${samples.length}, ${other} and ${invalid}`);
  law(all <= size, `${all} samples in ${size} bytes`);
  law((fault === '') === (invalid === 0), `${invalid} refused for ${JSON.stringify(fault)}`);
  for (let i = 0; i < samples.length; i++) {
    const told = samples.series[i] as number;
    const id = told < 0 ? ~told : told;
    law(id < table.series.length && table.series[id] !== null, `a sample of series ${id}`);
    lawfulInstant(samples.ts[i] as number, 'a sample');
    law(table.text(id).includes('{'), 'a series without text');
  }
}

export const remoteWrite1 = target('remote-write-1', REQUESTS_1, 1);
export const remoteWrite2 = target('remote-write-2', REQUESTS_2, 2);
