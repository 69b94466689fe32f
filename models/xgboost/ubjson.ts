/** XGBoost nests seven deep; a file of nothing but brackets must not exhaust the stack. */
const DEPTH_MAX = 64;

/** Bytes of a value by its marker; 0 = it is the marker alone. */
const SIZES: Readonly<Record<string, number>> = {
  i: 1,
  U: 1,
  I: 2,
  l: 4,
  L: 8,
  d: 4,
  D: 8,
  C: 1,
  Z: 0,
  N: 0,
  T: 0,
  F: 0,
};

/**
 * Reads one UBJSON value (draft 12, big endian), as XGBoost writes its models: lists of one numeric type become typed arrays
 * (64-bit integers Float64Array), other lists arrays, objects plain objects. `refuse` is called, and must throw, with what is
 * wrong; a count is believed only when as many bytes are left, so memory stays in proportion to the file.
 */
export function readUbjson(bytes: Uint8Array, refuse: (what: string) => never): unknown {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const decoder = new TextDecoder();
  let at = 0;

  const take = (size: number): number => {
    if (size > bytes.length - at) refuse(`it ends at byte ${bytes.length}`);
    at += size;
    return at - size;
  };
  const marker = (): string => String.fromCharCode(bytes[take(1)] as number);
  const peek = (): string => (at < bytes.length ? String.fromCharCode(bytes[at] as number) : '');

  const scalar = (type: string): unknown => {
    switch (type) {
      case 'i':
        return view.getInt8(take(1));
      case 'U':
        return view.getUint8(take(1));
      case 'I':
        return view.getInt16(take(2));
      case 'l':
        return view.getInt32(take(4));
      case 'L':
        return Number(view.getBigInt64(take(8)));
      case 'd':
        return view.getFloat32(take(4));
      case 'D':
        return view.getFloat64(take(8));
      case 'C':
        return marker();
      case 'S':
      case 'H':
        return text();
      case 'T':
        return true;
      case 'F':
        return false;
      case 'Z':
        return null;
      default:
        return refuse(`byte ${at - 1} is no type`);
    }
  };
  const length = (): number => {
    const type = marker();
    const value = 'iUIlL'.includes(type) ? (scalar(type) as number) : -1;
    if (!(value >= 0)) refuse(`a length is missing at byte ${at}`);
    return value;
  };
  const text = (): string => {
    const size = length();
    const from = take(size);
    return decoder.decode(bytes.subarray(from, from + size));
  };

  /** Type and count that a container begins with; a count is -1 when the container ends by its bracket. */
  const header = (): { type: string; count: number } => {
    let type = '';
    if (peek() === '$') {
      at += 1;
      type = marker();
      if (peek() !== '#') refuse(`a type without a count at byte ${at}`);
    }
    if (peek() !== '#') return { type, count: -1 };
    at += 1;
    const count = length();
    const size = type === '' ? 1 : (SIZES[type] ?? 1);
    // Values without bytes would let one line of a file stand for any number of them.
    if (size === 0 || count * size > bytes.length - at)
      refuse(`${count} values at byte ${at} are more than the file has`);
    return { type, count };
  };

  const list = (depth: number): unknown => {
    const { type, count } = header();
    const typed = typedList(type, count);
    if (typed !== null) return typed;
    const values: unknown[] = [];
    while (count < 0 ? peek() !== ']' : values.length < count)
      values.push(value(type === '' ? marker() : type, depth + 1));
    if (count < 0) at += 1;
    return values;
  };
  const typedList = (type: string, count: number): unknown => {
    if (type === '' || count < 0) return null;
    const from = at;
    const read = <A extends Float32Array | Float64Array | Int32Array | Int16Array>(
      to: A,
      size: number,
      get: (at: number) => number,
    ): A => {
      take(count * size);
      for (let i = 0; i < count; i++) to[i] = get(from + i * size);
      return to;
    };
    switch (type) {
      case 'U':
        return Uint8Array.from(bytes.subarray(take(count), at));
      case 'i':
        return Int8Array.from(bytes.subarray(take(count), at));
      case 'I':
        return read(new Int16Array(count), 2, (i) => view.getInt16(i));
      case 'l':
        return read(new Int32Array(count), 4, (i) => view.getInt32(i));
      case 'L':
        return read(new Float64Array(count), 8, (i) => Number(view.getBigInt64(i)));
      case 'd':
        return read(new Float32Array(count), 4, (i) => view.getFloat32(i));
      case 'D':
        return read(new Float64Array(count), 8, (i) => view.getFloat64(i));
      default:
        return null;
    }
  };
  const object = (depth: number): unknown => {
    const { type, count } = header();
    const entries: [string, unknown][] = [];
    while (count < 0 ? peek() !== '}' : entries.length < count) {
      const key = text();
      entries.push([key, value(type === '' ? marker() : type, depth + 1)]);
    }
    if (count < 0) at += 1;
    return Object.fromEntries(entries);
  };
  const value = (type: string, depth: number): unknown => {
    if (depth > DEPTH_MAX) refuse(`it is nested deeper than ${DEPTH_MAX}`);
    let meant = type;
    while (meant === 'N') meant = marker();
    if (meant === '[') return list(depth);
    return meant === '{' ? object(depth) : scalar(meant);
  };

  const read = value(marker(), 0);
  if (at !== bytes.length) refuse(`${bytes.length - at} bytes follow its end`);
  return read;
}
