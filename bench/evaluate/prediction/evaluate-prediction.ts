import { join } from 'node:path';
import type { Clock } from '../../../pipeline/clock.ts';
import { hours, minutes } from '../../../pipeline/contract/time.ts';
import { SHIPPED_COSTS } from '../../train-shipped/train-shipped.ts';
import { type CmapssFigures, cmapssFigures } from '../cmapss/cmapss-figures.ts';
import { type DiskFigures, diskFigures } from '../disks/disk-figures.ts';
import { type TitanFigures, titanFigures } from '../titan/titan-figures.ts';
import { judgedModel } from './judged-model.ts';
import { type FleetSize, type SimulatedPrediction, simulatedPrediction } from './simulated-prediction.ts';
import type { StandInSize } from './stand-in-model.ts';

export interface PredictionOptions {
  readonly fleet: FleetSize;
  readonly seed: number;
  readonly quick: boolean;
  /** Folder of the check data. */
  readonly data: string;
  readonly clock: Clock;
  readonly say: (line: string) => void;
}

/** Real and simulated are never put together: each has its own place here, and its own tables. */
export interface PredictionReport {
  /** Which model was judged on the simulated fleets. */
  readonly model: string;
  readonly simulated: SimulatedPrediction;
  readonly titan: TitanFigures | null;
  readonly disks: DiskFigures | null;
  readonly cmapss: CmapssFigures | null;
  /** Why one of them is not there. */
  readonly skipped: Readonly<Partial<Record<'titan' | 'disks' | 'cmapss', string>>>;
}

export const PREDICTION_DEFAULTS: FleetSize = { gpus: 480, days: 150 };
export const PREDICTION_QUICK: FleetSize = { gpus: 48, days: 45 };

const OTHER: FleetSize = { gpus: 240, days: 75 };
const OTHER_QUICK: FleetSize = { gpus: 24, days: 40 };
/** The running system asks every five minutes; the network notices how much time has passed. */
const EVERY_MS = hours(1);
const DRAWS = 200;
const DRAWS_QUICK = 20;

const STAND_IN: StandInSize = {
  gpus: 256,
  days: 110,
  failure_rate_scale: 6,
  interval_ms: minutes(30),
  every_ms: hours(1),
  rounds: 200,
  chunks: 256,
  epochs: 5,
};
const STAND_IN_QUICK: StandInSize = {
  ...STAND_IN,
  gpus: 64,
  days: 50,
  failure_rate_scale: 20,
  rounds: 20,
  chunks: 16,
  epochs: 1,
};

/** Seeds that no training uses: those begin at 1. */
const FLEET_SEEDS = 20_000;
const STAND_IN_SEEDS = 40_000;

/**
 * What predictions are worth: of the shipped model on simulated fleets that it has not seen, and of the machinery behind it
 * on real GPUs, real disks and NASA's turbofans. The same options give the same figures. About ten minutes on one core.
 */
export async function evaluatePrediction(options: PredictionOptions): Promise<PredictionReport> {
  const { seed, quick, data, clock, say } = options;
  const { loaded, named, failure_rate_scale } = await judgedModel(clock, quick ? STAND_IN_QUICK : STAND_IN, {
    seed: STAND_IN_SEEDS + seed,
    costs: SHIPPED_COSTS,
    say,
    monotonic: () => clock.monotonic(),
  });
  const simulated = simulatedPrediction(loaded, {
    fleet: options.fleet,
    other: quick ? OTHER_QUICK : OTHER,
    seed: FLEET_SEEDS + seed,
    failure_rate_scale,
    interval_ms: quick ? minutes(30) : minutes(10),
    every_ms: EVERY_MS,
    draws: quick ? DRAWS_QUICK : DRAWS,
    costs: SHIPPED_COSTS,
    say,
  });
  const skipped: Partial<Record<'titan' | 'disks' | 'cmapss', string>> = {};
  const orSkip = <T>(name: 'titan' | 'disks' | 'cmapss', found: T | null): T | null => {
    if (found === null) skipped[name] = `${name}/ of the check data: not there`;
    return found;
  };
  let titan: TitanFigures | null = null;
  if (quick) skipped.titan = 'five years of 30,207 GPUs are too much for --quick';
  else titan = orSkip('titan', titanFigures(join(data, 'titan'), { seed, say }));
  const disks = orSkip('disks', diskFigures(join(data, 'disks'), { seed, quick, say }));
  const cmapss = orSkip('cmapss', cmapssFigures(join(data, 'cmapss'), { seed, quick, say }));
  return { model: named, simulated, titan, disks, cmapss, skipped };
}
