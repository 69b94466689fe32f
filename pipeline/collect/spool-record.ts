import { crc32 } from 'node:zlib';
import type { OutgoingMessage } from '../contract/bus.ts';

/**
 * One message in a spool file, little-endian:
 *
 * | offset | type | what |
 * |---|---|---|
 * | 0 | u32 | L, bytes behind these two words |
 * | 4 | u32 | CRC-32 (IEEE 802.3) of those L bytes |
 * | 8 | u16 | H, bytes of head |
 * | 10 | H bytes | UTF-8 JSON: subject, headers |
 * | .. | rest | the message's data |
 */
export const RECORD_PREFIX_BYTES = 8;
const HEAD_LENGTH_BYTES = 2;
/** No message comes near this; a longer one is a damaged length. */
export const RECORD_BYTES_MAX = 256 * 1024 * 1024;

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** The record as two pieces for one gathered write; the data itself is not copied. */
export function frameRecord(message: OutgoingMessage): [head: Uint8Array, data: Uint8Array] {
  const json = encoder.encode(JSON.stringify({ subject: message.subject, headers: message.headers ?? {} }));
  const head = new Uint8Array(RECORD_PREFIX_BYTES + HEAD_LENGTH_BYTES + json.length);
  const view = new DataView(head.buffer);
  view.setUint16(RECORD_PREFIX_BYTES, json.length, true);
  head.set(json, RECORD_PREFIX_BYTES + HEAD_LENGTH_BYTES);
  view.setUint32(0, HEAD_LENGTH_BYTES + json.length + message.data.length, true);
  view.setUint32(4, crc32(message.data, crc32(head.subarray(RECORD_PREFIX_BYTES))), true);
  return [head, message.data];
}

/** Bytes of the whole record that begins at `at`, or null when fewer than its first word are there. */
export function recordBytes(buffer: Uint8Array, at: number): number | null {
  if (at + RECORD_PREFIX_BYTES > buffer.length) return null;
  return RECORD_PREFIX_BYTES + new DataView(buffer.buffer, buffer.byteOffset).getUint32(at, true);
}

/** True when the record at `at` lies wholly in the buffer and its checksum fits. */
export function recordSound(buffer: Uint8Array, at: number): boolean {
  const bytes = recordBytes(buffer, at);
  if (bytes === null || bytes < RECORD_PREFIX_BYTES + HEAD_LENGTH_BYTES || at + bytes > buffer.length) return false;
  const expected = new DataView(buffer.buffer, buffer.byteOffset).getUint32(at + 4, true);
  return crc32(buffer.subarray(at + RECORD_PREFIX_BYTES, at + bytes)) === expected;
}

/** The message of a sound record; its data is a copy, so the buffer may be used again. */
export function readRecord(buffer: Uint8Array, at: number): OutgoingMessage {
  const bytes = recordBytes(buffer, at) ?? 0;
  const headAt = at + RECORD_PREFIX_BYTES + HEAD_LENGTH_BYTES;
  const dataAt = headAt + new DataView(buffer.buffer, buffer.byteOffset).getUint16(at + RECORD_PREFIX_BYTES, true);
  const head = JSON.parse(decoder.decode(buffer.subarray(headAt, dataAt))) as {
    subject: string;
    headers: Record<string, string>;
  };
  return { subject: head.subject, headers: head.headers, data: buffer.slice(dataAt, at + bytes) };
}
