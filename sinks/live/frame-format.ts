import { VitalsError } from '../../pipeline/contract/errors.ts';
import type { Attribution } from '../../pipeline/contract/events.ts';
import { METRIC_COUNT } from '../../pipeline/contract/metrics.ts';
import { EPOCH_MS_MAX } from '../../pipeline/contract/time.ts';
import { SCHEMA_IDS } from '../../pipeline/contract/wire-format.ts';

/**
 * A frame: samples that the engine has seen, on their way to the read side. Little-endian, rows aligned to 8 bytes; every
 * frame stands alone, so that a late subscriber understands the first one that it gets.
 *
 * | offset | type | what |
 * |---|---|---|
 * | 0 | 4 bytes | `GPVF` |
 * | 4 | u16 | version, 1 |
 * | 6 | u16 | M, metrics in the writer's catalogue |
 * | 8 | u32 | schema id: FNV-1a of the M names; a longer catalogue reads a shorter one, never the reverse |
 * | 12 | u32 | rows |
 *
 * Then per row: u32 bytes of the row, u32 hash of the identity, f64 ts (epoch ms), u16 bytes of identity, u16 present
 * values, u32 x ceil(M / 32) presence bits, padding to 8; f64 per present value in catalogue order; identity as UTF-8
 * JSON `[uuid, instance, node, model, slot, attribution]`, padded to 8.
 */
export const FRAME_MAGIC = 0x46565047;
export const FRAME_VERSION = 1;
export const FRAME_HEADER_BYTES = 16;
export const FRAME_SCHEMA_ID = SCHEMA_IDS[METRIC_COUNT - 1] as number;
const maskWords = (metrics: number): number => Math.ceil(metrics / 32);
const rowHeaderBytes = (metrics: number): number => (20 + maskWords(metrics) * 4 + 7) & ~7;
export const FRAME_MASK_WORDS: number = maskWords(METRIC_COUNT);
export const FRAME_ROW_HEADER_BYTES: number = rowHeaderBytes(METRIC_COUNT);
export const FRAME_IDENTITY_BYTES_MAX = 16_384;

/** Who a row is about. The same object comes back for the same identity until the reader's memory of them is full. */
export interface FrameIdentity {
  readonly gpu_uuid: string;
  readonly instance: string;
  readonly node: string;
  readonly model: string;
  readonly slot: string;
  readonly attribution: readonly Attribution[];
}

/** `values` (METRIC_COUNT, NaN = missing) is lent for the call only. */
export type OnFrameRow = (who: FrameIdentity, ts: number, values: Float64Array) => void;

/**
 * Reads frames; keeps the identities that it has parsed, so that a row costs no allocation. One that no row has had for some
 * rounds, of a job that is over, is let go of: memory is that of twice the GPUs at most.
 */
export interface FrameReader {
  /** Calls `onRow` for every row and returns their number. Throws VitalsError GV-WIR-001/-002 before or between rows. */
  read(data: Uint8Array, onRow: OnFrameRow): number;
}

interface KnownIdentity {
  readonly bytes: Uint8Array;
  readonly who: FrameIdentity;
}

/** An identity is kept for so many rows of each GPU at least. */
const ROUNDS_KEPT = 8;
const ROUND_MIN = 64;
const IDENTITIES_MAX = 262_144;

const decoder = new TextDecoder('utf-8', { fatal: true });
const damaged = (what: string): VitalsError => new VitalsError('GV-WIR-001', what, 'frame');

export function frameReader(): FrameReader {
  /** By hash: those that rows have had lately, and those of the time before, which move over when they are met again. */
  let known = new Map<number, KnownIdentity>();
  let before = new Map<number, KnownIdentity>();
  let rowsSince = 0;
  const values = new Float64Array(METRIC_COUNT);

  function identity(hash: number, data: Uint8Array, from: number, length: number): FrameIdentity {
    if (++rowsSince > ROUNDS_KEPT * Math.max(known.size, before.size, ROUND_MIN)) turn();
    const hit = known.get(hash);
    if (hit !== undefined && sameBytes(hit.bytes, data, from, length)) return hit.who;
    const earlier = before.get(hash);
    const found =
      earlier !== undefined && sameBytes(earlier.bytes, data, from, length) ? earlier : made(data, from, length);
    if (known.size >= IDENTITIES_MAX) turn();
    known.set(hash, found);
    return found.who;
  }

  function turn(): void {
    before = known;
    known = new Map();
    rowsSince = 0;
  }

  return {
    read(data, onRow) {
      const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
      const { rows, metrics } = readFrameHeader(data, view);
      const words = maskWords(metrics);
      const headerBytes = rowHeaderBytes(metrics);
      let at = FRAME_HEADER_BYTES;
      for (let row = 0; row < rows; row++) {
        if (at + headerBytes > data.length) throw damaged(`row ${row} of ${rows} is cut`);
        const size = view.getUint32(at, true);
        const identityBytes = view.getUint16(at + 16, true);
        const present = view.getUint16(at + 18, true);
        const identityAt = at + headerBytes + present * 8;
        if (size % 8 !== 0 || at + size > data.length || identityAt + identityBytes > at + size) {
          throw damaged(`row ${row} of ${rows} does not fit`);
        }
        values.fill(Number.NaN);
        let from = at + headerBytes;
        for (let word = 0; word < words; word++) {
          for (let mask = view.getUint32(at + 20 + word * 4, true); mask !== 0; mask &= mask - 1) {
            const metric = word * 32 + 31 - Math.clz32(mask & -mask);
            if (metric >= metrics || from >= identityAt) throw damaged(`row ${row}: values do not fit`);
            values[metric] = view.getFloat64(from, true);
            from += 8;
          }
        }
        if (from !== identityAt) throw damaged(`row ${row}: values do not fit`);
        const ts = view.getFloat64(at + 8, true);
        if (!(ts > 0 && ts <= EPOCH_MS_MAX)) throw damaged(`row ${row}: no usable time`);
        onRow(identity(view.getUint32(at + 4, true), data, identityAt, identityBytes), ts, values);
        at += size;
      }
      if (at !== data.length) throw damaged(`${data.length - at} bytes too many`);
      return rows;
    },
  };
}

function made(data: Uint8Array, from: number, length: number): KnownIdentity {
  // A copy: a Buffer's `slice` would keep all that was received with it.
  const bytes = new Uint8Array(length);
  bytes.set(data.subarray(from, from + length));
  return { bytes, who: parseIdentity(bytes) };
}

function readFrameHeader(data: Uint8Array, view: DataView): { readonly rows: number; readonly metrics: number } {
  if (data.length < FRAME_HEADER_BYTES || view.getUint32(0, true) !== FRAME_MAGIC) throw damaged('no frame header');
  const version = view.getUint16(4, true);
  if (version !== FRAME_VERSION) throw unknown(`version ${version}, this release reads ${FRAME_VERSION}`);
  const metrics = view.getUint16(6, true);
  if (metrics === 0 || metrics > METRIC_COUNT || SCHEMA_IDS[metrics - 1] !== view.getUint32(8, true)) {
    throw unknown(`${metrics} metrics of another catalogue than this release's ${METRIC_COUNT}`);
  }
  return { rows: view.getUint32(12, true), metrics };
}

const unknown = (what: string): VitalsError =>
  new VitalsError('GV-WIR-002', what, 'frame', { action: 'Upgrade API and live before engines.' });

function sameBytes(known: Uint8Array, data: Uint8Array, from: number, length: number): boolean {
  if (known.length !== length) return false;
  for (let i = 0; i < length; i++) if (known[i] !== data[from + i]) return false;
  return true;
}

function parseIdentity(bytes: Uint8Array): FrameIdentity {
  let parsed: unknown;
  try {
    parsed = JSON.parse(decoder.decode(bytes));
  } catch {
    throw damaged('identity is no JSON text');
  }
  if (!Array.isArray(parsed) || parsed.length !== 6 || !Array.isArray(parsed[5]))
    throw damaged('identity has no six fields');
  const [gpu_uuid, instance, node, model, slot] = parsed as string[];
  if (![gpu_uuid, instance, node, model, slot].every((text) => typeof text === 'string')) {
    throw damaged('identity is no list of texts');
  }
  if (!parsed[5].every(isAttribution)) throw damaged('identity has other users than pods and jobs');
  return {
    gpu_uuid: gpu_uuid as string,
    instance: instance as string,
    node: node as string,
    model: model as string,
    slot: slot as string,
    attribution: parsed[5] as Attribution[],
  };
}

function isAttribution(value: unknown): value is Attribution {
  const told = value as Readonly<Record<string, unknown>> | null;
  return ['namespace', 'pod', 'container', 'job'].every((field) => typeof told?.[field] === 'string');
}
