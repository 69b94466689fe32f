/** A document in UBJSON (draft 12), as XGBoost writes it: lists of numbers in one type, keys without a marker. */
export function ubjsonOf(document: unknown): Uint8Array {
  const parts: Uint8Array[] = [];
  const put = (text: string): void => {
    parts.push(Buffer.from(text, 'latin1'));
  };
  const putLength = (length: number): void => {
    const bytes = Buffer.alloc(5);
    bytes.write('l', 'latin1');
    bytes.writeInt32BE(length, 1);
    parts.push(bytes);
  };
  const putText = (text: string): void => {
    const bytes = Buffer.from(text, 'utf8');
    putLength(bytes.length);
    parts.push(bytes);
  };
  const putNumber = (value: number): void => {
    const bytes = Buffer.alloc(4);
    bytes.writeFloatBE(value);
    parts.push(bytes);
  };
  const write = (value: unknown): void => {
    if (Array.isArray(value) && value.length > 0 && value.every((one) => typeof one === 'number')) {
      put('[$d#');
      putLength(value.length);
      value.forEach(putNumber);
    } else if (Array.isArray(value)) {
      put('[');
      value.forEach(write);
      put(']');
    } else if (typeof value === 'object' && value !== null) {
      put('{');
      for (const [key, one] of Object.entries(value)) {
        putText(key);
        write(one);
      }
      put('}');
    } else if (typeof value === 'string') {
      put('S');
      putText(value);
    } else if (typeof value === 'number') {
      put('d');
      putNumber(value);
    } else {
      put(value === true ? 'T' : value === false ? 'F' : 'Z');
    }
  };
  write(document);
  return Uint8Array.from(Buffer.concat(parts));
}
