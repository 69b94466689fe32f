const SINGLE = new Float32Array(1);
const BITS = new Uint32Array(SINGLE.buffer);

/** The nearest half-precision number as its 16 bits, ties to even; beyond 65504 an infinity. Source: IEEE 754, binary16. */
function halfBits(x: number): number {
  SINGLE[0] = x;
  const bits = BITS[0] as number;
  const sign = (bits >>> 16) & 0x8000;
  const exponent = ((bits >>> 23) & 0xff) - 112;
  if (exponent >= 31) return sign | 0x7c00 | (Number.isNaN(x) ? 0x200 : 0);
  if (exponent < -10) return sign;
  const fraction = bits & 0x7fffff;
  // Below 2^-14 the leading one is written out and there is no exponent.
  const shift = exponent > 0 ? 13 : 14 - exponent;
  const whole = exponent > 0 ? (exponent << 23) | fraction : fraction | 0x800000;
  const kept = whole >>> shift;
  const rest = whole - (kept << shift);
  const half = 1 << (shift - 1);
  return sign | (kept + (rest > half || (rest === half && (kept & 1) === 1) ? 1 : 0));
}

function halfValue(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >>> 10) & 31;
  const fraction = bits & 0x3ff;
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * (exponent === 0 ? fraction * 2 ** -24 : (fraction + 1024) * 2 ** (exponent - 25));
}

/** Numbers in half precision, two little-endian bytes each, relative error at most 2^-11 between 6.1e-5 and 65504. */
export function packHalves(values: Float32Array): Uint8Array {
  const view = new DataView(new ArrayBuffer(values.length * 2));
  for (let i = 0; i < values.length; i++) view.setUint16(i * 2, halfBits(values[i] as number), true);
  return new Uint8Array(view.buffer);
}

/** What `packHalves` made; a last odd byte is left out. */
export function unpackHalves(bytes: Uint8Array): Float32Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Float32Array.from({ length: bytes.byteLength >> 1 }, (_, i) => halfValue(view.getUint16(i * 2, true)));
}
