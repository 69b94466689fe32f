import type { Attribution } from '../../pipeline/contract/events.ts';
import { boardSeed, bornWith, initialCounters, stepBoard } from './board.ts';
import { clearEffects, type Effects, neutralEffects } from './effects.ts';
import { inletCelsius } from './environment.ts';
import { applyEvent } from './hardware-events.ts';
import { attributionOf } from './job-names.ts';
import { type FleetNode, instancesOf, type Layout } from './layout.ts';
import { sliceLoad } from './mig.ts';
import { createState, type FleetState } from './state.ts';
import type { HardwareEvent } from './stories/story-kind.ts';
import type { Story, StorySchedule } from './story-schedule.ts';
import {
  type Activity,
  activityAt,
  advanceGang,
  advanceSingle,
  createTimeline,
  idleActivity,
  type Job,
  type Timeline,
} from './workload.ts';

export interface RecentXid {
  readonly at_ms: number;
  readonly code: number;
}

/** A fleet in motion. Every node has its own time and can be moved without the others. */
export interface Simulation {
  readonly state: FleetState;
  /** Time that a node has reached; NaN before its first reading. */
  readonly reached_ms: Float64Array;
  /** Moves a node to `ts_ms`; an instant that it has passed leaves it where it is. */
  advance(node: FleetNode, ts_ms: number): void;
  attribution(gpu: number): readonly Attribution[];
  /** XIDs of the last five minutes, newest last; mostly none. */
  recentXids(gpu: number): readonly RecentXid[];
}

const XID_WINDOW_MS = 300_000;
const CATCH_UP_STEP_MS = 120_000;
const CATCH_UP_STEPS_MAX = 200;
/** Events at which counters begin at zero. */
const STARTS_ANEW: ReadonlySet<HardwareEvent['what']['type']> = new Set(['reset', 'repair', 'replace']);

export function createSimulation(layout: Layout, seed: number, start_ms: number, schedule: StorySchedule): Simulation {
  const state = createState(layout.gpus);
  const seeds = new Uint32Array(layout.gpus);
  const gangs: Timeline[] = layout.nodes.map((node) => createTimeline(node.gang.seed, start_ms));
  const singles: Timeline[] = [];
  const jobs: (Job | null | undefined)[] = new Array(layout.gpus).fill(undefined);
  const attributions: (readonly Attribution[])[] = new Array(layout.gpus).fill([]);
  const reached_ms = new Float64Array(layout.nodes.length).fill(Number.NaN);
  const recent = new Map<number, RecentXid[]>();
  const activity: Activity = idleActivity();
  const effects: Effects = neutralEffects();

  for (const node of layout.nodes) {
    for (let gpu = node.first; gpu < node.first + node.gpus; gpu++) {
      const own = boardSeed(seed, gpu);
      seeds[gpu] = own;
      singles.push(createTimeline(own, start_ms));
      initialCounters(state, gpu, own, bornWith(own).sbe_per_second);
    }
  }

  const scheduled = (node: FleetNode, gpu: number, ts_ms: number): Job | null => {
    const gang = gangs[node.index] as Timeline;
    if (!gang.alone && node.model.nvlinks > 0) return gang.job;
    const single = singles[gpu] as Timeline;
    advanceSingle(single, ts_ms, node.model.nvlinks === 0);
    return single.job;
  };

  const step = (node: FleetNode, from_ms: number, ts_ms: number, stories: readonly Story[], settle: boolean): void => {
    const inlet_c = inletCelsius(seed, node.position, ts_ms);
    advanceGang(gangs[node.index] as Timeline, ts_ms, node.gang.nodes);
    const down = stories.some((story) =>
      story.absences.some((a) => a.how === 'refuses' && a.from_ms <= ts_ms && ts_ms < a.to_ms),
    );
    for (let slot = 0; slot < node.gpus; slot++) {
      const gpu = node.first + slot;
      if (stories.length > 0) gatherEffects(stories, gpu, slot, ts_ms, effects);
      const own = seeds[gpu] as number;
      let job: Job | null = null;
      let held: boolean;
      if (node.mig) {
        held = !down && sliceActivity(node, gpu, own, ts_ms, activity);
      } else {
        job = scheduled(node, gpu, ts_ms);
        if (effects.staged && (job === null || job.kind === 'notebook')) job = effects.staged;
        if (effects.override !== undefined) job = effects.override;
        if (down) job = null;
        activityAt(job, ts_ms, activity);
        held = job !== null;
      }
      if (effects.hung) silence(activity);
      if (jobs[gpu] !== job) {
        jobs[gpu] = job;
        attributions[gpu] = attributionOf(job, node, slot, job !== null && job === (gangs[node.index] as Timeline).job);
      }
      stepBoard(state, {
        node,
        gpu,
        seed: own,
        seconds: (ts_ms - from_ms) / 1000,
        ts_ms,
        inlet_c,
        held,
        activity,
        effects,
        settle,
      });
      if (stories.length > 0) clearEffects(effects);
    }
  };

  const happen = (node: FleetNode, story: Story, event: HardwareEvent): void => {
    const gpus =
      event.target === 'gpu' && story.gpu >= 0
        ? [story.gpu]
        : Array.from({ length: node.gpus }, (_, slot) => node.first + slot);
    for (const gpu of gpus) {
      applyEvent(state, gpu, event.what);
      if (event.what.type === 'xid') {
        const list = (recent.get(gpu) ?? []).filter((x) => x.at_ms > event.at_ms - XID_WINDOW_MS);
        recent.set(gpu, [...list, { at_ms: event.at_ms, code: event.what.code }]);
      } else if (event.what.type === 'reset') {
        recent.delete(gpu);
      } else if (event.what.type === 'replace') {
        recent.delete(gpu);
        seeds[gpu] = event.what.seed;
      }
    }
  };

  const move = (node: FleetNode, ts_ms: number): void => {
    const before = reached_ms[node.index] as number;
    const first = Number.isNaN(before);
    let from_ms = first ? ts_ms : before;
    schedule.reach(ts_ms);
    const mine = schedule.forNode(node.index);
    const stories = mine.filter((story) => story.start_ms <= ts_ms && story.end_ms >= from_ms);
    if (!first && stories.length > 0) {
      // A step is cut where counters begin anew, so that they hold exactly what came after.
      for (const { story, event } of dueEvents(stories, from_ms, ts_ms)) {
        if (event.at_ms > from_ms && STARTS_ANEW.has(event.what.type)) {
          step(node, from_ms, event.at_ms, running(stories, event.at_ms), false);
          from_ms = event.at_ms;
        }
        happen(node, story, event);
      }
    }
    if (first || ts_ms > from_ms) step(node, from_ms, ts_ms, running(stories, ts_ms), first);
    reached_ms[node.index] = ts_ms;
    if (mine.length > 0 && mine.some((story) => story.end_ms < ts_ms)) {
      mine.splice(0, mine.length, ...mine.filter((story) => story.end_ms >= ts_ms));
    }
  };

  return {
    state,
    reached_ms,
    advance(node, ts_ms) {
      if (Number.isNaN(reached_ms[node.index] as number) && ts_ms > start_ms) {
        // First met late (a fleet that goes on after a restart): live through the time before, in coarse steps.
        const steps = Math.min(CATCH_UP_STEPS_MAX, Math.ceil((ts_ms - start_ms) / CATCH_UP_STEP_MS));
        for (let k = 0; k < steps; k++) move(node, Math.round(start_ms + ((ts_ms - start_ms) * k) / steps));
      }
      if (!(ts_ms <= (reached_ms[node.index] as number))) move(node, ts_ms);
    },
    attribution: (gpu) => attributions[gpu] as readonly Attribution[],
    recentXids(gpu) {
      const list = recent.get(gpu);
      if (!list) return [];
      const now_ms = reached_ms[Math.floor(gpu / 8)] as number;
      const kept = list.filter((x) => x.at_ms > now_ms - XID_WINDOW_MS);
      if (kept.length === 0) recent.delete(gpu);
      return kept;
    },
  };

  function sliceActivity(node: FleetNode, gpu: number, own: number, ts_ms: number, out: Activity): boolean {
    activityAt(null, ts_ms, out);
    let held = false;
    for (const instance of instancesOf(node, gpu)) {
      const { tenant, load } = sliceLoad(own, instance, ts_ms);
      if (tenant === 0) continue;
      held = true;
      const share = (instance.compute / 7) * load;
      out.sm += 0.85 * share;
      out.occupancy += 0.3 * share;
      out.tensor += 0.4 * share;
      out.dram += 0.5 * load * (instance.memory / 8);
      out.util = Math.max(out.util, load);
      out.memory_share += (instance.memory / 8) * (0.1 + 0.7 * load);
    }
    return held;
  }
}

function silence(activity: Activity): void {
  activity.sm = 0;
  activity.occupancy = 0;
  activity.tensor = 0;
  activity.dram = 0;
  activity.util = 0;
  activity.nvlink = 0;
  activity.pcie_tx = 0;
  activity.pcie_rx = 0;
}

const running = (stories: readonly Story[], ts_ms: number): Story[] =>
  stories.filter((story) => story.start_ms <= ts_ms && ts_ms < story.end_ms);

function dueEvents(
  stories: readonly Story[],
  after_ms: number,
  to_ms: number,
): { story: Story; event: HardwareEvent }[] {
  return stories
    .flatMap((story) =>
      story.events.filter((event) => event.at_ms > after_ms && event.at_ms <= to_ms).map((event) => ({ story, event })),
    )
    .sort((a, b) => a.event.at_ms - b.event.at_ms);
}

function gatherEffects(stories: readonly Story[], gpu: number, slot: number, ts_ms: number, effects: Effects): void {
  for (const story of stories) {
    const own = story.gpu < 0 || story.gpu === gpu;
    if (story.job && (own || story.kind.job_applies === 'node')) {
      if (story.kind.job_applies === 'when_idle') effects.staged = story.job;
      else effects.override = story.job;
    }
    if (!own) continue;
    const { start_ms, end_ms, seed, interval_ms } = story;
    const progress = (ts_ms - start_ms) / (end_ms - start_ms);
    story.kind.effect?.(effects, { start_ms, end_ms, seed, interval_ms, ts_ms, progress, slot });
  }
}
