/** Instructions as bytes, operands first. */
export type Code = readonly number[];

/** Little endian, seven bits a byte. Source: WebAssembly core specification, 5.2.2. */
function unsigned(n: number): number[] {
  const bytes: number[] = [];
  let rest = n;
  do {
    const low = rest % 128;
    rest = Math.floor(rest / 128);
    bytes.push(rest > 0 ? low | 128 : low);
  } while (rest > 0);
  return bytes;
}

function signed(n: number): number[] {
  const bytes: number[] = [];
  let rest = n | 0;
  for (;;) {
    const low = rest & 127;
    rest >>= 7;
    if ((rest === 0 && (low & 64) === 0) || (rest === -1 && (low & 64) !== 0)) return [...bytes, low];
    bytes.push(low | 128);
  }
}

const sized = (bytes: Code): number[] => [...unsigned(bytes.length), ...bytes];
const vectorOf = (parts: readonly Code[]): number[] => [...unsigned(parts.length), ...parts.flat()];
const named = (name: string): number[] => sized([...Buffer.from(name)]);
const single = (x: number): number[] => [...new Uint8Array(Float32Array.of(x).buffer)];

const I32 = 0x7f;
const V128 = 0x7b;

export const get = (local: number): Code => [0x20, ...unsigned(local)];
export const set = (local: number, value: Code): Code => [...value, 0x21, ...unsigned(local)];
export const i32 = (n: number): Code => [0x41, ...signed(n)];
export const add = (a: Code, b: Code): Code => [...a, ...b, 0x6a];
export const sub = (a: Code, b: Code): Code => [...a, ...b, 0x6b];
export const times = (a: Code, b: Code): Code => [...a, ...b, 0x6c];
const isAtLeast = (a: Code, b: Code): Code => [...a, ...b, 0x4e];

/** Runs the body as long as local `left`, counted down by `by` before each round, does not fall below 0; it is left below 0. */
export const countDown = (left: number, by: number, body: Code): Code => [
  ...[0x02, 0x40, 0x03, 0x40],
  ...set(left, sub(get(left), i32(by))),
  ...isAtLeast(i32(-1), get(left)),
  ...[0x0d, 1],
  ...body,
  ...[0x0c, 0, 0x0b, 0x0b],
];

const simd = (op: number, ...operands: readonly Code[]): Code => [...operands.flat(), 0xfd, ...unsigned(op)];

/** Four singles side by side; addresses are bytes. */
export const f32x4 = {
  load: (address: Code, offset: number): Code => [...simd(0, address), 2, ...unsigned(offset)],
  loadSplat: (address: Code, offset: number): Code => [...simd(9, address), 2, ...unsigned(offset)],
  store: (address: Code, offset: number, value: Code): Code => [...simd(11, address, value), 2, ...unsigned(offset)],
  of: (x: number): Code => [...simd(12), ...single(x), ...single(x), ...single(x), ...single(x)],
  add: (a: Code, b: Code): Code => simd(0xe4, a, b),
  sub: (a: Code, b: Code): Code => simd(0xe5, a, b),
  mul: (a: Code, b: Code): Code => simd(0xe6, a, b),
  div: (a: Code, b: Code): Code => simd(0xe7, a, b),
  min: (a: Code, b: Code): Code => simd(0xe8, a, b),
  max: (a: Code, b: Code): Code => simd(0xe9, a, b),
  floor: (a: Code): Code => simd(0x68, a),
  /** Two to the power of four whole numbers from -126 to 127. */
  powerOfTwo: (n: Code): Code =>
    simd(0xab, simd(0xae, simd(0xf8, n), [...simd(12), ...Array(4).fill([127, 0, 0, 0]).flat()]), i32(23)),
} as const;

export interface WasmFunction {
  /** Exported under this name. */
  readonly name: string;
  /** All are i32, and nothing comes back. */
  readonly parameters: number;
  /** Locals after the parameters. */
  readonly integers: number;
  readonly vectors: number;
  readonly body: Code;
}

/** A module that imports its memory as `host.memory`. Source: WebAssembly core specification 2.0, 5.5. */
export function wasmModule(functions: readonly WasmFunction[]): Uint8Array<ArrayBuffer> {
  const section = (id: number, content: Code): number[] => [id, ...sized(content)];
  return Uint8Array.from([
    ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, vectorOf(functions.map(({ parameters }) => [0x60, ...vectorOf(Array(parameters).fill([I32])), 0]))),
    ...section(2, vectorOf([[...named('host'), ...named('memory'), 2, 0, 1]])),
    ...section(3, vectorOf(functions.map((_, i) => unsigned(i)))),
    ...section(7, vectorOf(functions.map(({ name }, i) => [...named(name), 0, ...unsigned(i)]))),
    ...section(
      10,
      vectorOf(
        functions.map(({ integers, vectors, body }) =>
          sized([
            ...vectorOf([
              [...unsigned(integers), I32],
              [...unsigned(vectors), V128],
            ]),
            ...body,
            0x0b,
          ]),
        ),
      ),
    ),
  ]);
}
