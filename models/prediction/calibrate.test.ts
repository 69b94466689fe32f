import { describe, expect, it } from 'vitest';
import { draw, draws } from '../../bench/fleet/random.ts';
import { HORIZONS_DAYS } from '../../pipeline/contract/predictions.ts';
import { boostingParams } from '../boosting/boosting-params.ts';
import { trainBoosting } from '../boosting/train.ts';
import { COMPONENTS, type PredictionBundle } from './bundle.ts';
import { calibrate, type ScoredLandmarks } from './calibrate.ts';
import { combinedProbabilities } from './ensemble.ts';
import { importTrees } from './import-trees.ts';
import { NO_TYPE } from './landmarks.ts';

const WIDTH = COMPONENTS.length;
const ROW = HORIZONS_DAYS.length * WIDTH;
const GPUS = 100;
const DAYS = 40;
/** Of those that fail: so their first 15 days are more than a month before. */
const FAILS_ON_DAY = 45;

const trees = trainBoosting({
  data: {
    values: Float32Array.from({ length: 40 }, (_, row) => row),
    rows: 40,
    features: ['gpu_temp_max'],
    labels: Float32Array.from({ length: 40 }, (_, row) => Number(row > 30)),
  },
  params: boostingParams.parse({ num_boost_round: 1 }),
}).document;
const uncombined: PredictionBundle = importTrees(JSON.parse(JSON.stringify(trees)), {
  trained_on: 'real',
  where: 'test',
});

/** A fleet watched for long, of whose boards so many fail, and trees that take everybody for likely to: the ill ones more. */
function scored(failing: number): ScoredLandmarks {
  const from = draws(11);
  const rows = GPUS * DAYS;
  const inputs = new Float64Array(rows * ROW).fill(Number.NaN);
  const failure_days = new Float64Array(rows).fill(Number.NaN);
  for (let row = 0; row < rows; row++) {
    const day = row % DAYS;
    const fails = Math.floor(row / DAYS) < failing;
    if (fails) failure_days[row] = FAILS_ON_DAY - day;
    for (let h = 0; h < HORIZONS_DAYS.length; h++) {
      inputs[row * ROW + h * WIDTH] = 2 * draw(from) - 1 + (fails && FAILS_ON_DAY - day <= 30 ? 1.5 : 0);
    }
  }
  return {
    inputs,
    landmarks: {
      features: ['gpu_temp_max'],
      rows,
      values: new Float32Array(rows),
      taken: Uint32Array.from({ length: rows }, (_, row) => row),
      gpu: Uint32Array.from({ length: rows }, (_, row) => Math.floor(row / DAYS)),
      ts: Float64Array.from({ length: rows }, (_, row) => (row % DAYS) * 86_400_000),
      failure_days,
      watched_days: failure_days.map((days) => (Number.isNaN(days) ? 200 : days)),
      type: new Uint8Array(rows).fill(NO_TYPE),
      gpus: Array.from({ length: GPUS }, (_, gpu) => `GPU-${gpu}`),
      until: 200 * 86_400_000,
    },
  };
}

function calibrated(failing: number) {
  const said: string[] = [];
  const { landmarks, inputs } = scored(failing);
  const bundle = calibrate(
    uncombined,
    { landmarks, inputs },
    {
      failures_min: 20,
      costs: { false_alarm_usd: 250, missed_failure_usd: 2_500 },
      background_ratio: 1,
      say: (line) => said.push(line),
    },
  );
  const { d7, d30, d90 } = bundle.combiners;
  const told = Array.from({ length: landmarks.rows }, (_, row) =>
    combinedProbabilities([d7, d30, d90], { inputs: inputs.subarray(row * ROW, (row + 1) * ROW) }),
  );
  const came = landmarks.failure_days.reduce((sum, days) => sum + Number(days <= 30), 0);
  return { bundle, told, came, said: said.join('\n'), inputs };
}

const sumOf = (values: readonly number[]): number => values.reduce((sum, one) => sum + one, 0);

describe('a bundle whose trees are far too high', () => {
  it.each([
    [0, 0.5, /the trees alone, moved by -\d+\.\d+ .*: 0 GPUs failed/],
    [3, 0.5, /the trees alone, moved by -\d\.\d+ .*: 3 GPUs failed/],
    [8, 0, /the trees alone x \d\.\d\d, by 8 GPUs that failed/],
    [30, 0, /30 days: trees x \d\.\d\d/],
  ])('foresees as much as came when %d GPUs have failed', (failing, unseen, says) => {
    const { told, came, said } = calibrated(failing);
    expect(came).toBe(failing * (30 - (FAILS_ON_DAY - DAYS)));
    expect(sumOf(told.map(([, p30]) => p30))).toBeCloseTo(came + unseen, 6);
    expect(said).toMatch(says);
  });

  it.each([0, 3])('keeps what the trees say of one GPU against another when %d have failed', (failing) => {
    const { bundle, inputs, told } = calibrated(failing);
    expect(bundle.combiners.d30.weights).toEqual(COMPONENTS.map((name) => Number(name === 'trees')));
    const odds = (row: number): number => Math.log((told[row]?.[1] ?? 0) / (1 - (told[row]?.[1] ?? 0)));
    const apart = (inputs[1 * ROW + WIDTH] as number) - (inputs[WIDTH] as number);
    expect(odds(1) - odds(0)).toBeCloseTo(apart, 6);
  });

  it('has the other horizons follow the month where they have no combination', () => {
    const { bundle, told } = calibrated(3);
    expect([bundle.combiners.d7, bundle.combiners.d90]).toEqual([null, null]);
    for (const [p7, p30, p90] of told) {
      expect(1 - p7).toBeCloseTo((1 - p30) ** (7 / 30), 9);
      expect(1 - p90).toBeCloseTo((1 - p30) ** 3, 9);
    }
  });

  it('is taken as it is where nothing is known yet', () => {
    const { landmarks, inputs } = scored(0);
    const said: string[] = [];
    const bundle = calibrate(
      uncombined,
      { landmarks: { ...landmarks, until: 20 * 86_400_000 }, inputs },
      {
        failures_min: 20,
        costs: { false_alarm_usd: 250, missed_failure_usd: 2_500 },
        background_ratio: 1,
        say: (line) => said.push(line),
      },
    );
    expect(bundle.combiners.d30).toEqual(uncombined.combiners.d30);
    expect(said.join('\n')).toContain('30 days: nothing is known to calibrate by');
  });
});
