import { GroupState } from '../../operators/core/group-state.ts';
import { BatchBuilder } from '../../pipeline/batch-builder.ts';
import type { Batch } from '../../pipeline/contract/batch.ts';
import type { Asset, FeatureVector } from '../../pipeline/contract/events.ts';
import { METRIC_COUNT } from '../../pipeline/contract/metrics.ts';
import type { FailureLabel } from '../../pipeline/contract/predictions.ts';
import { days as daysOf } from '../../pipeline/contract/time.ts';
import { type FleetNode, GPUS_PER_NODE } from '../fleet/layout.ts';
import { chance } from '../fleet/random.ts';
import { createSimulation, type Simulation } from '../fleet/simulation.ts';
import { FLAG } from '../fleet/state.ts';
import { featureSteps, inWindows, toldLate } from './feature-steps.ts';
import { lifeAssets } from './life-assets.ts';
import type { Site } from './life-layout.ts';
import { writeReadings } from './life-rows.ts';
import { lifeSchedule } from './life-schedule.ts';
import { lifeStories } from './life-stories.ts';
import { lookAlikeStories } from './look-alikes.ts';
import { type Course, type Life, planLives } from './plan-lives.ts';

export interface SimulatedLivesOptions {
  readonly gpus: number;
  readonly days: number;
  readonly seed: number;
  /** First instant, epoch ms. */
  readonly start_ms?: number;
  /** Between two samples of a node. */
  readonly interval_ms?: number;
  /** Between two vectors of a GPU; at least the interval. */
  readonly every_ms?: number;
  /** Times the published failure rate of about 7 % a year. */
  readonly failure_rate_scale?: number;
}

export interface SimulatedLives {
  readonly start_ms: number;
  readonly end_ms: number;
  readonly assets: readonly Asset[];
  /** Failures within the run, in order of time; those that would come after its end are nobody's to know. */
  readonly failures: readonly FailureLabel[];
  /** Every board's time in service: whoever was maintained or outlived the run is censored at `to_ms`. */
  readonly lives: readonly Life[];
  /** What was seen before failures, and the same shapes that led nowhere. For judging only. */
  readonly courses: readonly Course[];
  /** Failures that the hazards promise within the run. */
  readonly failures_expected: number;
  /** Rows that went through the operators so far. */
  rows(): number;
  /** Whether the board is out of service at an instant: failed or taken out, and not yet back. */
  isDown(gpu_uuid: string, ts_ms: number): boolean;
  /**
   * Features of all boards in service, one array per `every_ms` of time, within it by instant. Boards that are down are left
   * out. A generator runs the fleet from its beginning; each call begins anew.
   */
  vectors(): Generator<FeatureVector[]>;
}

/** A Monday. */
const START_MS = Date.UTC(2026, 0, 5);
const GROUP_NODES = 8;

/**
 * A fleet that lives for months and fails as fleets do, seen through the running system's own steps (validate, enrich,
 * features). Everything follows from the options. State: 30 kB a GPU.
 */
export function simulateLives(options: SimulatedLivesOptions): SimulatedLives {
  const { gpus, days, seed, start_ms = START_MS, interval_ms = 600_000, failure_rate_scale = 1 } = options;
  const every_ms = Math.max(interval_ms, options.every_ms ?? 600_000);
  const plan = planLives({ gpus, days, seed, start_ms, failure_rate_scale });
  const end_ms = start_ms + daysOf(days);
  const assets = lifeAssets(plan);
  const by_uuid = new Map<string, Life[]>();
  const by_gpu = new Map<number, Life[]>();
  for (const life of plan.lives) {
    by_uuid.set(life.gpu_uuid, [...(by_uuid.get(life.gpu_uuid) ?? []), life]);
    by_gpu.set(life.gpu, [...(by_gpu.get(life.gpu) ?? []), life]);
  }
  const isDown = (gpu_uuid: string, ts_ms: number): boolean =>
    !(by_uuid.get(gpu_uuid) ?? []).some((life) => life.from_ms <= ts_ms && ts_ms < life.to_ms);
  let rows = 0;

  function* vectors(): Generator<FeatureVector[]> {
    const schedule = lifeSchedule(plan.layout.nodes, [...lifeStories(plan), ...lookAlikeStories(plan)]);
    const simulation = createSimulation(plan.layout, seed, start_ms, schedule);
    const groups = groupsOf(plan.layout.nodes, seed, interval_ms);
    const steps = featureSteps(assets, every_ms);
    const windows = inWindows(start_ms, every_ms);
    for (let ts_ms = start_ms; ts_ms < end_ms; ts_ms += interval_ms) {
      for (const group of groups) {
        const batch = nextBatch(group, simulation, schedule.forNode, plan.sites, by_gpu, ts_ms);
        rows += batch.rows;
        steps(group.state, batch, (vector) => {
          if (!isDown(vector.gpu_uuid, vector.ts)) windows.push(vector);
        });
      }
      yield* windows.until(ts_ms - toldLate(every_ms));
    }
    yield* windows.until(end_ms + every_ms);
  }

  return {
    start_ms,
    end_ms,
    assets,
    failures: plan.lives.flatMap((life) => labelOf(life, plan.courses)).sort((a, b) => a.failed_at - b.failed_at),
    lives: plan.lives,
    courses: plan.courses,
    failures_expected: plan.failures_expected,
    rows: () => rows,
    isDown,
    vectors,
  };
}

function labelOf(life: Life, courses: readonly Course[]): FailureLabel[] {
  const { gpu_uuid, node, to_ms, type } = life;
  if (life.end !== 'failed' || type === null) return [];
  const course = courses.find((one) => one.ends === 'failure' && one.gpu_uuid === gpu_uuid && one.until_ms === to_ms);
  const note = course ? `after ${course.kind.name}` : 'sudden';
  return [{ ts: to_ms, gpu_uuid, node, failed_at: to_ms, type, source: 'simulated', note, status: 'confirmed' }];
}

interface Group {
  readonly state: GroupState;
  readonly builder: BatchBuilder;
  /** In the order in which they are scraped within an interval. */
  readonly nodes: readonly { readonly node: FleetNode; readonly phase_ms: number; readonly index: number }[];
  /** Dense index of the board that was last seen in a slot, and the life it was. */
  readonly seen: Map<number, { readonly life: Life; readonly index: number }>;
}

function groupsOf(nodes: readonly FleetNode[], seed: number, interval_ms: number): Group[] {
  const count = Math.ceil(nodes.length / GROUP_NODES);
  return Array.from({ length: count }, (_, g) => {
    const state = new GroupState(g);
    return {
      state,
      builder: new BatchBuilder(),
      nodes: nodes
        .slice(g * GROUP_NODES, (g + 1) * GROUP_NODES)
        .map((node) => ({
          node,
          phase_ms: Math.floor(chance(seed ^ 0x9a5e, node.index) * interval_ms),
          index: state.registry.node(node.name),
        }))
        .sort((a, b) => a.phase_ms - b.phase_ms),
      seen: new Map(),
    };
  });
}

/** One interval of a group: each node scraped at its own moment. */
function nextBatch(
  { state, builder, nodes, seen }: Group,
  simulation: Simulation,
  stories: (node: number) => readonly { readonly absences: readonly { from_ms: number; to_ms: number }[] }[],
  sites: readonly Site[],
  lives: ReadonlyMap<number, readonly Life[]>,
  from_ms: number,
): Batch {
  for (const { node, phase_ms, index } of nodes) {
    const ts_ms = from_ms + phase_ms;
    simulation.advance(node, ts_ms);
    if (stories(node.index).some((one) => one.absences.some((a) => a.from_ms <= ts_ms && ts_ms < a.to_ms))) continue;
    for (let gpu = node.first; gpu < node.first + node.gpus; gpu++) {
      if (((simulation.state.flags[gpu] as number) & FLAG.vanished) !== 0) continue;
      const row = builder.reserve(1, ts_ms, ts_ms);
      builder.ts[row] = ts_ms;
      builder.gpu[row] = boardAt(gpu, ts_ms, node, index, state, seen, lives);
      builder.node[row] = index;
      builder.attribution[row] = 0;
      writeReadings(simulation.state, node, sites[node.index] as Site, gpu, ts_ms, builder.values, row * METRIC_COUNT);
    }
  }
  builder.position = from_ms;
  return builder.take(state.group, state.registry);
}

/** The dense index of the board that stands in a slot. A failed one stays until another takes its place. */
function boardAt(
  gpu: number,
  ts_ms: number,
  node: FleetNode,
  node_index: number,
  { registry }: GroupState,
  seen: Group['seen'],
  lives: ReadonlyMap<number, readonly Life[]>,
): number {
  const last = seen.get(gpu);
  if (last && (last.life.back_ms === null || ts_ms < last.life.back_ms)) return last.index;
  const life = (lives.get(gpu) ?? []).findLast((one) => one.from_ms <= ts_ms) as Life;
  const slot = String(gpu % GPUS_PER_NODE);
  const identity = { uuid: life.gpu_uuid, instance: '', model: node.model.name, pci_bus_id: '', serial: '', slot };
  const index = registry.gpu(identity, node_index);
  seen.set(gpu, { life, index });
  return index;
}
