type Elements = Float64Array | Float32Array | Uint32Array | Uint16Array | Uint8Array;

const ALIGNMENT = 8;
/** Room to grow before the next `reset` has to allocate. */
const HEADROOM = 1.25;

/**
 * Memory for copies that live until the next `reset`: the same again and again, because copying a fleet's state into fresh
 * arrays every few seconds costs page faults and makes the collector run for memory that it does not manage.
 */
export class CopyArena {
  private buffer = new ArrayBuffer(0);
  private used = 0;
  private wanted = 0;

  /** Gives all copies up. */
  reset(): void {
    if (this.wanted > this.buffer.byteLength) this.buffer = new ArrayBuffer(aligned(this.wanted * HEADROOM));
    this.used = 0;
    this.wanted = 0;
  }

  /** The first `length` elements; in an array of its own when the arena is full. */
  copy<A extends Elements>(array: A, length: number): A {
    const bytes = aligned(length * array.BYTES_PER_ELEMENT);
    this.wanted += bytes;
    if (this.used + bytes > this.buffer.byteLength) return array.slice(0, length) as A;
    const make = array.constructor as new (buffer: ArrayBuffer, at: number, length: number) => A;
    const copy = new make(this.buffer, this.used, length);
    copy.set(array.subarray(0, length));
    this.used += bytes;
    return copy;
  }
}

const aligned = (bytes: number): number => Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;
