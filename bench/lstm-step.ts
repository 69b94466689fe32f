import { type LstmModel, placesOf } from '../models/lstm/lstm-model.ts';
import { createLstmStepper } from '../models/lstm/stepper.ts';
import { LSTM_TRAINING_DEFAULTS, type LstmTrainingOptions, trainLstm } from '../models/lstm/train-lstm.ts';
import { draw, draws } from './fleet/random.ts';

/** What the recurrent network costs on one core, in CPU time. */
export interface LstmStepFigures {
  /** One step of one GPU, by how many step together. */
  readonly step_us: Readonly<Record<number, number>>;
  /** A whole fleet of 100,000. */
  readonly fleet_s: number;
  /** Without WebAssembly. */
  readonly plain_step_us: number;
  readonly state_bytes_per_gpu: number;
  /** Forth and back, in training with TensorFlow.js. */
  readonly training_steps_per_s: number;
}

const INPUTS = 32;
const FLEET = 100_000;

const usedSince = (start: NodeJS.CpuUsage): number => {
  const { user, system } = process.cpuUsage(start);
  return user + system;
};

/** 2 layers with weights as small as training makes them. */
function drawnModel(units: number): LstmModel {
  const shape = {
    inputs: Array.from({ length: INPUTS }, (_, i) => ({
      name: `input_${i}`,
      transform: i % 2 === 0 ? ('linear' as const) : ('log1p' as const),
      mean: 0.5,
      std: 1,
      half_life_steps: 144,
      group: i,
    })),
    layers: 2,
    units,
    state_half_life_steps: 1_008,
  };
  const from = draws(3);
  const weights = Float32Array.from({ length: placesOf(shape).count }, () => (draw(from) - 0.5) / 5);
  return { ...shape, temperature: 1, weights };
}

/** CPU time of one GPU's step, `count` together, in rounds of up to a thousand GPUs for some seconds; a tenth of readings missing. */
function stepCost(seconds: number, count: number, gpus: number, stepper: ReturnType<typeof createLstmStepper>): number {
  const from = draws(5);
  const raw = Float32Array.from({ length: gpus * INPUTS }, () => (draw(from) < 0.1 ? Number.NaN : 3 * draw(from)));
  const elapsed = new Float32Array(gpus).fill(1);
  const states = new Float32Array(gpus * stepper.state_width);
  const out = new Float32Array(gpus * stepper.output_width);
  const round = (): void => {
    for (let first = 0; first + count <= gpus; first += count) {
      stepper.step(
        count,
        raw.subarray(first * INPUTS),
        elapsed.subarray(first),
        states.subarray(first * stepper.state_width),
        out.subarray(first * stepper.output_width),
      );
    }
  };
  round();
  const start = process.cpuUsage();
  let rounds = 0;
  let used_us = 0;
  while (used_us < seconds * 1e6) {
    round();
    rounds++;
    used_us = usedSince(start);
  }
  return used_us / (rounds * Math.floor(gpus / count) * count);
}

/** Steps of GPUs learned from in a second of CPU time; the first window, in which all is loaded, does not count. */
async function trainingRate(options: LstmTrainingOptions, windows: number): Promise<number> {
  const steps = options.window_steps * (windows + 1);
  const from = draws(9);
  const inputs = Float32Array.from({ length: steps * INPUTS }, () => draw(from));
  const sequence = (index: number) => ({
    steps,
    inputs,
    steps_elapsed: new Float32Array(steps).fill(1),
    failure: new Float32Array(steps).fill(index % 4 === 0 ? 1 : 0),
    type: new Uint8Array(steps),
  });
  let start = process.cpuUsage();
  await trainLstm({
    inputs: drawnModel(4).inputs.map(({ mean: _, std: __, ...spec }) => spec),
    sequences: { input_width: INPUTS, count: options.lanes, steps: () => steps, sequence },
    options: { ...options, epochs: 1 },
    on_progress({ batch }) {
      if (batch === 1) start = process.cpuUsage();
    },
  });
  return (windows * options.window_steps * options.lanes * 1e6) / usedSince(start);
}

export async function benchLstmStep(options: {
  readonly seconds: number;
  readonly units: number;
  readonly lanes: number;
  readonly windows: number;
}): Promise<LstmStepFigures> {
  const { seconds, units, lanes, windows } = options;
  const model = drawnModel(units);
  const stepper = createLstmStepper(model);
  const cost = (count: number) => Math.round(stepCost(seconds, count, 1_000, stepper) * 10) / 10;
  const step_us = Object.fromEntries([1, 8, 64, 1_000].map((count) => [count, cost(count)]));
  const plain = createLstmStepper(model, { engine: 'plain' });
  // More states than the processor keeps near, as with a fleet.
  const fleet_us = stepCost(seconds, 64 * 16, 64 * 16 * 10, stepper);
  return {
    step_us,
    fleet_s: Math.round(fleet_us * FLEET * 1e-6 * 100) / 100,
    plain_step_us: Math.round(stepCost(seconds, 64, 64, plain) * 10) / 10,
    state_bytes_per_gpu: stepper.state_width * 4,
    training_steps_per_s: Math.round(
      await trainingRate({ ...LSTM_TRAINING_DEFAULTS, units, lanes, backend: 'wasm' }, windows),
    ),
  };
}
