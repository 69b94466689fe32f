import type { FailureType } from '../../pipeline/contract/predictions.ts';
import type { Effects } from '../fleet/effects.ts';
import type { FleetNode } from '../fleet/layout.ts';
import { chance, draw, draws, mix } from '../fleet/random.ts';
import { type Absence, type HardwareEvent, type StoryKind, xid } from '../fleet/stories/story-kind.ts';
import type { Story } from '../fleet/story-schedule.ts';
import { createJob, type Job } from '../fleet/workload.ts';
import type { Site } from './life-layout.ts';
import { type Course, type Life, type LivesPlan, nextSeed } from './plan-lives.ts';

const MINUTE_MS = 60_000;

/** What a story of a life is made of; the rest follows. */
export interface StoryParts {
  readonly name: string;
  readonly nodes: readonly number[];
  /** -1 for all boards of the nodes. */
  readonly gpu: number;
  readonly start_ms: number;
  readonly end_ms: number;
  readonly seed: number;
  readonly effect?: (effects: Effects, ts_ms: number, slot: number) => void;
  readonly events?: readonly HardwareEvent[];
  readonly absences?: readonly Absence[];
  readonly job?: Job;
}

export function storyOf(parts: StoryParts): Story {
  const { name, nodes, gpu, start_ms, end_ms, seed, effect } = parts;
  const kind: StoryKind = {
    name,
    category: 'benign',
    scope: gpu < 0 ? 'node' : 'gpu',
    description: name,
    hours: [1, 1],
    inject_minutes: 1,
    weight: 0,
    needs: [],
    ...(parts.job ? { job_applies: 'always' as const } : {}),
    ...(effect ? { effect: (e, { ts_ms, slot }) => effect(e, ts_ms, slot) } : {}),
  };
  return {
    id: `${name}-${gpu}-${start_ms}`,
    kind,
    gpu,
    nodes,
    start_ms,
    end_ms,
    seed,
    interval_ms: 0,
    events: (parts.events ?? []).toSorted((a, b) => a.at_ms - b.at_ms),
    absences: parts.absences ?? [],
    job: parts.job,
  };
}

/** The planned courses and what ends the lives, as the simulator tells them. */
export function lifeStories(plan: LivesPlan): Story[] {
  const nodeOf = (gpu: number): FleetNode => plan.layout.nodes[Math.floor(gpu / 8)] as FleetNode;
  return [
    ...plan.courses.map((course) => courseStory(course, nodeOf(course.gpu), plan.sites)),
    ...plan.lives.flatMap((life) => (life.back_ms === null ? [] : endStories(life, life.back_ms, nodeOf(life.gpu)))),
    ...plan.layout.nodes.map((node) => siteStory(node, plan.sites[node.index] as Site, plan)),
  ];
}

function courseStory(course: Course, node: FleetNode, sites: readonly Site[]): Story {
  const { kind, start_ms, end_ms, until_ms, progress_max, seed } = course;
  const site = sites[node.index] as Site;
  const reached_ms = Math.min(until_ms, start_ms + progress_max * (end_ms - start_ms));
  const events = (kind.events?.(course) ?? []).filter(
    ({ at_ms, what }) =>
      at_ms < reached_ms && (site.retires_pages ? what.type !== 'remap_pending' : what.type !== 'retire'),
  );
  return storyOf({
    name: kind.name,
    nodes: [node.index],
    gpu: kind.whole_node ? -1 : course.gpu,
    start_ms,
    end_ms: until_ms,
    seed,
    events,
    effect(e, ts_ms, slot) {
      const progress = Math.min(progress_max, (ts_ms - start_ms) / (end_ms - start_ms));
      if (!kind.whole_node || node.first + slot === course.gpu || chance(seed, 70 + slot) < 0.6)
        kind.effect(e, progress, course, ts_ms);
    },
  });
}

const LAST_WORDS: Readonly<Record<FailureType, (at_ms: number, luck: number) => HardwareEvent[]>> = {
  memory: (at_ms) => [
    { at_ms, target: 'gpu', what: { type: 'dbe', count: 3 } },
    xid(at_ms, 48),
    xid(at_ms + 1_000, 64),
    { at_ms: at_ms + 1_000, target: 'gpu', what: { type: 'remap_failed' } },
    { at_ms: at_ms + 1_000, target: 'gpu', what: { type: 'recovery', action: 4 } },
    xid(at_ms + 4_000, 95),
  ],
  thermal: (at_ms) => [xid(at_ms, 79)],
  power: (at_ms, luck) => [xid(at_ms, chance(luck, 1) < 0.6 ? 79 : 54)],
  other: (at_ms, luck) => [xid(at_ms, chance(luck, 1) < 0.55 ? 79 : chance(luck, 2) < 0.5 ? 119 : 74)],
};

/** From the failure until the slot is in service again: gone from the page, hung, or drained and waiting. */
function endStories(life: Life, back_ms: number, node: FleetNode): Story[] {
  const luck = mix(life.board_seed, life.to_ms % 4_294_967_296);
  const away = chance(luck, 5);
  const failed = life.end === 'failed';
  const vanishes = failed && (life.type === 'memory' ? away < 0.15 : away < 0.6);
  const hangs = failed && !vanishes && away > 0.8;
  const next_seed = life.replaced ? nextSeed(life) : 0;
  return [
    storyOf({
      name: failed ? `failure-${life.type}` : 'maintenance',
      nodes: [node.index],
      gpu: life.gpu,
      start_ms: life.to_ms,
      end_ms: back_ms,
      seed: luck,
      events: [
        ...(failed && life.type !== null ? LAST_WORDS[life.type](life.to_ms, luck) : []),
        {
          at_ms: back_ms,
          target: 'gpu',
          what: life.replaced ? { type: 'replace', seed: next_seed } : { type: 'repair' },
        },
      ],
      effect(e, ts_ms) {
        e.override = null;
        if (vanishes && ts_ms > life.to_ms + MINUTE_MS) e.vanished = true;
        if (hangs) e.hung = true;
        // Work on the machine takes the board out before it is back.
        if (life.replaced && ts_ms > back_ms - 20 * MINUTE_MS) e.vanished = true;
      },
    }),
  ];
}

/** The hall's air and, where a service runs all the time, its load, for as long as the run lasts. */
function siteStory(node: FleetNode, site: Site, plan: LivesPlan): Story {
  const { start_ms, days, seed } = plan.options;
  const from = draws(mix(seed ^ 0x57ea, node.index));
  const end_ms = start_ms + (days + 2) * 86_400_000;
  const load = site.steady_load;
  const job =
    load === null
      ? undefined
      : {
          ...createJob('pretrain', mix(from.state, 1), start_ms - 60 * MINUTE_MS, end_ms),
          loading_ms: 0,
          sm: load,
          tensor: load * (0.1 + 0.5 * draw(from)),
          dram: load * (0.25 + 0.4 * draw(from)),
          checkpoint_every_ms: 1e15,
          checkpoint_ms: 0,
        };
  return storyOf({
    name: 'site',
    nodes: [node.index],
    gpu: -1,
    start_ms: start_ms - MINUTE_MS,
    end_ms,
    seed: from.state,
    effect(e) {
      e.inlet_c += site.heat_c;
    },
    ...(job ? { job } : {}),
  });
}
