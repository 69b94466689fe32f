import { type CellEngine, PANEL } from './cell-engine.ts';
import { HEAD_WIDTH, weightPlaces } from './lstm-model.ts';
import { plainEngine } from './plain-engine.ts';
import { simdEngine } from './simd-engine.ts';

/** Rows that go through the layers together. */
export const BLOCK_ROWS = 64;

export interface LstmCellsOptions {
  /** Numbers that enter the first layer. */
  readonly width: number;
  readonly layers: number;
  readonly units: number;
  /** As `weightPlaces` says; copied. */
  readonly weights: Float32Array;
  /** plain = without WebAssembly, with the same bits. */
  readonly engine?: 'plain';
}

/** The layers and heads alone, over up to 64 rows that lie in its own memory. */
export interface LstmCells {
  readonly engine: CellEngine['kind'];
  /** Where everything lies; never grows. */
  readonly memory: Float32Array;
  /** What enters row r, in `memory`. */
  inputAt(row: number): number;
  /** What layer l showed last (`units`, changed by `run`). */
  hiddenAt(layer: number, row: number): number;
  /** Where `run` leaves what layer l shows now. */
  shownAt(layer: number, row: number): number;
  /** What the cells of layer l remember, changed in place. */
  cellAt(layer: number, row: number): number;
  /** Five sums of the heads. */
  headAt(row: number): number;
  /** One step of the first `rows` rows. */
  run(rows: number): void;
}

const fours = (n: number): number => Math.ceil(n / 4) * 4;

/**
 * Lays the weights out for the engine, each matrix in panels of eight columns, units and inputs filled up to multiples of 4 with
 * zeros that stay zeros.
 * State    for 2 x 128 and 66 inputs 0.9 MB of weights, 0.4 MB for the rows.
 */
export function createLstmCells(options: LstmCellsOptions): LstmCells {
  const { width, layers, units, weights } = options;
  const places = weightPlaces(width, layers, units);
  const wide = fours(units);
  let length = 0;
  const take = (count: number): number => {
    length += fours(count);
    return length - fours(count);
  };
  const laid = places.layers.map((layer) => {
    const before = fours(layer.inputs);
    const stride = before + wide;
    const panels = (4 * wide) / PANEL;
    return {
      ...layer,
      before,
      stride,
      panels,
      packed: take(panels * PANEL * (stride + 1)),
      entering: take(BLOCK_ROWS * stride),
      cells: take(BLOCK_ROWS * wide),
    };
  });
  const head_packed = take(PANEL * (wide + 1));
  const sums = take(BLOCK_ROWS * 4 * wide);
  const top = take(BLOCK_ROWS * wide);
  const head = take(BLOCK_ROWS * PANEL);
  const engine = (options.engine === 'plain' ? null : simdEngine(length)) ?? plainEngine(length);
  const { memory } = engine;

  for (const { inputs, kernel, recurrent, bias, before, stride, packed } of laid) {
    for (let gate = 0; gate < 4; gate++) {
      for (let unit = 0; unit < units; unit++) {
        const from = gate * units + unit;
        const column = gate * wide + unit;
        const at = packed + Math.floor(column / PANEL) * PANEL * (stride + 1) + (column % PANEL);
        memory[at] = weights[bias + from] as number;
        for (let i = 0; i < inputs; i++)
          memory[at + (1 + i) * PANEL] = weights[kernel + i * 4 * units + from] as number;
        for (let i = 0; i < units; i++) {
          memory[at + (1 + before + i) * PANEL] = weights[recurrent + i * 4 * units + from] as number;
        }
      }
    }
  }
  for (let column = 0; column < HEAD_WIDTH; column++) {
    memory[head_packed + column] = weights[places.head_bias + column] as number;
    for (let i = 0; i < units; i++) {
      memory[head_packed + (1 + i) * PANEL + column] = weights[places.head + i * HEAD_WIDTH + column] as number;
    }
  }

  const layerAt = (l: number) => laid[l] as (typeof laid)[number];
  const shown = laid.map((_, l) =>
    l + 1 < layers ? { to: layerAt(l + 1).entering, to_stride: layerAt(l + 1).stride } : { to: top, to_stride: wide },
  );
  const shownOf = (l: number) => shown[l] as (typeof shown)[number];
  return {
    engine: engine.kind,
    memory,
    inputAt: (row) => layerAt(0).entering + row * layerAt(0).stride,
    hiddenAt: (l, row) => layerAt(l).entering + row * layerAt(l).stride + layerAt(l).before,
    shownAt: (l, row) => shownOf(l).to + row * shownOf(l).to_stride,
    cellAt: (l, row) => layerAt(l).cells + row * wide,
    headAt: (row) => head + row * PANEL,
    run(rows) {
      for (let l = 0; l < layers; l++) {
        const { entering, stride, packed, panels, cells } = layerAt(l);
        engine.affine({
          from: entering,
          from_stride: stride,
          inputs: stride,
          weights: packed,
          panels,
          to: sums,
          to_stride: 4 * wide,
          rows,
        });
        engine.gates({ sums, cells, ...shownOf(l), units: wide, rows });
      }
      engine.affine({
        from: top,
        from_stride: wide,
        inputs: wide,
        weights: head_packed,
        panels: 1,
        to: head,
        to_stride: PANEL,
        rows,
      });
    },
  };
}
