import { VitalsError } from '../../pipeline/contract/errors.ts';
import type { Scrape } from '../../pipeline/contract/scrape.ts';
import { besideOthers } from './dialects.ts';
import { createPageWriter } from './exposition.ts';
import { createLayout, type FleetNode, identityOf } from './layout.ts';
import { type Page, type PageRow, pageRows, readPage } from './page.ts';
import { pageScrape } from './page-scrape.ts';
import { createSimulation } from './simulation.ts';
import type { Absence } from './stories/story-kind.ts';
import { createStorySchedule, type StorySpec, type StoryTruth } from './story-schedule.ts';

export interface FleetOptions {
  /** 1 to 100,000; eight to a node, the last of which may have fewer. */
  readonly gpus: number;
  readonly seed: number;
  /** First instant of the fleet's own time, epoch ms. */
  readonly start_ms: number;
  /** Usual distance of two scrapes; a board that falls off the bus is seen once more before it is gone. */
  readonly interval_ms: number;
  readonly stories?: StorySpecs;
}

export interface PageOptions {
  readonly timestamps: boolean;
  /** For a page that holds other nodes too; not when absent. */
  readonly beside_others?: boolean;
}

/** Drawn from the seed, none at all, or exactly these. */
export type StorySpecs = 'default' | 'none' | readonly StorySpec[];

/**
 * A simulated fleet of GPU nodes, each with its exporter. Everything follows from the options: the same instants asked of a
 * node give the same bytes, whatever was asked of other nodes. A node's time only moves forward: an instant before its
 * last one is answered with the state it has. About 700 bytes a GPU, 1.5 KB once it was scraped.
 */
export interface Fleet {
  readonly start_ms: number;
  readonly interval_ms: number;
  readonly gpus: number;
  readonly node_names: readonly string[];
  /** UUIDs in the order of nodes and slots. */
  gpuUuids(): string[];
  /** Whether the node's exporter would answer at this instant. */
  answer(node: string, ts_ms: number): 'answers' | 'refuses' | 'hangs';
  /** What the collector would make of the node's page; null while the node is silent. */
  scrape(node: string, ts_ms: number): Scrape | null;
  /** The exporter's page; null while the node is silent. */
  exposition(node: string, ts_ms: number, options: PageOptions): string | null;
  /** Starts a story on a GPU (or on the node, rack or fleet around it). Throws VitalsError for an unknown story or GPU. */
  inject(story: string, gpu_uuid: string, at_ms: number): StoryTruth;
  /** All that has begun so far. For evaluation only. */
  truth(): StoryTruth[];
}

export function createFleet(options: FleetOptions): Fleet {
  const { gpus, seed, start_ms, interval_ms } = options;
  if (!Number.isInteger(gpus) || gpus < 1 || gpus > 1_000_000) {
    throw new VitalsError('GV-CFG-001', `a fleet of ${gpus} GPUs cannot be simulated`, 'gpus', {
      action: 'Ask for 1 to 100000.',
    });
  }
  const layout = createLayout(gpus, seed);
  const schedule = createStorySchedule({ layout, seed, start_ms, interval_ms, stories: options.stories ?? 'default' });
  const sim = createSimulation(layout, seed, start_ms, schedule);
  const by_name = new Map(layout.nodes.map((node) => [node.name, node]));
  const rows: (PageRow[] | undefined)[] = new Array(layout.nodes.length).fill(undefined);
  const frozen = new Map<number, Page>();
  const sequences = new Uint32Array(layout.nodes.length);
  const write = createPageWriter();
  const writeBesideOthers = createPageWriter();
  let latest_ms = start_ms;

  const nodeNamed = (name: string): FleetNode => {
    const node = by_name.get(name);
    if (!node) throw new VitalsError('GV-API-002', `there is no node "${name}" in the simulated fleet`, 'fleet');
    return node;
  };

  const absenceAt = (node: FleetNode, ts_ms: number): Absence['how'] | null => {
    schedule.reach(ts_ms);
    for (const story of schedule.forNode(node.index)) {
      for (const absence of story.absences) {
        if (absence.from_ms <= ts_ms && ts_ms < absence.to_ms) return absence.how;
      }
    }
    return null;
  };

  const read = (node: FleetNode, ts_ms: number): Page | null => {
    const absence = absenceAt(node, ts_ms);
    sim.advance(node, ts_ms);
    if (ts_ms > latest_ms) latest_ms = ts_ms;
    if (absence === 'refuses' || absence === 'hangs') return null;
    if (absence !== 'frozen') frozen.delete(node.index);
    const held = frozen.get(node.index);
    if (held) return held;
    const mine = rows[node.index] ?? pageRows(node, seed);
    rows[node.index] = mine;
    const page = readPage(sim, node, mine, seed, sim.reached_ms[node.index] as number);
    if (absence === 'frozen') frozen.set(node.index, page);
    return page;
  };

  return {
    start_ms,
    interval_ms,
    gpus,
    node_names: layout.nodes.map((node) => node.name),
    gpuUuids: () => Array.from({ length: gpus }, (_, gpu) => identityOf(seed, gpu, gpu % 8).uuid),
    answer(name, ts_ms) {
      const absence = absenceAt(nodeNamed(name), ts_ms);
      return absence === 'refuses' || absence === 'hangs' ? absence : 'answers';
    },
    scrape(name, ts_ms) {
      const node = nodeNamed(name);
      const page = read(node, ts_ms);
      if (page === null) return null;
      const sequence = sequences[node.index] as number;
      sequences[node.index] = sequence + 1;
      return pageScrape(page, node, ts_ms, start_ms, sequence);
    },
    exposition(name, ts_ms, { timestamps, beside_others = false }) {
      const node = nodeNamed(name);
      const page = read(node, ts_ms);
      if (page === null) return null;
      const stamp = timestamps ? Math.round(ts_ms) : null;
      if (!beside_others) return write(page, node, stamp);
      return writeBesideOthers(page, { ...node, dialect: besideOthers(node.dialect) }, stamp);
    },
    inject(story, gpu_uuid, at_ms) {
      const told = schedule.add({ story, gpu: gpu_uuid, at_ms });
      if (at_ms > latest_ms) latest_ms = at_ms;
      return told;
    },
    truth: () => schedule.truth(latest_ms),
  };
}
