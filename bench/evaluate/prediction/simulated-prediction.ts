import type { LoadedBundle } from '../../../models/prediction/bundle.ts';
import type { FeatureVector } from '../../../pipeline/contract/events.ts';
import type { FailureLabel } from '../../../pipeline/contract/predictions.ts';
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
  /** Between two samples of a board, and between two vectors. */
  readonly interval_ms: number;
  readonly every_ms: number;
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

/** A bundle judged on fleets that it has not seen. Everything follows from the options. */
export function simulatedPrediction(loaded: LoadedBundle, options: SimulatedPredictionOptions): SimulatedPrediction {
  const { fleet, other, seed, interval_ms, every_ms, failure_rate_scale, say } = options;
  const lives = simulateLives({ ...fleet, seed, failure_rate_scale, interval_ms, every_ms });
  say(`prediction: simulated fleet, ${fleet.gpus} GPUs, ${fleet.days} days, seed ${seed}`);
  const judged = judge(loaded, lives.vectors(), lives, options);
  say(`prediction: another simulator, ${other.gpus} GPUs, ${other.days} days`);
  const world = otherWorld({ ...other, seed, interval_ms });
  const there = judge(loaded, vectorsOfRows(world.rows(), world.assets, every_ms), world, options);
  return {
    seed,
    days: fleet.days,
    failure_rate_scale,
    every_minutes: every_ms / 60_000,
    fleet: judged,
    other_days: other.days,
    other: there,
  };
}

function judge(
  loaded: LoadedBundle,
  vectors: Iterable<readonly FeatureVector[]>,
  { failures, end_ms }: { readonly failures: readonly FailureLabel[]; readonly end_ms: number },
  options: SimulatedPredictionOptions,
): FleetReport {
  const watch = createFleetWatch(loaded);
  for (const instant of vectors) for (const vector of instant) watch.take(vector);
  return judgeFleet(watch.finish(failures, end_ms), failures, loaded, {
    ...options,
    // Both simulators note how a failure came.
    groupsOf: ({ note }) => [note === 'sudden' ? 'sudden' : 'announced'],
  });
}
