import { systemClock } from '../../pipeline/clock.ts';
import { days, seconds } from '../../pipeline/contract/time.ts';
import { createFleet } from '../fleet/fleet.ts';
import { GPUS_PER_NODE } from '../fleet/layout.ts';
import { CLEAN, type FalseAlarmFigures, falseAlarmFigures } from './false-alarm-figures.ts';
import { fleetStream } from './fleet-stream.ts';
import { type HealthFigures, healthFigures } from './health-figures.ts';
import { indexTruth, type Place } from './match-truth.ts';
import { retoldClean } from './retold-clean.ts';
import { startStream } from './run-stream.ts';
import { type StoryFigures, storyFigures } from './story-figures.ts';
import { planStories, storyInstances } from './story-plan.ts';

export interface SimulatedOptions {
  readonly gpus: number;
  readonly days: number;
  readonly seed: number;
  readonly say: (line: string) => void;
}

export interface SimulatedReport {
  readonly gpus: number;
  readonly days: number;
  readonly seed: number;
  readonly interval_s: number;
  readonly rows: number;
  readonly instances: number;
  /** Stories wished for that found no room in this fleet. */
  readonly unplaced: Readonly<Record<string, number>>;
  readonly stories: readonly StoryFigures[];
  readonly false_alarms: readonly FalseAlarmFigures[];
  /** Episodes and incidents where nothing was wrong, per 1,000 GPU-days; null while nothing tells them. */
  readonly clean_episodes: number | null;
  readonly clean_incidents: number | null;
  readonly health: HealthFigures | null;
  /** Items by table, and what no anomaly may do. */
  readonly items: Readonly<Record<string, number>>;
  readonly breaches: Readonly<Record<string, number>>;
}

/** A Monday: seeds should not meet the weekend of another year. */
const START_MS = Date.UTC(2026, 0, 5);
const INTERVAL = seconds(30);
const SAY_EVERY_MS = 10_000;

/**
 * A simulated fleet with every story and look-alike through the whole topology, judged against what really happened. The
 * truth stays on this side: messages are all that goes in. The same options give the same figures.
 */
export function evaluateSimulated(options: SimulatedOptions): SimulatedReport {
  const { gpus, seed, say } = options;
  const instances = storyInstances(gpus);
  const plan = planStories({ gpus, seed, start_ms: START_MS, days: options.days, instances });
  const fleet = createFleet({ gpus, seed, start_ms: START_MS, interval_ms: INTERVAL, stories: plan.specs });
  const to_ms = START_MS + days(options.days);
  const stream = startStream();
  let told = systemClock.monotonic();
  for (const [messages, until_ms] of fleetStream(fleet, { to_ms, seed })) {
    stream.push(messages, until_ms);
    if (systemClock.monotonic() - told > SAY_EVERY_MS) {
      told = systemClock.monotonic();
      say(`day ${((until_ms - START_MS) / days(1)).toFixed(2)} of ${options.days}`);
    }
  }
  const { log, rows } = stream.finish();
  const truth = indexTruth(fleet.truth());
  const places: Place[] = fleet
    .gpuUuids()
    .map((gpu_uuid, gpu) => ({ gpu_uuid, node: fleet.node_names[Math.floor(gpu / GPUS_PER_NODE)] as string }));
  const false_alarms = falseAlarmFigures(truth, log.alarms.values(), { places, from_ms: START_MS, to_ms });
  const { gpu_days, per_1000_gpu_days } = false_alarms.find(({ where }) => where === CLEAN) as FalseAlarmFigures;
  const { warning, critical } = per_1000_gpu_days;
  const { episodes, incidents } = retoldClean(truth, log);
  const rate = (count: number | null): number | null => (count === null ? null : (count / gpu_days) * 1_000);
  return {
    gpus,
    days: options.days,
    seed,
    interval_s: INTERVAL / 1_000,
    rows,
    instances,
    unplaced: plan.unplaced,
    stories: storyFigures(truth, log, (warning + critical) / 1_000),
    false_alarms,
    clean_episodes: rate(episodes),
    clean_incidents: rate(incidents),
    health: healthFigures(truth, log, places),
    items: log.items,
    breaches: log.breaches,
  };
}
