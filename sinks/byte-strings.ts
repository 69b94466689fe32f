const BYTES_MIN = 4_096;
const COUNT_MIN = 64;

/**
 * Short byte strings by dense index, all in one buffer: a hundred thousand arrays of a hundred bytes would each be an object
 * that the collector visits. What is replaced leaves a hole; holes are closed when they are half of the buffer.
 */
export class ByteStrings {
  private bytes = Buffer.allocUnsafeSlow(BYTES_MIN);
  private starts = new Uint32Array(COUNT_MIN);
  private lengths = new Uint32Array(COUNT_MIN);
  private end = 0;
  private live = 0;

  set(index: number, value: Uint8Array): void {
    if (index >= this.starts.length) this.growTo(index + 1);
    this.live += value.length - (this.lengths[index] as number);
    this.lengths[index] = 0;
    if (this.end + value.length > this.bytes.length) this.makeRoom(value.length);
    this.bytes.set(value, this.end);
    this.starts[index] = this.end;
    this.lengths[index] = value.length;
    this.end += value.length;
  }

  /** Bytes of the string at an index; 0 where there is none. */
  length(index: number): number {
    return this.lengths[index] ?? 0;
  }

  /** Copies the string at an index; answers its length. */
  copyTo(index: number, target: Uint8Array, at: number): number {
    const start = this.starts[index] as number;
    return this.bytes.copy(target, at, start, start + (this.lengths[index] as number));
  }

  private growTo(count: number): void {
    let length = this.starts.length;
    while (length < count) length *= 2;
    const [starts, lengths] = [this.starts, this.lengths];
    this.starts = new Uint32Array(length);
    this.lengths = new Uint32Array(length);
    this.starts.set(starts);
    this.lengths.set(lengths);
  }

  private makeRoom(more: number): void {
    let size = BYTES_MIN;
    while (size < 2 * (this.live + more)) size *= 2;
    const bytes = Buffer.allocUnsafeSlow(size);
    let end = 0;
    for (let index = 0; index < this.starts.length; index++) {
      const length = this.lengths[index] as number;
      if (length === 0) continue;
      this.copyTo(index, bytes, end);
      this.starts[index] = end;
      end += length;
    }
    this.bytes = bytes;
    this.end = end;
  }
}
