import { VitalsError } from '../../pipeline/contract/errors.ts';

/** What JSON carries of an autoencoder. */
export interface AutoencoderData {
  /** Values of a row, units of each hidden layer, values of a row again. */
  readonly widths: readonly number[];
  /** Layer after layer: weights (inputs x units, row by row), then biases. Single precision, at most nine digits. */
  readonly weights: readonly number[];
}

/** Dense layers one after the other; all but the last bend by tanh. */
export interface Autoencoder {
  readonly widths: readonly number[];
  readonly weights: Float32Array;
  /** Scratch of `reconstructionErrors`: what enters each layer, and what leaves the last one. */
  readonly layers: readonly Float64Array[];
}

/** Numbers between the layers of these widths. */
export const weightCount = (widths: readonly number[]): number =>
  widths.slice(1).reduce((sum, units, l) => sum + ((widths[l] as number) + 1) * units, 0);

export const autoencoder = (widths: readonly number[], weights: Float32Array): Autoencoder => ({
  widths,
  weights,
  layers: widths.map((width) => new Float64Array(width)),
});

/** The autoencoder as JSON can carry it, bit for bit. */
export const autoencoderData = ({ widths, weights }: Autoencoder): AutoencoderData => ({
  widths: [...widths],
  weights: Array.from(weights, shortest),
});

/** The fewest digits that single precision reads back, which are nine. */
const shortest = (x: number): number => Number(x.toPrecision(9));

/** Back from JSON. Errors: GV-CLI-002 for what is no autoencoder; one that is taken gives numbers. */
export function readAutoencoder(data: AutoencoderData): Autoencoder {
  const { widths, weights } = data;
  if (!Array.isArray(widths) || !Array.isArray(weights)) throw refused('a list is missing');
  if (widths.length < 2 || !widths.every((width) => Number.isInteger(width) && width > 0)) {
    throw refused('a layer has no units');
  }
  if (widths[0] !== widths.at(-1)) throw refused('what leaves is not as wide as what enters');
  if (weights.length !== weightCount(widths)) {
    throw refused(`${weights.length} weights where ${weightCount(widths)} are needed`);
  }
  if (!weights.every((x) => Number.isFinite(x))) throw refused('a weight is no number');
  return autoencoder([...widths], Float32Array.from(weights));
}

/**
 * What a row shows less what the autoencoder makes of it, per value; NaN where the row's value is no finite number. Such
 * values enter as 0, so rows are to be centred.
 * Cost     a multiplication per weight: some 2.2 us for 34-16-6-16-34; nothing is allocated.
 */
export function reconstructionErrors(model: Autoencoder, row: ArrayLike<number>, errors: Float64Array): Float64Array {
  const { widths, weights, layers } = model;
  const entering = layers[0] as Float64Array;
  for (let i = 0; i < entering.length; i++) {
    const x = row[i] as number;
    // NaN and the infinities alike.
    entering[i] = x - x === 0 ? x : 0;
  }
  let at = 0;
  for (let l = 1; l < widths.length; l++) {
    const from = layers[l - 1] as Float64Array;
    const to = layers[l] as Float64Array;
    const units = to.length;
    const biases = at + from.length * units;
    for (let j = 0; j < units; j++) to[j] = weights[biases + j] as number;
    for (let i = 0; i < from.length; i++) {
      const x = from[i] as number;
      for (let j = 0; j < units; j++) to[j] = (to[j] as number) + x * (weights[at + j] as number);
      at += units;
    }
    at += units;
    if (l < widths.length - 1) for (let j = 0; j < units; j++) to[j] = Math.tanh(to[j] as number);
  }
  const leaving = layers[widths.length - 1] as Float64Array;
  for (let i = 0; i < errors.length; i++) {
    const x = row[i] as number;
    errors[i] = x - x === 0 ? x - (leaving[i] as number) : Number.NaN;
  }
  return errors;
}

/** Root of the mean square of the errors that are known; 0 where none is. */
export function rootMeanSquare(errors: ArrayLike<number>): number {
  let sum = 0;
  let known = 0;
  for (let i = 0; i < errors.length; i++) {
    const error = errors[i] as number;
    if (Number.isNaN(error)) continue;
    sum += error * error;
    known++;
  }
  return known === 0 ? 0 : Math.sqrt(sum / known);
}

const refused = (what: string): VitalsError => new VitalsError('GV-CLI-002', `This is no autoencoder: ${what}`, '');
