import type { SavedColumn, SavedGroup } from '../operators/core/group-state.ts';
import type { ElementType } from './contract/operator.ts';
import type { RegistrySnapshot } from './contract/registry.ts';
import { crc32 } from './crc32.ts';

/**
 * A saved group as bytes: `GPVSNAP1`, u32 length of the JSON head, head, padding to 8, the columns one after the other
 * (each padded to 8), u32 CRC-32 of all before it. Little-endian.
 */
const MAGIC = 'GPVSNAP1';
const PREFIX_BYTES = 12;
const SNAPSHOT_VERSION = 1;

interface Head {
  readonly version: number;
  readonly group: number;
  readonly position: number;
  readonly registry: RegistrySnapshot;
  readonly columns: readonly { step: string; name: string; type: ElementType; width: number; bytes: number }[];
}

const ARRAYS = { f64: Float64Array, f32: Float32Array, u32: Uint32Array, u16: Uint16Array, u8: Uint8Array } as const;
const aligned = (bytes: number): number => (bytes + 7) & ~7;

export function encodeSnapshot(saved: SavedGroup): Uint8Array {
  const head: Head = {
    version: SNAPSHOT_VERSION,
    group: saved.group,
    position: saved.position,
    registry: saved.registry,
    columns: saved.columns.map(({ step, name, type, width, data }) => ({
      step,
      name,
      type,
      width,
      bytes: data.byteLength,
    })),
  };
  const headBytes = Buffer.from(JSON.stringify(head), 'utf8');
  let at = aligned(PREFIX_BYTES + headBytes.length);
  const total = saved.columns.reduce((sum, { data }) => sum + aligned(data.byteLength), at) + 4;
  const out = Buffer.alloc(total);
  out.write(MAGIC, 0, 'latin1');
  out.writeUInt32LE(headBytes.length, 8);
  headBytes.copy(out, PREFIX_BYTES);
  for (const { data } of saved.columns) {
    out.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), at);
    at += aligned(data.byteLength);
  }
  out.writeUInt32LE(crc32(out.subarray(0, at)), at);
  return out;
}

/** The saved group back; a text says what is wrong with the bytes instead. */
export function decodeSnapshot(bytes: Uint8Array): SavedGroup | string {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (buffer.length < PREFIX_BYTES + 4 || buffer.toString('latin1', 0, 8) !== MAGIC) return 'not a snapshot';
  const end = buffer.length - 4;
  if (buffer.readUInt32LE(end) !== crc32(buffer.subarray(0, end))) return 'checksum does not match';
  const headLength = buffer.readUInt32LE(8);
  let head: Head;
  try {
    head = JSON.parse(buffer.toString('utf8', PREFIX_BYTES, PREFIX_BYTES + headLength)) as Head;
  } catch {
    return 'head cannot be read';
  }
  if (head.version !== SNAPSHOT_VERSION) return `version ${head.version}, this release reads ${SNAPSHOT_VERSION}`;
  let at = aligned(PREFIX_BYTES + headLength);
  const columns: SavedColumn[] = [];
  for (const { step, name, type, width, bytes: length } of head.columns) {
    if (at + length > end) return 'columns are cut';
    const copy = Uint8Array.from(buffer.subarray(at, at + length));
    columns.push({ step, name, type, width, data: new ARRAYS[type](copy.buffer) });
    at += aligned(length);
  }
  return { group: head.group, position: head.position, registry: head.registry, columns };
}
