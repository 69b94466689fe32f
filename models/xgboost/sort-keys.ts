import type { TreeModel } from './tree-model.ts';

/**
 * Integers that order like the f32 values they stand for, so that "go right" is one comparison of integers without a branch:
 * a missing value gets a key below or above all others, whichever way its node sends it.
 */
const MISSING_LEFT = -0x80000000;
const MISSING_RIGHT = 0x7ffffffe;
/** Above every key, missing ones included: where a leaf waits for the deeper ones. */
export const NEVER_RIGHT = 0x7fffffff;

const float = new Float32Array(1);
const bits = new Int32Array(float.buffer);

/** Key of a value that is not NaN; -0 has the key of 0. */
export function sortKey(value: number): number {
  if (value === 0) return 0;
  float[0] = value;
  const b = bits[0] as number;
  return b ^ ((b >> 31) & 0x7fffffff);
}

/** The keys of a row that a model asks for: one a feature and side that missing values go to. */
export interface KeyColumns {
  readonly count: number;
  /** Column of each numeric node of the model; 0 for leaves and categorical nodes. */
  readonly of_node: Int32Array;
  /** Writes the keys of `rows[from .. from + n)` to `keys[row * row_stride + column * column_stride]`. */
  fill(rows: Float32Array, from: number, n: number, keys: Int32Array, row_stride: number, column_stride: number): void;
}

export function createKeyColumns(model: TreeModel): KeyColumns {
  const { feature_count } = model;
  const columns = new Map<number, number>();
  const of_node = Int32Array.from(model.feature, (feature, node) => {
    if (feature < 0 || model.category_set[node] !== -1) return 0;
    const id = feature * 2 + (model.default_left[node] as number);
    const column = columns.get(id) ?? columns.size;
    columns.set(id, column);
    return column;
  });
  const ids = [...columns.keys()];
  const features = Int32Array.from(ids, (id) => id >> 1);
  const missing = Int32Array.from(ids, (id) => ((id & 1) === 1 ? MISSING_LEFT : MISSING_RIGHT));
  return {
    count: ids.length,
    of_node,
    fill(rows, from, n, keys, row_stride, column_stride) {
      const raw = new Int32Array(rows.buffer, rows.byteOffset, rows.length);
      for (let r = 0; r < n; r++) {
        const row = (from + r) * feature_count;
        let at = r * row_stride;
        for (let c = 0; c < features.length; c++) {
          const cell = row + (features[c] as number);
          const value = rows[cell] as number;
          if (value === 0) keys[at] = 0;
          else if (Number.isNaN(value)) keys[at] = missing[c] as number;
          else {
            const b = raw[cell] as number;
            keys[at] = b ^ ((b >> 31) & 0x7fffffff);
          }
          at += column_stride;
        }
      }
    },
  };
}
