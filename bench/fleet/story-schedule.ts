import { VitalsError } from '../../pipeline/contract/errors.ts';
import { fnv1a } from '../../pipeline/contract/ids.ts';
import { metricIndex } from '../../pipeline/contract/metrics.ts';
import { type FleetNode, identityOf, type Layout } from './layout.ts';
import { type Draws, draw, draws, mix, mixInstant } from './random.ts';
import type { Absence, HardwareEvent, StoryCategory, StoryKind } from './stories/story-kind.ts';
import { findStoryKind, STORY_KINDS } from './stories/story-kinds.ts';
import type { Job } from './workload.ts';

/** A story asked for: on which GPU (index or UUID), from when, for how long. */
export interface StorySpec {
  readonly story: string;
  readonly gpu: number | string;
  readonly at_ms: number;
  readonly duration_ms?: number;
}

/** One story with its place and time, ready to be told. */
export interface Story {
  readonly id: string;
  readonly kind: StoryKind;
  readonly start_ms: number;
  readonly end_ms: number;
  readonly seed: number;
  readonly interval_ms: number;
  /** -1 where the scope is wider. */
  readonly gpu: number;
  readonly nodes: readonly number[];
  readonly events: readonly HardwareEvent[];
  readonly absences: readonly Absence[];
  readonly job: Job | undefined;
}

/** What really happened, for evaluation only: nothing in a page or a scrape refers to it. */
export interface StoryTruth {
  readonly id: string;
  readonly story: string;
  readonly category: StoryCategory;
  /** False for look-alikes. */
  readonly fault: boolean;
  readonly scope: StoryKind['scope'];
  readonly nodes: readonly string[];
  readonly gpu_uuids: readonly string[];
  readonly since_ms: number;
  readonly until_ms: number;
}

export interface StorySchedule {
  /** Makes sure that everything that begins up to `ts_ms` is known. */
  reach(ts_ms: number): void;
  /** Stories that touch a node; the caller drops those that are over. */
  forNode(node: number): Story[];
  /** Throws VitalsError for an unknown story or GPU, or a story that cannot happen to this one. */
  add(spec: StorySpec): StoryTruth;
  truth(until_ms: number): StoryTruth[];
}

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;
const SLOW = ['cold_plate_decay', 'sbe_slow_burn', 'paste_pump_out', 'dust'];
/** So long that one day's slow decay lasts until the next day's has begun. */
const SLOW_MS = 34 * HOUR_MS;
const FAULTS = STORY_KINDS.filter((kind) => kind.category !== 'benign');
const LOOK_ALIKES = STORY_KINDS.filter((kind) => kind.category === 'benign');

export interface StoryScheduleOptions {
  readonly layout: Layout;
  readonly seed: number;
  readonly start_ms: number;
  readonly interval_ms: number;
  readonly stories: 'default' | 'none' | readonly StorySpec[];
}

/**
 * Which stories are told when. The default draws them day by day from the seed: about 4 faults and 4 look-alikes a day on
 * 256 GPUs (twenty times life, so that a demonstration has something to show), growing with the 0.6th power of the fleet;
 * every day has one slow decay in the making, the first day one that begins after ten minutes.
 */
export function createStorySchedule(options: StoryScheduleOptions): StorySchedule {
  const { layout, seed, start_ms, interval_ms } = options;
  const by_node: Story[][] = layout.nodes.map(() => []);
  const all: Story[] = [];
  const busy_until = new Float64Array(layout.nodes.length);
  let index_by_uuid: Map<string, number> | null = null;
  let days = 0;

  const place = (kind: StoryKind, gpu: number, from_ms: number, duration_ms: number, luck: number): Story => {
    const home = layout.nodes[Math.floor(gpu / 8)] as FleetNode;
    const nodes = nodesOf(layout, kind, home);
    const course = {
      start_ms: Math.round(from_ms),
      end_ms: Math.round(from_ms + duration_ms),
      seed: mix(luck, gpu),
      interval_ms,
    };
    const story: Story = {
      ...course,
      id: `story-${all.length + 1}`,
      kind,
      gpu: kind.scope === 'gpu' ? gpu : -1,
      nodes,
      events: (kind.events?.(course) ?? []).toSorted((a, b) => a.at_ms - b.at_ms),
      absences: kind.absences?.(course) ?? [],
      job: kind.job?.(course),
    };
    all.push(story);
    for (const node of nodes) (by_node[node] as Story[]).push(story);
    return story;
  };

  const drawStory = (from: Draws, kind: StoryKind, from_ms: number, at_least_ms = 0): void => {
    const [low, high] = kind.hours;
    const duration_ms = Math.max(at_least_ms, low * (high / low) ** draw(from) * HOUR_MS);
    for (let attempt = 0; attempt < 16; attempt++) {
      const gpu = Math.floor(draw(from) * layout.gpus);
      const node = layout.nodes[Math.floor(gpu / 8)] as FleetNode;
      if (!suits(kind, node)) continue;
      const local = kind.scope === 'gpu' || kind.scope === 'node';
      if (local && (busy_until[node.index] as number) > from_ms) continue;
      if (local) busy_until[node.index] = from_ms + duration_ms + 2 * HOUR_MS;
      place(kind, gpu, from_ms, duration_ms, Math.floor(draw(from) * 4_294_967_296));
      return;
    }
  };

  const drawDay = (day: number): void => {
    const from = draws(mix(seed ^ 0x5707, day));
    const day_ms = start_ms + day * DAY_MS;
    const expected = 3 * (layout.gpus / 256) ** 0.6;
    if (day === 0 || layout.gpus >= 32 || day % 2 === 0) {
      const slow = findStoryKind(SLOW[Math.floor(draw(from) * SLOW.length)] as string) as StoryKind;
      drawStory(from, slow, day_ms + (day === 0 ? 600_000 : draw(from) * 10 * HOUR_MS), SLOW_MS);
    }
    const faults = Math.floor(expected + draw(from));
    for (let k = 0; k < faults; k++) drawStory(from, pick(FAULTS, from), day_ms + draw(from) * DAY_MS);
    const look_alikes = Math.floor(1.4 * expected + draw(from));
    for (let k = 0; k < look_alikes; k++) {
      const kind = pick(LOOK_ALIKES, from);
      const noon = Math.ceil(day_ms / DAY_MS) * DAY_MS + 11 * HOUR_MS;
      drawStory(from, kind, kind.name === 'hot_afternoon' ? noon : day_ms + draw(from) * DAY_MS);
    }
  };

  const schedule: StorySchedule = {
    reach(ts_ms) {
      if (options.stories !== 'default') return;
      while (start_ms + days * DAY_MS <= ts_ms) drawDay(days++);
    },
    forNode: (node) => by_node[node] as Story[],
    add(spec) {
      const kind = findStoryKind(spec.story);
      if (!kind) {
        throw new VitalsError('GV-CLI-001', `there is no story "${spec.story}"`, 'inject', {
          action: `Use one of ${STORY_KINDS.map(({ name }) => name).join(', ')}.`,
        });
      }
      const gpu = typeof spec.gpu === 'number' ? spec.gpu : gpuByUuid(spec.gpu);
      const node = layout.nodes[Math.floor(gpu / 8)];
      if (!node || !Number.isInteger(gpu) || gpu < 0 || gpu >= layout.gpus) {
        throw new VitalsError('GV-API-002', `there is no GPU "${spec.gpu}" in the simulated fleet`, 'inject');
      }
      if ((kind.nvlink_only && node.model.nvlinks === 0) || (kind.whole_boards_only && node.mig)) {
        throw new VitalsError(
          'GV-CLI-001',
          `${kind.name} cannot happen to a ${node.mig ? 'MIG ' : ''}${node.model.name}`,
          'inject',
          {
            action: 'Choose a GPU of another model.',
          },
        );
      }
      const duration_ms = spec.duration_ms ?? kind.inject_minutes * 60_000;
      const luck = mixInstant(mix(seed, fnv1a(kind.name)), spec.at_ms);
      return truthOf(place(kind, gpu, spec.at_ms, duration_ms, luck), layout, seed);
    },
    truth: (until_ms) => all.filter((story) => story.start_ms <= until_ms).map((story) => truthOf(story, layout, seed)),
  };

  const gpuByUuid = (uuid: string): number => {
    if (!index_by_uuid) {
      index_by_uuid = new Map();
      for (let gpu = 0; gpu < layout.gpus; gpu++) index_by_uuid.set(identityOf(seed, gpu, gpu % 8).uuid, gpu);
    }
    return index_by_uuid.get(uuid) ?? -1;
  };

  if (options.stories !== 'default' && options.stories !== 'none')
    for (const spec of options.stories) schedule.add(spec);
  return schedule;
}

function suits(kind: StoryKind, node: FleetNode): boolean {
  if (kind.nvlink_only && node.model.nvlinks === 0) return false;
  if (kind.whole_boards_only && node.mig) return false;
  return kind.needs.every((name) => node.exported[metricIndex(name)] === 1);
}

function nodesOf(layout: Layout, kind: StoryKind, home: FleetNode): number[] {
  if (kind.scope === 'fleet') return layout.nodes.map((node) => node.index);
  if (kind.scope === 'rack')
    return layout.nodes.filter((node) => node.position.rack === home.position.rack).map((node) => node.index);
  return [home.index];
}

function pick(kinds: readonly StoryKind[], from: Draws): StoryKind {
  let left = draw(from) * kinds.reduce((sum, kind) => sum + kind.weight, 0);
  for (const kind of kinds) {
    left -= kind.weight;
    if (left < 0) return kind;
  }
  return kinds[0] as StoryKind;
}

function truthOf(story: Story, layout: Layout, seed: number): StoryTruth {
  const nodes = story.nodes.map((index) => layout.nodes[index] as FleetNode);
  const gpus =
    story.gpu >= 0
      ? [story.gpu]
      : nodes.flatMap((node) => Array.from({ length: node.gpus }, (_, slot) => node.first + slot));
  return {
    id: story.id,
    story: story.kind.name,
    category: story.kind.category,
    fault: story.kind.category !== 'benign',
    scope: story.kind.scope,
    nodes: nodes.map((node) => node.name),
    gpu_uuids: gpus.map((gpu) => identityOf(seed, gpu, gpu % 8).uuid),
    since_ms: story.start_ms,
    until_ms: story.end_ms,
  };
}
