import { treeDraws } from '../isolation-forest/tree-draws.ts';

/** Features that a tree, a level of it and a node may use: each a part of the one above. */
export interface ColumnSample {
  /** Of the whole tree, rising. */
  readonly tree: Uint32Array;
  /** Of a node, rising; `path` tells nodes of a level apart. */
  of(depth: number, path: number): Uint32Array;
}

export interface ColumnShares {
  readonly colsample_bytree: number;
  readonly colsample_bylevel: number;
  readonly colsample_bynode: number;
}

/** Which rows a tree learns from: each by a coin of its own. A function of the seed and the tree's number. */
export function sampleRows(rows: number, share: number, seed: number, tree: number): Uint32Array {
  const draw = treeDraws(seed, tree);
  const drawn = new Uint32Array(rows);
  let count = 0;
  for (let row = 0; row < rows; row++) if (draw() < share) drawn[count++] = row;
  return drawn.slice(0, count);
}

/** A function of seed, tree, level and path alone, so that nodes may be grown in any order. */
export function sampleColumns(columns: number, shares: ColumnShares, seed: number, tree: number): ColumnSample {
  const all = Uint32Array.from({ length: columns }, (_, column) => column);
  const base = mix(mix(seed, 0x51ed), tree);
  const of_tree = pickColumns(all, shares.colsample_bytree, base);
  const of_level: Uint32Array[] = [];
  return {
    tree: of_tree,
    of(depth, path) {
      let level = of_level[depth];
      if (level === undefined) {
        level = pickColumns(of_tree, shares.colsample_bylevel, mix(base, depth + 1));
        of_level[depth] = level;
      }
      return pickColumns(level, shares.colsample_bynode, mix(base, path));
    },
  };
}

/** Tells the children of a node apart for good. */
export const childPath = (path: number, side: 0 | 1): number => mix(path, 0x9e37 + side);

export const ROOT_PATH = 0x2545f491;

function pickColumns(from: Uint32Array, share: number, seed: number): Uint32Array {
  const count = Math.max(1, Math.floor(share * from.length));
  if (count === from.length) return from;
  const draw = treeDraws(seed, 0);
  const left = from.slice();
  for (let i = 0; i < count; i++) {
    const at = i + Math.floor(draw() * (left.length - i));
    const picked = left[at] as number;
    left[at] = left[i] as number;
    left[i] = picked;
  }
  return left.slice(0, count).sort();
}

function mix(a: number, b: number): number {
  let hash = Math.imul(a ^ Math.imul(b, 0x9e3779b1), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 15), 0xc2b2ae35);
  return hash ^ (hash >>> 13);
}
