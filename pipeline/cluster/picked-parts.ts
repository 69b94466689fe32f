import { gunzipSync, gzipSync } from 'node:zlib';
import { z } from 'zod';
import type { FleetItem } from '../contract/operator.ts';

/** An item that a group has picked for a step over the fleet, or a row for a sink that such steps write to. */
export interface PickedEntry {
  /** Of the message that was its cause. */
  readonly position: number;
  readonly step: string;
  readonly input: string;
  readonly kept: FleetItem;
}

/** A usable event time that is newer than all before it in its group, and the message that had it. */
export type TimeMark = readonly [position: number, ts: number];

/** All that a group tells of its messages in (from, to]; `entries` in the order of positions. */
export interface PickedPart {
  readonly group: number;
  /** Of the group's owner. */
  readonly epoch: number;
  /** The stream whose positions these are, by the time at which it was made. */
  readonly stream: string;
  readonly from: number;
  readonly to: number;
  readonly times: readonly TimeMark[];
  readonly entries: readonly PickedEntry[];
  /** One that is too large for a message comes in several; `entries` of all of them together are the part. */
  readonly piece: number;
  readonly pieces: number;
}

/** Up to where a group has told everything when this is its last word: of a part that broke off, nothing counts. */
export const toldBy = ({ from, to, piece, pieces }: PickedPart): number => (piece === pieces - 1 ? to : from);

const VERSION = 1;
const GZIP_FROM_BYTES = 4_096;
const GZIP_BYTES_MAX = 256 * 1024 * 1024;
const GZIP_MAGIC = 0x1f;

/** It comes out as it is, its fields in their order. */
const isItem = (item: unknown): boolean =>
  typeof item === 'object' &&
  item !== null &&
  typeof (item as Partial<FleetItem>).ts === 'number' &&
  typeof (item as Partial<FleetItem>).node === 'string';

const partSchema = z.object({
  v: z.literal(VERSION),
  group: z.number(),
  epoch: z.number(),
  stream: z.string(),
  from: z.number(),
  to: z.number(),
  times: z.array(z.tuple([z.number(), z.number()])),
  entries: z.array(z.tuple([z.number(), z.string(), z.string(), z.custom<FleetItem>(isItem)])),
  piece: z.number(),
  pieces: z.number(),
});

/** A part as messages of at most `bytes_max`, as far as its single entries are smaller: JSON, packed where it is long. */
export function encodePart(part: Omit<PickedPart, 'piece' | 'pieces'>, bytes_max: number): Uint8Array[] {
  const whole = packed({ ...part, piece: 0, pieces: 1 });
  if (whole.length <= bytes_max || part.entries.length < 2) return [whole];
  for (let pieces = Math.ceil((whole.length * 1.5) / bytes_max); ; pieces *= 2) {
    const count = Math.min(pieces, part.entries.length);
    const size = Math.ceil(part.entries.length / count);
    const cut = Array.from({ length: count }, (_, piece) =>
      packed({
        ...part,
        times: piece === 0 ? part.times : [],
        entries: part.entries.slice(piece * size, (piece + 1) * size),
        piece,
        pieces: count,
      }),
    );
    if (count === part.entries.length || cut.every(({ length }) => length <= bytes_max)) return cut;
  }
}

function packed({ entries, ...head }: PickedPart): Uint8Array {
  const rows = entries.map(({ position, step, input, kept }) => [position, step, input, kept]);
  return bytesOf({ v: VERSION, ...head, entries: rows });
}

function bytesOf(told: unknown): Uint8Array {
  const bytes = Buffer.from(JSON.stringify(told), 'utf8');
  return bytes.length < GZIP_FROM_BYTES ? bytes : gzipSync(bytes, { level: 1 });
}

function told(data: Uint8Array): unknown {
  const bytes = data[0] === GZIP_MAGIC ? gunzipSync(data, { maxOutputLength: GZIP_BYTES_MAX }) : data;
  return JSON.parse(Buffer.from(bytes).toString('utf8'));
}

/** A part's bytes, whatever else is in them, as told of another stream with the same positions. */
export const inStream = (data: Uint8Array, stream: string): Uint8Array =>
  bytesOf({ ...(told(data) as Record<string, unknown>), stream });

/** Null when the bytes are not of this format or release. */
export function decodePart(data: Uint8Array): PickedPart | null {
  try {
    const { v: _, entries, ...head } = partSchema.parse(told(data));
    return { ...head, entries: entries.map(([position, step, input, kept]) => ({ position, step, input, kept })) };
  } catch {
    return null;
  }
}
