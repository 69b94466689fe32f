import type { LoadedBundle } from '../../../models/prediction/bundle.ts';
import type { FeatureVector } from '../../../pipeline/contract/events.ts';
import type { FailureLabel } from '../../../pipeline/contract/predictions.ts';
import { hours, minutes } from '../../../pipeline/contract/time.ts';
import { vectorsOfRows } from '../../lives/feature-steps.ts';
import { otherWorld } from '../../lives/other-world.ts';
import { simulateLives } from '../../lives/run-lives.ts';
import { type FleetReport, judgeFleet } from './judge-fleet.ts';
import { createFleetWatch } from './watch-fleet.ts';

export interface FleetSize {
  readonly gpus: number;
  readonly days: number;
}

export interface SimulatedPredictionOptions {
  readonly fleet: FleetSize;
  readonly other: FleetSize;
  readonly seed: number;
  readonly failure_rate_scale: number;
  readonly draws: number;
  readonly costs: { readonly false_alarm_usd: number; readonly missed_failure_usd: number };
  readonly say: (line: string) => void;
}

export interface SimulatedPrediction {
  readonly seed: number;
  readonly days: number;
  readonly failure_rate_scale: number;
  readonly every_minutes: number;
  /** The fleet of bench/lives: other boards and another seed than the model has seen, the same simulator. */
  readonly fleet: FleetReport;
  readonly other_days: number;
  /** The fleet of a second simulator, by other rules (bench/lives/other-world.ts). */
  readonly other: FleetReport;
}

/** The running system asks every five minutes; every hour the figures are the same, and come sooner. */
const EVERY_MS = hours(1);
const SAMPLES_MS = minutes(10);

/** A bundle judged on fleets that it has not seen. Everything follows from the options. */
export function simulatedPrediction(loaded: LoadedBundle, options: SimulatedPredictionOptions): SimulatedPrediction {
  const { fleet, other, seed, failure_rate_scale, say } = options;
  const lives = simulateLives({ ...fleet, seed, failure_rate_scale, interval_ms: SAMPLES_MS, every_ms: EVERY_MS });
  say(`prediction: simulated fleet, ${fleet.gpus} GPUs, ${fleet.days} days, seed ${seed}`);
  const judged = judge(loaded, lives.vectors(), lives.failures, lives.end_ms, {
    ...options,
    // `note` says how it came.
    groupsOf: ({ note }) => [note === 'sudden' ? 'sudden' : 'announced'],
  });
  say(`prediction: another simulator, ${other.gpus} GPUs, ${other.days} days`);
  const world = otherWorld({ ...other, seed, interval_ms: SAMPLES_MS });
  const there = judge(loaded, vectorsOfRows(world.rows(), world.assets, EVERY_MS), world.failures, world.end_ms, {
    ...options,
    groupsOf: ({ note }) => [note === 'sudden' ? 'sudden' : 'announced'],
  });
  return {
    seed,
    days: fleet.days,
    failure_rate_scale,
    every_minutes: EVERY_MS / 60_000,
    fleet: judged,
    other_days: other.days,
    other: there,
  };
}

function judge(
  loaded: LoadedBundle,
  vectors: Iterable<readonly FeatureVector[]>,
  failures: readonly FailureLabel[],
  until: number,
  options: Parameters<typeof judgeFleet>[3],
): FleetReport {
  const watch = createFleetWatch(loaded);
  for (const instant of vectors) for (const vector of instant) watch.take(vector);
  return judgeFleet(watch.finish(failures, until), failures, loaded, options);
}
