import { metricIndex } from '../../pipeline/contract/metrics.ts';
import { days, hours, minutes } from '../../pipeline/contract/time.ts';
import { createLayout, type FleetNode, GPUS_PER_NODE, type Layout } from '../fleet/layout.ts';
import { type Draws, draw, draws, mix } from '../fleet/random.ts';
import type { StoryKind } from '../fleet/stories/story-kind.ts';
import { STORY_KINDS } from '../fleet/stories/story-kinds.ts';
import type { StorySpec } from '../fleet/story-schedule.ts';

export interface StoryPlanOptions {
  readonly gpus: number;
  readonly seed: number;
  readonly start_ms: number;
  /** Length of the run, in days, with fractions. */
  readonly days: number;
  /** How often each fault is wished for; look-alikes three times as often, heat of the whole fleet twice at most. */
  readonly instances: number;
}

export interface StoryPlan {
  readonly specs: readonly Required<StorySpec>[];
  /** Stories wished for that found no room, with how many of them. */
  readonly unplaced: Readonly<Record<string, number>>;
}

/** How many of each story a fleet of this size has room for: about two fifths of its nodes see a fault. */
export const storyInstances = (gpus: number): number =>
  Math.min(8, Math.max(1, Math.round(gpus / GPUS_PER_NODE / NODES_PER_INSTANCE)));

/** One of each fault fills about this many nodes, if two fifths of the fleet may have faults. */
const NODES_PER_INSTANCE = 42;
/** Look-alikes are short and go together on few nodes. */
const LOOK_ALIKES_PER_FAULT = 3;
const FAULT_SHARE = 0.45;
const LOOK_ALIKE_SHARE = 0.2;
/** In shorter runs the stories are as short as those that a person injects. */
const SHORT_RUN_DAYS = 2;
const ATTEMPTS = 200;

interface Taken {
  readonly from_ms: number;
  readonly to_ms: number;
}

/**
 * Where and when which story is told: every kind as often as wished, each fault on a GPU (or node, or rack) of its own,
 * stories of one node one after the other, most nodes left alone. Everything follows from the seed.
 */
export function planStories(options: StoryPlanOptions): StoryPlan {
  const { gpus, seed, start_ms, instances } = options;
  const layout = createLayout(gpus, seed);
  const from = draws(mix(seed, 0xe7a1));
  const length_ms = days(options.days);
  const short = options.days < SHORT_RUN_DAYS;
  const room = {
    from_ms: start_ms + Math.min(hours(12), length_ms * 0.2),
    to_ms: start_ms + length_ms - Math.min(hours(2), length_ms * 0.1),
    gap_ms: short ? minutes(20) : hours(3),
  };
  const faults = createGround(layout, from, FAULT_SHARE, () => true, room);
  const look_alikes = createGround(layout, from, LOOK_ALIKE_SHARE, (node) => !faults.nodes.has(node), room);
  const specs: Required<StorySpec>[] = [];
  const unplaced: Record<string, number> = {};

  const benignKinds = STORY_KINDS.filter((kind) => kind.category === 'benign');
  const faultKinds = STORY_KINDS.filter((kind) => kind.category !== 'benign');
  for (const kind of [...hardestFirst(faultKinds, layout), ...hardestFirst(benignKinds, layout)]) {
    const benign = kind.category === 'benign';
    for (let k = 0; k < instances * (benign ? LOOK_ALIKES_PER_FAULT : 1); k++) {
      const placed =
        kind.scope === 'fleet'
          ? noonStory(kind, k, start_ms, room, short)
          : (benign ? look_alikes : faults).place(kind, lengthOf(kind, short, room, from), !benign);
      if (placed === null && kind.scope === 'fleet') break;
      if (placed === null) unplaced[kind.name] = (unplaced[kind.name] ?? 0) + 1;
      else specs.push(placed);
    }
  }
  return { specs: specs.toSorted((a, b) => a.at_ms - b.at_ms || a.story.localeCompare(b.story)), unplaced };
}

type Room = { readonly from_ms: number; readonly to_ms: number; readonly gap_ms: number };

function lengthOf(kind: StoryKind, short: boolean, room: Room, from: Draws): number {
  const [low, high] = kind.hours;
  const drawn = short ? minutes(kind.inject_minutes) : hours(low * (high / low) ** draw(from));
  return Math.min(drawn, room.to_ms - room.from_ms);
}

/** One a day, at eleven: heat of the whole fleet keeps to the sun. */
function noonStory(
  kind: StoryKind,
  k: number,
  start_ms: number,
  room: Room,
  short: boolean,
): Required<StorySpec> | null {
  if (k > (short ? 0 : 1)) return null;
  const duration_ms = short ? minutes(kind.inject_minutes) : hours(kind.hours[0]);
  const at_ms = short ? room.from_ms : Math.floor(start_ms / days(1)) * days(1) + days(k + 1) + hours(11);
  if (at_ms < room.from_ms || at_ms + duration_ms > room.to_ms) return null;
  return { story: kind.name, gpu: 0, at_ms, duration_ms };
}

/** Racks before nodes before GPUs, then those that fewest nodes suit, then the longest: what is hard to place comes first. */
const hardestFirst = (kinds: readonly StoryKind[], layout: Layout): StoryKind[] => {
  const width = { fleet: 0, rack: 1, node: 2, gpu: 3 } as const;
  const choice = new Map(kinds.map((kind) => [kind, layout.nodes.filter((node) => suits(kind, node)).length]));
  const choiceOf = (kind: StoryKind): number => choice.get(kind) ?? 0;
  return kinds.toSorted(
    (a, b) => width[a.scope] - width[b.scope] || choiceOf(a) - choiceOf(b) || b.hours[1] - a.hours[1],
  );
};

/** The nodes on which one sort of story may happen, opened one after the other in drawn order. */
function createGround(layout: Layout, from: Draws, share: number, free: (node: number) => boolean, room: Room) {
  const order = shuffled(layout.nodes, from);
  const budget = Math.max(1, Math.floor(layout.nodes.length * share));
  const opened = new Set<number>();
  const taken = new Map<number, Taken[]>();
  const used = new Map<number, Set<number>>();

  const clashes = (node: number, at_ms: number, duration_ms: number): boolean =>
    (taken.get(node) ?? []).some((t) => at_ms < t.to_ms + room.gap_ms && t.from_ms < at_ms + duration_ms + room.gap_ms);
  const around = (kind: StoryKind, node: FleetNode): readonly FleetNode[] =>
    kind.scope === 'rack' ? layout.nodes.filter((other) => other.position.rack === node.position.rack) : [node];
  /** A slot that no story has had; -1 when there is none. */
  const slotOf = (kind: StoryKind, nodes: readonly FleetNode[], own: boolean): number => {
    if (!own) return Math.floor(draw(from) * (nodes[0] as FleetNode).gpus);
    if (kind.scope !== 'gpu') return nodes.every((node) => (used.get(node.index)?.size ?? 0) === 0) ? 0 : -1;
    const node = nodes[0] as FleetNode;
    const left = Array.from({ length: node.gpus }, (_, slot) => slot).filter(
      (slot) => !used.get(node.index)?.has(slot),
    );
    return left[Math.floor(draw(from) * left.length)] ?? -1;
  };
  const take = (
    kind: StoryKind,
    nodes: readonly FleetNode[],
    slot: number,
    at_ms: number,
    duration_ms: number,
  ): void => {
    for (const node of nodes) {
      opened.add(node.index);
      taken.set(node.index, [...(taken.get(node.index) ?? []), { from_ms: at_ms, to_ms: at_ms + duration_ms }]);
      const slots = used.get(node.index) ?? new Set<number>();
      for (let s = 0; s < node.gpus; s++) if (kind.scope !== 'gpu' || s === slot) slots.add(s);
      used.set(node.index, slots);
    }
  };

  return {
    nodes: opened as ReadonlySet<number>,
    place(kind: StoryKind, duration_ms: number, own: boolean): Required<StorySpec> | null {
      const latest = room.to_ms - room.from_ms - duration_ms;
      for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
        const at_ms = Math.round(room.from_ms + draw(from) * latest);
        const candidates = [
          ...order.filter((node) => opened.has(node.index)),
          ...order.filter((node) => !opened.has(node.index)),
        ];
        for (const node of candidates) {
          if (!suits(kind, node) || !free(node.index)) continue;
          const nodes = around(kind, node);
          const fresh = nodes.filter((one) => !opened.has(one.index)).length;
          if (
            opened.size + fresh > budget ||
            nodes.some((one) => !free(one.index) || clashes(one.index, at_ms, duration_ms))
          )
            continue;
          const slot = slotOf(kind, nodes, own);
          if (slot < 0) continue;
          take(kind, nodes, slot, at_ms, duration_ms);
          return { story: kind.name, gpu: node.first + slot, at_ms, duration_ms };
        }
      }
      return null;
    },
  };
}

/** Whether the story could be seen there at all: the board can have it, and the exporter tells the readings. */
function suits(kind: StoryKind, node: FleetNode): boolean {
  if (kind.nvlink_only && node.model.nvlinks === 0) return false;
  if (kind.whole_boards_only && node.mig) return false;
  return kind.needs.every((name) => node.exported[metricIndex(name)] === 1);
}

function shuffled<T>(list: readonly T[], from: Draws): T[] {
  const out = [...list];
  for (let i = out.length - 1; i > 0; i--) {
    const j = Math.floor(draw(from) * (i + 1));
    [out[i], out[j]] = [out[j] as T, out[i] as T];
  }
  return out;
}
