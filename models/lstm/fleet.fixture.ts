import { drawsOf } from './model.fixture.ts';
import type { LstmInputSpec, LstmSequence, LstmSequences } from './sequences.ts';

export const FLEET_INPUTS: readonly LstmInputSpec[] = [
  { name: 'memory_errors', transform: 'log1p', half_life_steps: 12, group: 0 },
  { name: 'temperature', transform: 'linear', half_life_steps: 12, group: 1 },
  { name: 'load', transform: 'linear', half_life_steps: 12, group: 1 },
];

/**
 * GPUs of which a third fails: half of those after errors that grow for 30 steps, the others after a temperature that climbs.
 * Single readings say little: errors come and go on healthy ones too, and the temperature follows the load. The label is 1 in the 30 steps
 * before a failure, and unknown in the last 5 of those that do not fail.
 */
export function plantedFleet(options: {
  readonly gpus: number;
  readonly steps: number;
  readonly seed: number;
}): LstmSequences {
  const width = FLEET_INPUTS.length;
  const sequence = (index: number): LstmSequence => {
    const draw = drawsOf(options.seed * 7_919 + index * 104_729);
    draw();
    const fails = index % 3 === 0;
    const is_memory = index % 2 === 0;
    const steps = fails ? Math.floor(options.steps * (0.6 + 0.4 * draw())) : options.steps;
    const inputs = new Float32Array(steps * width);
    const failure = new Float32Array(steps);
    const type = new Uint8Array(steps).fill(255);
    const steps_elapsed = new Float32Array(steps).fill(1);
    steps_elapsed[0] = 0;
    for (let t = 0; t < steps; t++) {
      const near = fails ? Math.max(0, 1 - (steps - t) / 30) : 0;
      const load = 0.5 + 0.5 * Math.sin(t / 20 + index);
      const heat = near > 0 && !is_memory ? 12 * near : 0;
      const errors = near > 0 && is_memory ? 4 * near : 0;
      inputs[t * width] = draw() < 0.4 ? Math.expm1(draw() * (1 + errors)) : Math.expm1(draw() * errors);
      inputs[t * width + 1] = 50 + 25 * load + heat + 6 * draw();
      inputs[t * width + 2] = load;
      for (let i = 0; i < width; i++) if (draw() < 0.1) inputs[t * width + i] = Number.NaN;
      if (t > 0 && draw() < 0.03) steps_elapsed[t] = 2;
      failure[t] = near > 0 ? 1 : !fails && t >= steps - 5 ? Number.NaN : 0;
      if (near > 0) type[t] = is_memory ? 0 : 1;
    }
    return { steps, inputs, steps_elapsed, failure, type };
  };
  const all = Array.from({ length: options.gpus }, (_, index) => sequence(index));
  return {
    input_width: width,
    count: options.gpus,
    steps: (index) => (all[index] as LstmSequence).steps,
    sequence: (index) => all[index] as LstmSequence,
  };
}

/** Share of pairs of a positive and a negative in which the positive scores higher; ties count half. */
export function areaUnderCurve(scores: ArrayLike<number>, labels: ArrayLike<number>): number {
  const order = Array.from(scores, (_, i) => i).sort((a, b) => (scores[a] as number) - (scores[b] as number));
  let ranks = 0;
  let positive = 0;
  for (let from = 0; from < order.length; ) {
    let to = from;
    while (to < order.length && scores[order[to] as number] === scores[order[from] as number]) to++;
    for (let i = from; i < to; i++) {
      if (labels[order[i] as number] !== 1) continue;
      ranks += (from + 1 + to) / 2;
      positive++;
    }
    from = to;
  }
  return (ranks - (positive * (positive + 1)) / 2) / (positive * (order.length - positive));
}
