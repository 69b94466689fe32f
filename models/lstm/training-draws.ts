import { treeDraws } from '../isolation-forest/tree-draws.ts';

/** A new list in another order. Source: Fisher, Yates; Durstenfeld 1964. */
export function shuffled<T>(list: readonly T[], draw: () => number): T[] {
  const order = [...list];
  for (let i = order.length - 1; i > 0; i--) {
    const j = Math.floor(draw() * (i + 1));
    [order[i], order[j]] = [order[j] as T, order[i] as T];
  }
  return order;
}

/** What each unit is multiplied by on its way up: 0 for a share of them, for the others what makes up for it. Two to a draw. */
export function drawDropout(options: {
  readonly dropout: number;
  readonly seed: number;
  /** Of the training, counted from 1. */
  readonly window: number;
  readonly layers: number;
  readonly count: number;
}): Float32Array[] {
  const limit = Math.round(options.dropout * 65_536);
  const rest = 65_536 / (65_536 - limit);
  const draw = treeDraws(options.seed, -options.window);
  return Array.from({ length: options.layers }, () => {
    const factors = new Float32Array(options.count);
    for (let i = 0; i < factors.length; i += 2) {
      const drawn = draw() * 4_294_967_296;
      if (drawn >>> 16 >= limit) factors[i] = rest;
      if (i + 1 < factors.length && (drawn & 65_535) >= limit) factors[i + 1] = rest;
    }
    return factors;
  });
}
