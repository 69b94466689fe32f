import { expect, it } from 'vitest';
import { simdEngine } from './simd-engine.ts';
import { add, type Code, countDown, f32x4, get, i32, set, sub, times, wasmModule } from './wasm-assembler.ts';

interface Host {
  readonly Memory: new (descriptor: { initial: number }) => { readonly buffer: ArrayBuffer };
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (
    module: object,
    imports: object,
  ) => { readonly exports: { readonly run: (n: number) => void } };
}

/** Runs a body with one parameter, two more integers and two vectors; its memory as singles. */
function ran(body: Code, parameter = 0): Float32Array {
  const { Memory, Module, Instance } = (globalThis as unknown as { WebAssembly: Host }).WebAssembly;
  const memory = new Memory({ initial: 2 });
  const bytes = wasmModule([{ name: 'run', parameters: 1, integers: 2, vectors: 2, body }]);
  new Instance(new Module(bytes), { host: { memory } }).exports.run(parameter);
  return new Float32Array(memory.buffer);
}

it.each([0, 4, 60, 64, 124, 128, 8_188, 8_192, 16_384, 65_536, 131_056])(
  'reaches address %i, as it is and as an offset',
  (at) => {
    expect(ran(f32x4.store(i32(at), 0, f32x4.of(7)))[at / 4]).toBe(7);
    expect(ran(f32x4.store(i32(0), at, f32x4.of(7)))[at / 4]).toBe(7);
    expect(ran(f32x4.store(sub(i32(at), i32(0)), 0, f32x4.of(7)))[at / 4]).toBe(7);
    expect(ran(f32x4.store(add(i32(at + 70_000), i32(-70_000)), 0, f32x4.of(7)))[at / 4]).toBe(7);
    expect(ran(f32x4.store(times(get(0), i32(4)), 0, f32x4.of(7)), at / 4)[at / 4]).toBe(7);
  },
);

it.each([
  { count: 0, by: 1, rounds: 0 },
  { count: 1, by: 1, rounds: 1 },
  { count: 9, by: 1, rounds: 9 },
  { count: 12, by: 4, rounds: 3 },
  { count: 3, by: 4, rounds: 0 },
])('counts $count down by $by in $rounds rounds', ({ count, by, rounds }) => {
  const counting = [
    ...set(1, i32(0)),
    ...countDown(0, by, set(1, add(get(1), i32(16)))),
    ...f32x4.store(get(1), 0, f32x4.of(1)),
  ];
  expect(ran(counting, count).indexOf(1)).toBe(rounds * 4);
});

it.each([
  ['add', f32x4.add(f32x4.of(3), f32x4.of(0.5)), 3.5],
  ['sub', f32x4.sub(f32x4.of(3), f32x4.of(0.5)), 2.5],
  ['mul', f32x4.mul(f32x4.of(3), f32x4.of(0.5)), 1.5],
  ['div', f32x4.div(f32x4.of(3), f32x4.of(0.5)), 6],
  ['min', f32x4.min(f32x4.of(3), f32x4.of(0.5)), 0.5],
  ['max', f32x4.max(f32x4.of(3), f32x4.of(0.5)), 3],
  ['floor', f32x4.floor(f32x4.of(-2.5)), -3],
  ['power of two', f32x4.powerOfTwo(f32x4.of(-43)), 2 ** -43],
  ['power of two', f32x4.powerOfTwo(f32x4.of(44)), 2 ** 44],
] as const)('%s', (_, code, wanted) => {
  expect([...ran(f32x4.store(i32(0), 0, code)).subarray(0, 5)]).toEqual([wanted, wanted, wanted, wanted, 0]);
});

it('loads one number four times', () => {
  const code = [...f32x4.store(i32(32), 0, f32x4.of(5)), ...f32x4.store(i32(64), 0, f32x4.loadSplat(i32(40), 4))];
  expect([...ran(code).subarray(15, 21)]).toEqual([0, 5, 5, 5, 5, 0]);
});

it('does without where the host has no WebAssembly', () => {
  const host = globalThis as { WebAssembly?: unknown };
  const kept = host.WebAssembly;
  try {
    host.WebAssembly = undefined;
    expect(simdEngine(100)).toBeNull();
    host.WebAssembly = { validate: () => false };
    expect(simdEngine(100)).toBeNull();
  } finally {
    host.WebAssembly = kept;
  }
  expect(simdEngine(100)?.kind).toBe('simd');
});
