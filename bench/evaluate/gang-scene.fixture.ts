import { robustCentre } from '../../operators/peers/robust-centre.ts';
import { metricIndex } from '../../pipeline/contract/metrics.ts';
import type { Scrape } from '../../pipeline/contract/scrape.ts';
import { seconds } from '../../pipeline/contract/time.ts';
import { GPU_MODELS, type GpuModelKey } from '../fleet/gpu-models.ts';
import { createLayout, type FleetNode, identityOf } from '../fleet/layout.ts';
import { type PageRow, pageRows, readPage } from '../fleet/page.ts';
import { pageScrape } from '../fleet/page-scrape.ts';
import { chance } from '../fleet/random.ts';
import { createSimulation, type Simulation } from '../fleet/simulation.ts';
import type { StoryKind } from '../fleet/stories/story-kind.ts';
import type { Story } from '../fleet/story-schedule.ts';
import { createJob, type Job, type JobKind } from '../fleet/workload.ts';

/** One training job over so many boards of a model, beside nodes that do what the simulator gives them to do. */
export interface GangScene {
  readonly model: GpuModelKey;
  readonly boards: number;
  readonly interval_ms: number;
  readonly seed: number;
  readonly kind?: JobKind;
  /** Nodes without a part in the job; 3 when left out: a stream is never one job's alone, and its clock goes on between two scrapes of a node. */
  readonly beside?: number;
  readonly start_ms: number;
  /** The job's own span; it loads its data first. */
  readonly job_from_ms: number;
  readonly job_to_ms: number;
  /** One board, by its place in the job, whose clock falls to this share of what it would be. */
  readonly slow?: { readonly board: number; readonly from_ms: number; readonly clock_ratio: number };
}

const LAYOUT_GPUS = 1024;
const BESIDE = 3;
const SM_CLOCK = metricIndex('sm_clock_mhz');

export interface SceneNode {
  readonly node: FleetNode;
  readonly phase_ms: number;
  /** How many of its boards work for the job, the first ones. */
  readonly boards: number;
}

export interface GangFleet {
  readonly job: Job;
  readonly nodes: readonly SceneNode[];
  /** The job's boards in order. */
  readonly uuids: readonly string[];
  scrape(of: SceneNode, ts_ms: number): Scrape;
}

/** The simulator's boards, physics, noise and scrapes, with a job of any size laid over them. */
export function createGang(scene: GangScene): GangFleet {
  const { seed, boards, interval_ms, start_ms } = scene;
  const layout = createLayout(LAYOUT_GPUS, seed);
  const model = GPU_MODELS[scene.model];
  const fit = layout.nodes.filter((node) => node.model === model && suits(node));
  const used = Math.ceil(boards / 8);
  const job = createJob(scene.kind ?? 'pretrain', seed, scene.job_from_ms, scene.job_to_ms);
  const nodes = fit.slice(0, used + (scene.beside ?? BESIDE)).map((node, k) => ({
    node,
    phase_ms: Math.floor(chance(seed, 1_000 + k) * interval_ms),
    boards: Math.max(0, Math.min(8, boards - 8 * k)),
  }));
  const gpus = nodes.flatMap(({ node, boards: count }) =>
    Array.from({ length: count }, (_, slot) => node.first + slot),
  );
  const by_node = new Map(nodes.map((of) => [of.node.index, storiesOf(of, gpus, job, scene)]));
  const sim: Simulation = createSimulation(layout, seed, start_ms, {
    reach: () => undefined,
    forNode: (node) => [...(by_node.get(node) ?? [])],
    add: () => {
      throw new Error('no stories but the job');
    },
    truth: () => [],
  });
  const rows = new Map<number, PageRow[]>(nodes.map(({ node }) => [node.index, pageRows(node, seed)]));
  let sequence = 0;
  return {
    job,
    nodes,
    uuids: gpus.map((gpu) => identityOf(seed, gpu, gpu % 8).uuid),
    scrape({ node }, ts_ms) {
      sim.advance(node, ts_ms);
      const page = readPage(sim, node, rows.get(node.index) as PageRow[], seed, ts_ms);
      return pageScrape(page, node, ts_ms, start_ms, ++sequence);
    },
  };
}

/** All scrapes in the order of time. */
export function* gangScrapes(fleet: GangFleet, scene: GangScene, to_ms: number): Generator<Scrape> {
  const order = fleet.nodes.toSorted((a, b) => a.phase_ms - b.phase_ms);
  for (let from_ms = scene.start_ms; from_ms < to_ms; from_ms += scene.interval_ms) {
    for (const of of order) yield fleet.scrape(of, from_ms + of.phase_ms);
  }
}

/**
 * To which share of itself a board's clock must fall, so that it runs so far below the median of its peers: boards differ by
 * nature, and the law speaks of peers. From sound readings of all between two instants of the same scene.
 */
export function clockRatio(scene: GangScene, board: number, below: number, from_ms: number, to_ms: number): number {
  const { slow: _, ...sound } = scene;
  const fleet = createGang(sound);
  const sums = new Map(fleet.uuids.map((uuid) => [uuid, 0]));
  for (const scrape of gangScrapes(fleet, sound, to_ms)) {
    if (scrape.ts < from_ms) continue;
    for (const { uuid, values } of scrape.gpus) {
      const sum = sums.get(uuid);
      if (sum !== undefined) sums.set(uuid, sum + (values[SM_CLOCK] as number));
    }
  }
  const own = fleet.uuids[board] as string;
  const others = Float64Array.from([...sums].filter(([uuid]) => uuid !== own).map(([, sum]) => sum));
  return ((1 - below) * robustCentre(others, others.length).median) / (sums.get(own) as number);
}

const suits = (node: FleetNode): boolean => !node.mig && !node.time_sliced && !node.application_clock;

function storiesOf(of: SceneNode, gpus: readonly number[], job: Job, scene: GangScene): Story[] {
  const story = (gpu: number, from_ms: number, to_ms: number, what: Pick<StoryKind, 'effect'>, own?: Job): Story => ({
    id: `gang-${gpu}`,
    kind: { job_applies: 'always', ...what } as StoryKind,
    start_ms: from_ms,
    end_ms: to_ms,
    seed: scene.seed,
    interval_ms: seconds(30),
    gpu,
    nodes: [of.node.index],
    events: [],
    absences: [],
    job: own,
  });
  const mine = gpus.filter((gpu) => gpu >= of.node.first && gpu < of.node.first + of.boards);
  const work = mine.map((gpu) => story(gpu, scene.job_from_ms, scene.job_to_ms, {}, job));
  const { slow } = scene;
  const gpu = slow === undefined ? -1 : (gpus[slow.board] as number);
  if (slow === undefined || !mine.includes(gpu)) return work;
  const effect: StoryKind['effect'] = (e) => {
    e.clock_ratio *= slow.clock_ratio;
  };
  return [...work, story(gpu, slow.from_ms, scene.job_to_ms, { effect })];
}
