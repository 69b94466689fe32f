/** Bytes that are no protobuf message of the kind expected. */
export class ProtoError extends Error {}

const VARINT_BYTES_MAX = 10;

/**
 * A place in a protobuf message. The fields are public because decoders of hot messages read them directly; everything that
 * moves `at` looks at the end first. Source: protobuf.dev/programming-guides/encoding.
 */
export class ProtoReader {
  bytes: Uint8Array = new Uint8Array(0);
  view: DataView = new DataView(this.bytes.buffer);
  at = 0;

  /** Goes to the start of another message. */
  open(bytes: Uint8Array): void {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.at = 0;
  }

  /** An unsigned varint; above 2^53, where negative ones lie, only its size is right. Throws ProtoError. */
  varint(end: number): number {
    const { bytes } = this;
    let at = this.at;
    let value = 0;
    let scale = 1;
    const stop = Math.min(end, at + VARINT_BYTES_MAX);
    while (at < stop) {
      const byte = bytes[at++] as number;
      value += (byte & 127) * scale;
      if (byte < 128) {
        this.at = at;
        return value;
      }
      scale *= 128;
    }
    throw new ProtoError(stop === end ? `cut off in a number at byte ${this.at}` : `no number at byte ${this.at}`);
  }

  /** Reads a length and answers where what is so long ends. Throws ProtoError. */
  block(end: number): number {
    const length = this.varint(end);
    const stop = this.at + length;
    if (stop > end) throw new ProtoError(`${length} bytes announced at byte ${this.at}, ${end - this.at} are left`);
    return stop;
  }

  /** Goes past the value of a field whose tag was just read. Throws ProtoError. */
  skip(tag: number, end: number): void {
    const kind = tag % 8;
    if (tag < 8 || tag > 0xffff_ffff) throw new ProtoError(`no field has the tag ${tag}, before byte ${this.at}`);
    if (kind === 0) this.varint(end);
    else if (kind === 1) this.#jump(8, end);
    else if (kind === 2) this.at = this.block(end);
    else if (kind === 5) this.#jump(4, end);
    else throw new ProtoError(`a field of kind ${kind} before byte ${this.at}`);
  }

  #jump(bytes: number, end: number): void {
    if (this.at + bytes > end) throw new ProtoError(`cut off at byte ${this.at}`);
    this.at += bytes;
  }
}
