/** Steps down a gradient. */
export interface Adam {
  /** Changes the weights by one step; a gradient longer than `norm_max` is shortened to it first. */
  step(weights: Float32Array, gradient: Float32Array): void;
}

const FIRST_DECAY = 0.9;
const SECOND_DECAY = 0.999;
const EPSILON = 1e-7;

/**
 * State    8 B per weight.
 * Source   Kingma, Ba 2015 (Adam), algorithm 1; Pascanu et al. 2013 (the norm's bound, for recurrent networks).
 */
export function createAdam(options: {
  readonly count: number;
  readonly rate: number;
  readonly norm_max: number;
}): Adam {
  const means = new Float32Array(options.count);
  const squares = new Float32Array(options.count);
  let steps = 0;
  return {
    step(weights, gradient) {
      let sum = 0;
      for (const slope of gradient) sum += slope * slope;
      const scale = Math.min(1, options.norm_max / Math.max(Math.sqrt(sum), 1e-30));
      steps++;
      const rate = options.rate / (1 - FIRST_DECAY ** steps);
      const second = 1 / (1 - SECOND_DECAY ** steps);
      for (let i = 0; i < weights.length; i++) {
        const slope = (gradient[i] as number) * scale;
        const mean = FIRST_DECAY * (means[i] as number) + (1 - FIRST_DECAY) * slope;
        const square = SECOND_DECAY * (squares[i] as number) + (1 - SECOND_DECAY) * slope * slope;
        means[i] = mean;
        squares[i] = square;
        weights[i] = (weights[i] as number) - (rate * mean) / (Math.sqrt(square * second) + EPSILON);
      }
    },
  };
}
