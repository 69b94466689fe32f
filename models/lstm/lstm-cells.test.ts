import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createLstmCells, type LstmCells } from './lstm-cells.ts';
import { weightPlaces } from './lstm-model.ts';
import { drawsOf } from './model.fixture.ts';

interface GoldenCase {
  readonly input: string;
  readonly units: number;
  readonly opts: Readonly<Record<string, boolean>>;
  readonly expected_rows?: readonly number[];
  readonly expected?: readonly (readonly number[])[];
}

const GOLDEN = join(import.meta.dirname, '../../../shared/data/lstm/keras_lstm_golden.json');
const has_golden = existsSync(GOLDEN);
const golden = has_golden ? (JSON.parse(readFileSync(GOLDEN, 'utf8')) as { cases: GoldenCase[] }).cases : [];

const ENGINES = [
  { name: 'simd', option: {} },
  { name: 'plain', option: { engine: 'plain' as const } },
];

/** Kernel 0.01, recurrent kernel 0.02, bias 0.03, the forget gate's 1: what Keras makes of the setup of the golden values. */
function constantLayer(
  width: number,
  units: number,
  opts: GoldenCase['opts'],
  engine: { engine?: 'plain' },
): LstmCells {
  const { count, layers } = weightPlaces(width, 1, units);
  const weights = new Float32Array(count);
  for (const { kernel, recurrent, bias } of layers) {
    weights.fill(0.01, kernel, recurrent);
    weights.fill(0.02, recurrent, bias);
    if (opts.use_bias !== false) weights.fill(0.03, bias, bias + 4 * units);
    if (opts.use_bias !== false && opts.unit_forget_bias !== false) weights.fill(1, bias + units, bias + 2 * units);
  }
  return createLstmCells({ width, layers: 1, units, weights, ...engine });
}

/** What the layer shows after the last step, row by row. */
function lastShown(one: GoldenCase, engine: { engine?: 'plain' }): number[][] {
  const [rows, steps, width] = (/reshape\((\d+),(\d+),(\d+)\)/.exec(one.input) as RegExpExecArray)
    .slice(1)
    .map(Number) as [number, number, number];
  const { units, opts } = one;
  const cells = constantLayer(width, units, opts, engine);
  const { memory } = cells;
  const mask = [
    [1, 1, 1, 0],
    [1, 1, 0, 0],
  ];
  return Array.from({ length: rows }, (_, row) => {
    const shown = Array.from({ length: units }, (_, j) => (opts.initial_state ? row * units + j : 0));
    memory.set(shown, cells.cellAt(0, 0));
    for (let round = 0; round < (opts.stateful ? 2 : 1); round++) {
      for (let step = 0; step < steps; step++) {
        const t = opts.go_backwards ? steps - 1 - step : step;
        if (opts.mask && mask[row]?.[t] === 0) continue;
        for (let i = 0; i < width; i++) memory[cells.inputAt(0) + i] = (row * steps + t) * width + i;
        memory.set(shown, cells.hiddenAt(0, 0));
        cells.run(1);
        for (let j = 0; j < units; j++) shown[j] = memory[cells.shownAt(0, 0) + j] as number;
      }
    }
    memory.fill(0, cells.cellAt(0, 0), cells.cellAt(0, 0) + units);
    return shown;
  });
}

describe.each(ENGINES)('a layer, $name', ({ name, option }) => {
  it('runs where it should', () => {
    const cells = createLstmCells({ width: 1, layers: 1, units: 1, weights: new Float32Array(17 + 5), ...option });
    expect(cells.engine).toBe(name);
  });

  it.skipIf(!has_golden)('gives what Keras prints (needs ../shared/data)', () => {
    expect(golden.length).toBeGreaterThan(0);
    for (const one of golden) {
      const shown = lastShown(one, option);
      shown.forEach((row, r) => {
        row.forEach((x, j) => {
          const wanted = one.expected?.[r]?.[j] ?? one.expected_rows?.[r] ?? Number.NaN;
          expect(Math.abs(x - wanted), `${JSON.stringify(one)} row ${r}`).toBeLessThan(1e-5 * (1 + wanted));
        });
      });
    }
  });

  it('bends within a millionth of the true curves', () => {
    const weights = new Float32Array(weightPlaces(1, 1, 1).count);
    // The input alone moves the output gate; a closed forget gate and an open input gate leave tanh of a candidate.
    for (let x = -40; x <= 40; x += 0.37) {
      const { bias } = weightPlaces(1, 1, 1).layers[0] as { bias: number };
      weights.set([40, -40, x, -x], bias);
      const cells = createLstmCells({ width: 1, layers: 1, units: 1, weights, ...option });
      cells.run(1);
      const cell = cells.memory[cells.cellAt(0, 0)] as number;
      const shown = cells.memory[cells.shownAt(0, 0)] as number;
      expect(Math.abs(cell - Math.tanh(x))).toBeLessThan(1e-6);
      expect(Math.abs(shown - Math.tanh(Math.tanh(x)) / (1 + Math.exp(x)))).toBeLessThan(1e-6);
    }
  });
});

it.each([
  { width: 5, layers: 1, units: 3, rows: 1 },
  { width: 7, layers: 2, units: 12, rows: 6 },
  { width: 66, layers: 2, units: 128, rows: 64 },
  { width: 1, layers: 4, units: 2, rows: 5 },
])(
  'has the same bits with SIMD and without: $width to $layers x $units, $rows rows',
  ({ width, layers, units, rows }) => {
    const draw = drawsOf(units);
    const weights = Float32Array.from({ length: weightPlaces(width, layers, units).count }, () => draw() - 0.5);
    const [fast, plain] = [{}, { engine: 'plain' as const }].map((option) =>
      createLstmCells({ width, layers, units, weights, ...option }),
    ) as [LstmCells, LstmCells];
    for (let row = 0; row < rows; row++) {
      for (let i = 0; i < width; i++) {
        const x = 10 * draw() - 5;
        for (const cells of [fast, plain]) cells.memory[cells.inputAt(row) + i] = x;
      }
      for (let l = 0; l < layers; l++) {
        for (let j = 0; j < units; j++) {
          const [h, c] = [2 * draw() - 1, 4 * draw() - 2];
          for (const cells of [fast, plain]) {
            cells.memory[cells.hiddenAt(l, row) + j] = h;
            cells.memory[cells.cellAt(l, row) + j] = c;
          }
        }
      }
    }
    fast.run(rows);
    plain.run(rows);
    const [a, b] = [fast, plain].map(({ memory }) => Buffer.from(memory.slice().buffer)) as [Buffer, Buffer];
    expect(a.equals(b)).toBe(true);
    expect(fast.memory.some((x) => x !== 0)).toBe(true);
  },
);
