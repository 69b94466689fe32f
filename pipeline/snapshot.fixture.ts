import { crc32 } from 'node:zlib';

const CRC_BYTES = 4;

/** With the checksum that fits what is before it. */
export function withChecksum(bytes: Uint8Array): Buffer {
  const whole = Buffer.from(bytes);
  whole.writeUInt32LE(crc32(whole.subarray(0, -CRC_BYTES)), whole.length - CRC_BYTES);
  return whole;
}

/** The same snapshot with a part of its text in other letters, as many as there were. */
export const respelled = (bytes: Uint8Array, from: string | RegExp, to: string): Buffer =>
  Buffer.from(Buffer.from(bytes).toString('latin1').replace(from, to), 'latin1');

/** The same snapshot as a release would write it whose format is another one. */
export const ofVersion9 = (bytes: Uint8Array): Buffer => withChecksum(respelled(bytes, /"version":\d/, '"version":9'));

/** With one bit that is another, in the middle. */
export function damagedAt(bytes: Uint8Array, at = bytes.length >> 1): Buffer {
  const damaged = Buffer.from(bytes);
  damaged[at] = (damaged[at] as number) ^ 1;
  return damaged;
}
