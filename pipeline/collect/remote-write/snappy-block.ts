/** Bytes that are no snappy block, or one that unpacks to more than is allowed. */
export class SnappyError extends Error {}

/** Below this, a copy byte by byte costs less than a call. */
const SHORT = 24;

/**
 * Unpacks snappy's block format into memory that is used again: what `unpack` answers is valid until its next call. Strict,
 * unlike libraries for it: a block must fill exactly the size that it announces, and that size is looked at before anything
 * is allocated. Source: github.com/google/snappy, format_description.txt.
 */
export class SnappyBlocks {
  readonly #size_max_bytes: number;
  #memory = new Uint8Array(65_536);
  #view = new DataView(this.#memory.buffer);

  /** `size_max_bytes` of an unpacked block. */
  constructor(options: { readonly size_max_bytes: number }) {
    this.#size_max_bytes = options.size_max_bytes;
  }

  /** Throws SnappyError. */
  unpack(packed: Uint8Array): Uint8Array {
    const end = packed.length;
    let at = 0;
    let size = 0;
    for (let scale = 1; ; scale *= 128) {
      if (at === end || scale > 2 ** 28) throw new SnappyError('the size of the block cannot be read');
      const byte = packed[at++] as number;
      size += (byte & 127) * scale;
      if (byte < 128) break;
    }
    if (size > this.#size_max_bytes) {
      throw new SnappyError(`${size} bytes unpacked, at most ${this.#size_max_bytes}`);
    }
    // A copy element of three bytes makes 64 at most.
    if (size > end * 22) throw new SnappyError(`${end} bytes cannot unpack to ${size}`);
    if (size > this.#memory.length) {
      this.#memory = new Uint8Array(Math.max(size, this.#memory.length * 2));
      this.#view = new DataView(this.#memory.buffer);
    }
    this.#fill(packed, at, this.#memory, size);
    return this.#memory.subarray(0, size);
  }

  #fill(packed: Uint8Array, from: number, out: Uint8Array, size: number): void {
    const view = this.#view;
    const end = packed.length;
    let at = from;
    let to = 0;
    while (at < end) {
      const tag = packed[at++] as number;
      const kind = tag & 3;
      let length = tag >>> 2;
      if (kind === 0) {
        if (length >= 60) {
          const bytes = length - 59;
          if (at + bytes > end) throw cutOff();
          length = 0;
          for (let i = 0, scale = 1; i < bytes; i++, scale *= 256) length += (packed[at++] as number) * scale;
        }
        length++;
        if (at + length > end) throw cutOff();
        if (to + length > size) throw overlong(size);
        if (length < SHORT) for (let i = 0; i < length; i++) out[to + i] = packed[at + i] as number;
        else out.set(packed.subarray(at, at + length), to);
        at += length;
      } else {
        let offset: number;
        if (kind === 1) {
          if (at >= end) throw cutOff();
          offset = ((tag >>> 5) << 8) | (packed[at] as number);
          length = (length & 7) + 4;
          at += 1;
        } else if (kind === 2) {
          if (at + 2 > end) throw cutOff();
          offset = (packed[at] as number) | ((packed[at + 1] as number) << 8);
          length++;
          at += 2;
        } else {
          if (at + 4 > end) throw cutOff();
          offset = (packed[at] as number) + (packed[at + 1] as number) * 2 ** 8;
          offset += (packed[at + 2] as number) * 2 ** 16 + (packed[at + 3] as number) * 2 ** 24;
          length++;
          at += 4;
        }
        if (offset === 0 || offset > to) throw new SnappyError(`a copy from ${offset} bytes back at byte ${to}`);
        if (to + length > size) throw overlong(size);
        // Source and destination may overlap on purpose: then what was just written is repeated.
        let i = to;
        const stop = to + length;
        if (offset >= 4) {
          for (const whole = stop - 3; i < whole; i += 4) view.setInt32(i, view.getInt32(i - offset, true), true);
        }
        for (; i < stop; i++) out[i] = out[i - offset] as number;
      }
      to += length;
    }
    if (to !== size) throw new SnappyError(`${to} bytes unpacked, ${size} announced`);
  }
}

const cutOff = (): SnappyError => new SnappyError('the block is cut off');
const overlong = (size: number): SnappyError => new SnappyError(`more than the ${size} bytes announced`);
