/** How one raw input becomes numbers for the network. */
export interface LstmInput {
  readonly name: string;
  /** log1p: of the magnitude, the sign kept; for counts and rates with a long tail. */
  readonly transform: 'linear' | 'log1p';
  /** Of the transformed value. */
  readonly mean: number;
  readonly std: number;
  /** Steps after which a value that is not seen again counts half. */
  readonly half_life_steps: number;
  /** Inputs that come and go together share a group, 0, 1, 2 ...; a group has one channel: the share of them that is there. */
  readonly group: number;
}

export interface LstmShape {
  readonly inputs: readonly LstmInput[];
  readonly layers: number;
  /** Of each layer. */
  readonly units: number;
  /** Missed steps after which what the cells remember counts half. */
  readonly state_half_life_steps: number;
}

/** A recurrent network with two heads, as it is in memory. */
export interface LstmModel extends LstmShape {
  /** Of the failure's log-odds, which are divided by it. */
  readonly temperature: number;
  /** As `weightPlaces` says. */
  readonly weights: Float32Array;
}

/** Log-odds of a failure, then one value per type: memory, thermal, power, other. */
export const HEAD_WIDTH = 5;

/** Channels beside values and masks: steps since the last one, steps seen so far. */
const CLOCK_CHANNELS = 2;

export const groupCount = (inputs: readonly LstmInput[]): number =>
  inputs.reduce((most, { group }) => Math.max(most, group + 1), 0);

/** Numbers that enter the first layer: a value per input, a mask per group, two clocks. */
export const networkWidth = (inputs: readonly LstmInput[]): number =>
  inputs.length + groupCount(inputs) + CLOCK_CHANNELS;

/** Where the weights of a layer begin. Gates lie side by side: input, forget, candidate, output. */
export interface LayerPlaces {
  readonly inputs: number;
  /** inputs x 4 units, row by row. */
  readonly kernel: number;
  /** units x 4 units. */
  readonly recurrent: number;
  /** 4 units. */
  readonly bias: number;
}

export interface WeightPlaces {
  readonly layers: readonly LayerPlaces[];
  /** units x 5. */
  readonly head: number;
  readonly head_bias: number;
  readonly count: number;
}

/** Where each weight lies in the flat list of a network that takes `width` numbers. */
export function weightPlaces(width: number, layers: number, units: number): WeightPlaces {
  let at = 0;
  const take = (count: number): number => {
    at += count;
    return at - count;
  };
  const places = Array.from({ length: layers }, (_, l) => {
    const inputs = l === 0 ? width : units;
    return {
      inputs,
      kernel: take(inputs * 4 * units),
      recurrent: take(units * 4 * units),
      bias: take(4 * units),
    };
  });
  return { layers: places, head: take(units * HEAD_WIDTH), head_bias: take(HEAD_WIDTH), count: at };
}

export const placesOf = (shape: LstmShape): WeightPlaces =>
  weightPlaces(networkWidth(shape.inputs), shape.layers, shape.units);
