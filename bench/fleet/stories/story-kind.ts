import type { MetricName } from '../../../pipeline/contract/metrics.ts';
import type { Effects } from '../effects.ts';
import type { Job } from '../workload.ts';

/** From when to when, with what luck. */
export interface Course {
  readonly start_ms: number;
  readonly end_ms: number;
  readonly seed: number;
  readonly interval_ms: number;
}

/** An instant in a course, for one GPU. */
export interface Moment extends Course {
  readonly ts_ms: number;
  /** 0 at the start .. 1 at the end. */
  readonly progress: number;
  /** Place of the GPU in its node. */
  readonly slot: number;
}

/** Something that happens at one instant: to the story's GPU, or to every GPU of the node. */
export interface HardwareEvent {
  readonly at_ms: number;
  readonly target: 'gpu' | 'node';
  readonly what:
    | { readonly type: 'xid'; readonly code: number }
    | { readonly type: 'dbe'; readonly count: number }
    | { readonly type: 'remap_pending' | 'remap_failed' }
    | { readonly type: 'retire'; readonly sbe: number; readonly dbe: number }
    | { readonly type: 'recovery'; readonly action: number }
    /** GPU reset, driver reload or reboot: volatile counters, energy and latches begin anew; pending remaps are done. */
    | { readonly type: 'reset' }
    /** A reset after the board was mended: failure flags go too. */
    | { readonly type: 'repair' }
    /** Another board in the same slot: counters of a whole life begin at zero; `seed` is what it was born with. */
    | { readonly type: 'replace'; readonly seed: number };
}

/** The node's exporter does not serve fresh pages from..to. */
export interface Absence {
  readonly from_ms: number;
  readonly to_ms: number;
  readonly how: 'refuses' | 'hangs' | 'frozen';
}

export type StoryCategory =
  | 'memory'
  | 'thermal'
  | 'power'
  | 'bus'
  | 'fabric'
  | 'driver'
  | 'sensor'
  | 'straggler'
  | 'benign';

/** One kind of story: what it is, how often and how long, and what it does. */
export interface StoryKind {
  readonly name: string;
  readonly category: StoryCategory;
  readonly scope: 'gpu' | 'node' | 'rack' | 'fleet';
  readonly description: string;
  /** Length when the schedule draws it, in hours, and when a person injects it, in minutes. */
  readonly hours: readonly [number, number];
  readonly inject_minutes: number;
  /** Share among the drawn stories of its half (faults, look-alikes). */
  readonly weight: number;
  /** Only drawn for nodes that export these, so that it can be seen. */
  readonly needs: readonly MetricName[];
  readonly nvlink_only?: true;
  /** Not for boards cut into MIG instances. */
  readonly whole_boards_only?: true;
  effect?(effects: Effects, moment: Moment): void;
  events?(course: Course): HardwareEvent[];
  absences?(course: Course): Absence[];
  /** The job that `effect` stages or overrides with, made once. */
  job?(course: Course): Job;
  /** `always` replaces whatever runs; `when_idle` only fills a board that has nothing to do; `node` is `always` for all eight. */
  readonly job_applies?: 'always' | 'when_idle' | 'node';
}

const MINUTE_MS = 60_000;

/** Length of a reboot at the end of a course: four minutes, less in a short one. */
export const rebootFrom = (course: Course): number =>
  course.end_ms - Math.min(4 * MINUTE_MS, (course.end_ms - course.start_ms) * 0.3);

export const at = (course: Course, progress: number): number =>
  Math.round(course.start_ms + (course.end_ms - course.start_ms) * progress);

export const xid = (at_ms: number, code: number, target: 'gpu' | 'node' = 'gpu'): HardwareEvent => ({
  at_ms,
  target,
  what: { type: 'xid', code },
});
