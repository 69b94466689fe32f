import { BEND_MAX, type CellEngine, EXP_FACTORS, LN2_HIGH, LN2_LOW, LOG2_E, PANEL } from './cell-engine.ts';
import {
  add,
  type Code,
  countDown,
  f32x4,
  get,
  i32,
  set,
  times,
  type WasmFunction,
  wasmModule,
} from './wasm-assembler.ts';

/** What we use of the host's WebAssembly; the types of Node leave it out. */
interface WebAssemblyHost {
  validate(bytes: Uint8Array<ArrayBuffer>): boolean;
  readonly Memory: new (descriptor: { initial: number }) => { readonly buffer: ArrayBuffer };
  readonly Module: new (bytes: Uint8Array<ArrayBuffer>) => object;
  readonly Instance: new (
    module: object,
    imports: Record<string, Record<string, unknown>>,
  ) => { readonly exports: Record<string, (...operands: number[]) => void> };
}

const PAGE_BYTES = 65_536;

/**
 * The engine in WebAssembly with 128-bit SIMD; null where the host has none. Products are summed in the order of the inputs, never
 * fused, each row by itself, so that bits do not depend on the machine or on the rows beside it.
 * Cost     some 15 us for a step of 2 x 128 in blocks of 64 rows; 4 B of memory per number, whole pages of 64 KiB.
 */
export function simdEngine(memory_length: number): CellEngine | null {
  const host = (globalThis as unknown as { WebAssembly?: WebAssemblyHost }).WebAssembly;
  if (!host) return null;
  const bytes = wasmModule([affineOf('affine_4', 4), affineOf('affine_1', 1), GATES]);
  if (!host.validate(bytes)) return null;
  const memory = new host.Memory({ initial: Math.max(1, Math.ceil((memory_length * 4) / PAGE_BYTES)) });
  const { exports } = new host.Instance(new host.Module(bytes), { host: { memory } });
  const { affine_4, affine_1, gates } = exports as Record<'affine_4' | 'affine_1' | 'gates', (...n: number[]) => void>;
  return {
    kind: 'simd',
    memory: new Float32Array(memory.buffer, 0, memory_length),
    affine({ from, from_stride, inputs, weights, panels, to, to_stride, rows }) {
      const whole = rows - (rows % 4);
      if (whole > 0) {
        affine_4(from * 4, from_stride * 4, inputs, weights * 4, panels, to * 4, to_stride * 4, whole);
      }
      if (whole < rows) {
        const [rest_from, rest_to] = [from + whole * from_stride, to + whole * to_stride];
        affine_1(rest_from * 4, from_stride * 4, inputs, weights * 4, panels, rest_to * 4, to_stride * 4, rows - whole);
      }
    },
    gates({ sums, cells, to, to_stride, units, rows }) {
      gates(sums * 4, cells * 4, to * 4, to_stride * 4, units, rows);
    },
  };
}

/** A panel stays near while all rows, `rows` at a time, go past it. */
function affineOf(name: string, rows: 4 | 1): WasmFunction {
  const [FROM, FROM_STRIDE, INPUTS, WEIGHTS, PANELS, TO, TO_STRIDE, ROWS] = [0, 1, 2, 3, 4, 5, 6, 7];
  const [LEFT, ROW, OUT, WEIGHT, ROWS_LEFT, X] = [8, 9, 10, 11, 12, 13];
  const integers = 5 + rows;
  const first_vector = 8 + integers;
  const sum = (row: number, half: number): number => first_vector + row * 2 + half;
  const weight = (half: number): number => first_vector + rows * 2 + half;
  const entered = first_vector + rows * 2 + 2;
  const each = Array.from({ length: rows }, (_, row) => row);

  const product = (i: number): Code => [
    ...set(weight(0), f32x4.load(get(WEIGHT), i * PANEL * 4)),
    ...set(weight(1), f32x4.load(get(WEIGHT), i * PANEL * 4 + 16)),
    ...each.flatMap((row) => [
      ...set(entered, f32x4.loadSplat(get(X + row), i * 4)),
      ...set(sum(row, 0), f32x4.add(get(sum(row, 0)), f32x4.mul(get(entered), get(weight(0))))),
      ...set(sum(row, 1), f32x4.add(get(sum(row, 1)), f32x4.mul(get(entered), get(weight(1))))),
    ]),
  ];
  const block: Code = [
    ...set(WEIGHT, get(WEIGHTS)),
    ...each.flatMap((row) => [
      ...set(X + row, row === 0 ? get(ROW) : add(get(X + row - 1), get(FROM_STRIDE))),
      ...set(sum(row, 0), f32x4.load(get(WEIGHT), 0)),
      ...set(sum(row, 1), f32x4.load(get(WEIGHT), 16)),
    ]),
    ...set(WEIGHT, add(get(WEIGHT), i32(PANEL * 4))),
    ...set(LEFT, get(INPUTS)),
    ...countDown(LEFT, 4, [
      ...[0, 1, 2, 3].flatMap(product),
      ...set(WEIGHT, add(get(WEIGHT), i32(4 * PANEL * 4))),
      ...each.flatMap((row) => set(X + row, add(get(X + row), i32(16)))),
    ]),
    ...each.flatMap((row) => [
      ...f32x4.store(get(OUT), 0, get(sum(row, 0))),
      ...f32x4.store(get(OUT), 16, get(sum(row, 1))),
      ...set(OUT, add(get(OUT), get(TO_STRIDE))),
    ]),
    ...set(ROW, add(get(ROW), times(get(FROM_STRIDE), i32(rows)))),
  ];
  return {
    name,
    parameters: 8,
    integers,
    vectors: rows * 2 + 3,
    body: countDown(PANELS, 1, [
      ...set(ROW, get(FROM)),
      ...set(OUT, get(TO)),
      ...set(ROWS_LEFT, get(ROWS)),
      ...countDown(ROWS_LEFT, rows, block),
      // The loop leaves these behind the last input of the panel.
      ...set(WEIGHTS, get(WEIGHT)),
      ...set(TO, add(get(TO), i32(PANEL * 4))),
    ]),
  };
}

/** 1 / (1 + e^-x), operation by operation as in plain-engine.ts. */
function sigmoidOf(x: Code, [y, n, r]: readonly [number, number, number]): Code {
  const exp = EXP_FACTORS.slice(1).reduce<Code>(
    (p, factor) => f32x4.add(f32x4.mul(p, get(r)), f32x4.of(factor)),
    f32x4.of(EXP_FACTORS[0] as number),
  );
  const clipped = f32x4.max(f32x4.of(-BEND_MAX), f32x4.min(f32x4.of(BEND_MAX), x));
  const high = f32x4.mul(get(n), f32x4.of(LN2_HIGH));
  const low = f32x4.mul(get(n), f32x4.of(LN2_LOW));
  return [
    ...set(y, f32x4.mul(clipped, f32x4.of(-1))),
    ...set(n, f32x4.floor(f32x4.add(f32x4.mul(get(y), f32x4.of(LOG2_E)), f32x4.of(0.5)))),
    ...set(r, f32x4.sub(f32x4.sub(get(y), high), low)),
    ...f32x4.div(f32x4.of(1), f32x4.add(f32x4.of(1), f32x4.mul(exp, f32x4.powerOfTwo(get(n))))),
  ];
}

const GATES: WasmFunction = (() => {
  const [SUMS, CELLS, TO, TO_STRIDE, UNITS, ROWS] = [0, 1, 2, 3, 4, 5];
  const [LEFT, OUT, ACROSS, SUM_2, SUM_3] = [6, 7, 8, 9, 10];
  const [opened, kept, offered, cell, y, n, r] = [11, 12, 13, 14, 15, 16, 17];
  const sigmoid = (x: Code): Code => sigmoidOf(x, [y, n, r]);
  const tanh = (x: Code): Code => f32x4.sub(f32x4.mul(f32x4.of(2), sigmoid(f32x4.mul(f32x4.of(2), x))), f32x4.of(1));
  const four: Code = [
    ...set(SUM_2, add(get(SUMS), times(get(ACROSS), i32(2)))),
    ...set(SUM_3, add(get(SUM_2), get(ACROSS))),
    ...set(opened, sigmoid(f32x4.load(get(SUMS), 0))),
    ...set(kept, sigmoid(f32x4.load(add(get(SUMS), get(ACROSS)), 0))),
    ...set(offered, tanh(f32x4.load(get(SUM_2), 0))),
    ...set(cell, f32x4.add(f32x4.mul(get(kept), f32x4.load(get(CELLS), 0)), f32x4.mul(get(opened), get(offered)))),
    ...f32x4.store(get(CELLS), 0, get(cell)),
    ...set(opened, sigmoid(f32x4.load(get(SUM_3), 0))),
    ...f32x4.store(get(OUT), 0, f32x4.mul(get(opened), tanh(get(cell)))),
    ...[SUMS, CELLS, OUT].flatMap((place) => set(place, add(get(place), i32(16)))),
  ];
  return {
    name: 'gates',
    parameters: 6,
    integers: 5,
    vectors: 7,
    body: [
      ...set(ACROSS, times(get(UNITS), i32(4))),
      ...countDown(ROWS, 1, [
        ...set(OUT, get(TO)),
        ...set(LEFT, get(UNITS)),
        ...countDown(LEFT, 4, four),
        ...set(SUMS, add(get(SUMS), times(get(ACROSS), i32(3)))),
        ...set(TO, add(get(TO), get(TO_STRIDE))),
      ]),
    ],
  };
})();
