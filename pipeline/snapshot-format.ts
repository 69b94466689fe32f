import { crc32 } from 'node:zlib';
import type { SavedColumn, SavedGroup } from '../operators/core/group-state.ts';
import type { RegistrySnapshot } from './contract/registry.ts';
import { areRecords, isHead, isRegistry, type SnapshotHead } from './snapshot-checks.ts';

/**
 * A saved group as bytes: `GPVSNAP1`, u32 length of the JSON head, u32 length of the registry, head, registry as JSON,
 * padding to 8, the columns one after the other (each padded to 8), u32 CRC-32 of all before it. Little-endian. Whatever else a
 * release changes, the first seven letters and the checksum at the end stay: by them another version is known from damage.
 */
const FAMILY = 'GPVSNAP';
const MAGIC = `${FAMILY}1`;
const PREFIX_BYTES = 16;
const SNAPSHOT_VERSION = 3;

const ARRAYS = {
  f64: Float64Array,
  f32: Float32Array,
  u32: Uint32Array,
  u16: Uint16Array,
  u8: Uint8Array,
  record: Uint8Array,
} as const;
const ELEMENT_BYTES: Readonly<Record<string, number>> = Object.fromEntries(
  Object.entries(ARRAYS).map(([type, { BYTES_PER_ELEMENT }]) => [type, BYTES_PER_ELEMENT]),
);
const aligned = (bytes: number): number => (bytes + 7) & ~7;
const ZEROS = new Uint8Array(8);

/** Why bytes are no snapshot that this release reads: damaged, or as another version wrote them. */
export interface UnreadSnapshot {
  readonly code: 'GV-SNP-001' | 'GV-SNP-002';
  readonly why: string;
}
export const damagedSnapshot = (why: string): UnreadSnapshot => ({ code: 'GV-SNP-001', why });
export const ofAnotherVersion = (why: string): UnreadSnapshot => ({ code: 'GV-SNP-002', why });

/** A registry is the same object from snapshot to snapshot while nothing in it changed. */
const registryTexts = new WeakMap<RegistrySnapshot, Uint8Array>();

/** The parts of a snapshot's file in order, over the saved arrays' own memory. */
export function encodeSnapshot(saved: SavedGroup): Uint8Array[] {
  let registry = registryTexts.get(saved.registry);
  if (registry === undefined) {
    registry = Buffer.from(JSON.stringify(saved.registry), 'utf8');
    registryTexts.set(saved.registry, registry);
  }
  const head: SnapshotHead = {
    version: SNAPSHOT_VERSION,
    group: saved.group,
    position: saved.position,
    columns: saved.columns.map(({ step, name, type, width, data }) => ({
      step,
      name,
      type,
      width,
      bytes: data.byteLength,
    })),
  };
  const headBytes = Buffer.from(JSON.stringify(head), 'utf8');
  const prefix = Buffer.alloc(PREFIX_BYTES);
  prefix.write(MAGIC, 0, 'latin1');
  prefix.writeUInt32LE(headBytes.length, 8);
  prefix.writeUInt32LE(registry.length, 12);
  const parts: Uint8Array[] = [prefix, headBytes, registry, padding(PREFIX_BYTES + headBytes.length + registry.length)];
  for (const { data } of saved.columns) {
    parts.push(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), padding(data.byteLength));
  }
  const checksum = Buffer.alloc(4);
  // An empty view may have no memory at all, which zlib takes as the order to begin anew.
  checksum.writeUInt32LE(parts.reduce((crc, part) => (part.length === 0 ? crc : crc32(part, crc)), 0));
  return [...parts, checksum];
}

const padding = (bytes: number): Uint8Array => ZEROS.subarray(0, aligned(bytes) - bytes);

/** As `readSnapshot`; a text says what is wrong with the bytes. */
export function decodeSnapshot(bytes: Uint8Array): SavedGroup | string {
  const found = readSnapshot(bytes);
  return 'why' in found ? found.why : found;
}

/** The saved group back, its columns over the same memory as `bytes`. */
export function readSnapshot(bytes: Uint8Array): SavedGroup | UnreadSnapshot {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (buffer.length < PREFIX_BYTES + 4) return damagedSnapshot('not a snapshot');
  const end = buffer.length - 4;
  const magic = buffer.toString('latin1', 0, MAGIC.length);
  // First of all: no letter or version that a disk has changed may pass for another release's.
  if (buffer.readUInt32LE(end) !== crc32(buffer.subarray(0, end))) {
    return damagedSnapshot(magic === MAGIC ? 'checksum does not match' : 'not a snapshot');
  }
  if (magic !== MAGIC) {
    if (!magic.startsWith(FAMILY)) return damagedSnapshot('not a snapshot');
    return ofAnotherVersion(`layout ${magic}, this release reads ${MAGIC}`);
  }
  const headLength = buffer.readUInt32LE(8);
  const registryAt = PREFIX_BYTES + headLength;
  const columnsAt = registryAt + buffer.readUInt32LE(12);
  let head: unknown;
  let registry: unknown;
  try {
    head = JSON.parse(buffer.toString('utf8', PREFIX_BYTES, registryAt));
    const version = (head as { readonly version?: unknown } | null)?.version;
    if (version !== SNAPSHOT_VERSION) {
      return ofAnotherVersion(`version ${String(version)}, this release reads ${SNAPSHOT_VERSION}`);
    }
    registry = JSON.parse(buffer.toString('utf8', registryAt, columnsAt));
  } catch {
    return damagedSnapshot('head cannot be read');
  }
  if (!isHead(head, ELEMENT_BYTES)) return damagedSnapshot('head does not fit together');
  if (!isRegistry(registry)) return damagedSnapshot('registry does not fit together');
  let at = aligned(columnsAt);
  // Numbers lie at multiples of their size, which is true of memory that begins at one.
  const whole = buffer.byteOffset % 8 === 0 ? buffer : Uint8Array.from(buffer);
  const columns: SavedColumn[] = [];
  for (const { step, name, type, width, bytes: length } of head.columns) {
    if (at + length > end) return damagedSnapshot('columns are cut');
    const column = whole.subarray(at, at + length);
    if (type === 'record' && !areRecords(column)) return damagedSnapshot(`records of ${step}.${name} cannot be read`);
    const { BYTES_PER_ELEMENT } = ARRAYS[type];
    columns.push({
      step,
      name,
      type,
      width,
      data: new ARRAYS[type](column.buffer as ArrayBuffer, column.byteOffset, length / BYTES_PER_ELEMENT),
    });
    at += aligned(length);
  }
  return { group: head.group, position: head.position, registry, columns };
}
