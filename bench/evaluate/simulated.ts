import { systemClock } from '../../pipeline/clock.ts';
import { days, seconds } from '../../pipeline/contract/time.ts';
import { createFleet } from '../fleet/fleet.ts';
import { GPUS_PER_NODE } from '../fleet/layout.ts';
import { detections, sightings } from './detections.ts';
import { type DetectorFigures, detectorFigures } from './detector-figures.ts';
import { CLEAN, type FalseAlarmFigures, falseAlarmFigures } from './false-alarm-figures.ts';
import { fleetInventory } from './fleet-inventory.ts';
import { fleetStream } from './fleet-stream.ts';
import { type HealthFigures, healthFigures } from './health-figures.ts';
import { loadOptional } from './judged-topology.ts';
import { indexTruth, type Place } from './match-truth.ts';
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
  /** Each detector by itself, also those that are off by default, which ran beside the others. */
  readonly detectors: readonly DetectorFigures[];
  readonly health: HealthFigures | null;
  /** Items by table, and what no anomaly may do. */
  readonly items: Readonly<Record<string, number>>;
  readonly breaches: Readonly<Record<string, number>>;
  /** Values refused as made up, and how many of them on nodes without a fault at that time. */
  readonly refused: { readonly values: number; readonly where_nothing_was_wrong: number };
  readonly cost: SimulatedCost;
}

/** What the run took on this machine: the only figures that differ from run to run. */
export interface SimulatedCost {
  /** CPU seconds of the topology with its defaults per million rows, encoding and simulating left out. */
  readonly cpu_s_per_million_rows: number;
  /** What the steps that are off by default added to that, by step. */
  readonly optional_s_per_million_rows: Readonly<Record<string, number>>;
  /** Largest resident memory of the process so far, the simulated fleet included. */
  readonly memory_bytes: number;
}

/** A Monday: seeds should not meet the weekend of another year. */
const START_MS = Date.UTC(2026, 0, 5);
const INTERVAL = seconds(30);
const SAY_EVERY_MS = 10_000;

/**
 * A simulated fleet with every story and look-alike through the whole topology, judged against what really happened. The
 * truth stays on this side: messages are all that goes in. The same options give the same figures.
 */
export async function evaluateSimulated(options: SimulatedOptions): Promise<SimulatedReport> {
  const { gpus, seed, say } = options;
  const instances = storyInstances(gpus);
  const plan = planStories({ gpus, seed, start_ms: START_MS, days: options.days, instances });
  const fleet = createFleet({ gpus, seed, start_ms: START_MS, interval_ms: INTERVAL, stories: plan.specs });
  const to_ms = START_MS + days(options.days);
  const stream = startStream({
    assets: fleetInventory({ gpus, seed, start_ms: START_MS }),
    optional: await loadOptional(),
  });
  let told = systemClock.monotonic();
  for (const [messages, until_ms] of fleetStream(fleet, { to_ms, seed })) {
    stream.push(messages, until_ms);
    if (systemClock.monotonic() - told > SAY_EVERY_MS) {
      told = systemClock.monotonic();
      say(`day ${((until_ms - START_MS) / days(1)).toFixed(2)} of ${options.days}`);
    }
  }
  const { log, rows, cpu_s, step_s } = stream.finish();
  const truth = indexTruth(fleet.truth());
  const places: Place[] = fleet
    .gpuUuids()
    .map((gpu_uuid, gpu) => ({ gpu_uuid, node: fleet.node_names[Math.floor(gpu / GPUS_PER_NODE)] as string }));
  const node_of = new Map(places.map(({ gpu_uuid, node }) => [gpu_uuid, node]));
  const found = detections(
    truth,
    sightings(log, (gpu_uuid) => node_of.get(gpu_uuid) ?? ''),
  );
  const false_alarms = falseAlarmFigures(truth, log, { places, from_ms: START_MS, to_ms });
  const clean = false_alarms.find(({ where }) => where === CLEAN) as FalseAlarmFigures;
  const told_clean = clean.count.warning + clean.count.critical + clean.episodes + clean.incidents;
  const optional = Object.fromEntries(
    [...log.optional.keys()].map((step) => [step, ((step_s[step] ?? 0) / rows) * 1e6]),
  );
  const added = Object.values(optional).reduce((sum, one) => sum + one, 0);
  return {
    gpus,
    days: options.days,
    seed,
    interval_s: INTERVAL / 1_000,
    rows,
    instances,
    unplaced: plan.unplaced,
    stories: storyFigures(truth, found, log, clean.gpu_days > 0 ? told_clean / clean.gpu_days : 0),
    false_alarms,
    detectors: detectorFigures(truth, log, found, clean.gpu_days),
    health: healthFigures(truth, log, places),
    items: log.items,
    breaches: log.breaches,
    refused: {
      values: log.refused.length,
      where_nothing_was_wrong: log.refused.filter(({ node, at_ms }) => truth.faultsOn(node, at_ms).length === 0).length,
    },
    cost: {
      cpu_s_per_million_rows: (cpu_s / rows) * 1e6 - added,
      optional_s_per_million_rows: optional,
      memory_bytes: process.resourceUsage().maxRSS * 1_024,
    },
  };
}
