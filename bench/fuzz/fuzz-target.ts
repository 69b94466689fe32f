/** Something that reads bytes which anybody may have made, and the laws that its answers must keep. */
export interface FuzzTarget {
  readonly name: string;
  /** What reads these bytes, for people. */
  readonly summary: string;
  /** Good inputs to begin with, and those that once broke a law. */
  readonly seeds: readonly Uint8Array[];
  /** Texts that mean something there. */
  readonly words: readonly string[];
  /** Longest input that is made; of those that are long on purpose. */
  readonly bytes_max: number;
  readonly grown_bytes_max?: number;
  /** Makes lengths and checksums fit again, so that more than these is tried. */
  readonly mend?: (input: Uint8Array) => Uint8Array;
  /** It reads in pieces: memory that it has let go of meanwhile does not count. */
  readonly streams?: true;
  /** True: taken, and what came of it keeps its laws; false: refused as declared. Whatever it throws is a broken law. */
  readonly feed: (input: Uint8Array) => boolean | Promise<boolean>;
}

/** An answer that is not what its reader promises. */
export class BrokenLaw extends Error {
  constructor(what: string) {
    super(what);
    this.name = 'BrokenLaw';
  }
}

export function law(holds: boolean, what: string): asserts holds {
  if (!holds) throw new BrokenLaw(what);
}

/** Whether two answers say the same; NaN, the infinities and -0 are told apart. */
export function lawSame(one: unknown, other: unknown, what: string): void {
  const [first, second] = [spelled(one), spelled(other)];
  if (first === second) return;
  let at = 0;
  while (first[at] === second[at]) at++;
  const around = (text: string): string => text.slice(Math.max(0, at - 40), at + 40);
  throw new BrokenLaw(`${what}: ${around(first)} became ${around(second)}`);
}

const spelled = (value: unknown): string =>
  JSON.stringify(value, (_, part: unknown) => {
    if (typeof part === 'number' && (!Number.isFinite(part) || Object.is(part, -0)))
      return `number ${Object.is(part, -0) ? '-0' : part}`;
    if (ArrayBuffer.isView(part)) return Array.from(part as unknown as ArrayLike<number>);
    if (part instanceof Map) return [...part];
    return isPlain(part) ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1))) : part;
  });

const isPlain = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

export const bytesOf = (text: string): Uint8Array => Buffer.from(text, 'utf8');
export const textOf = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
