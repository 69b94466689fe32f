import type { State } from '../../pipeline/contract/operator.ts';
import { MODEL_WIDTH } from './conditional-baseline.ts';

/** What is averaged over a minute besides the watched gauges, by place behind them. */
export const INPUT = { activity: 0, work: 1, heat: 2, swing: 3, setting: 4, memory: 5, profiled: 6 } as const;
const INPUTS = 7;

/** Elements of `means` that one GPU has: a sum and a count for every gauge and input. */
export const meansWidth = (gauges: number): number => 2 * (gauges + INPUTS);

/** The mean over the open minute of the gauge or input at `place` (`base` + 2 x its number); NaN when nothing was read. */
export function minuteMean(means: Float64Array, place: number): number {
  const count = means[place + 1] as number;
  return count === 0 ? Number.NaN : (means[place] as number) / count;
}

/** Kinds of activity, each with a baseline of its own. */
export const IDLE = 0;
export const LIGHT = 1;
export const BUSY = 2;
export const KINDS = 3;

/** What heats the board, as far as it is told. */
const UNHEATED = 0;
export const HEATED_BY_ACTIVITY = 1;
export const HEATED_BY_POWER = 2;

/** What else may explain a deviation: nothing, another power limit, work that only utilisation tells of. */
export const CERTAIN = 0;
export const LIMITED = 1;
export const UNPROFILED = 2;

/** Where a gauge stands: nothing about it, deviating but not confirmed, told. */
export const QUIET = 0;
export const DEVIATING = 1;
export const OPEN = 2;

/** Places in `clock`: last row (first, as board-voice.ts reads it), open minute since the epoch, its first row, the two lags of heat, last judgement, framebuffer then. */
export const LAST_TS = 0;
export const MINUTE = 1;
export const MINUTE_FROM = 2;
export const FAST = 3;
export const SLOW = 4;
export const JUDGED_AT = 5;
export const JOB_MEMORY = 6;
export const CLOCK_WIDTH = 7;

/** Place of a model in `models`: what one minute touches lies together. */
export const modelAt = (gauges: number, gpu: number, kind: number, gauge: number): number =>
  ((gpu * KINDS + kind) * gauges + gauge) * MODEL_WIDTH;

/** Columns for so many watched gauges. */
export const zscoreState = (gauges: number) =>
  ({
    clock: { scope: 'gpu', type: 'f64', width: CLOCK_WIDTH, initial: 0 },
    means: { scope: 'gpu', type: 'f64', width: meansWidth(gauges), initial: 0 },
    /** All reasons met in the open minute. */
    throttle: { scope: 'gpu', type: 'u32', width: 1, initial: 0 },
    limit: { scope: 'gpu', type: 'f32', width: 1, initial: 0 },
    usual_limit: { scope: 'gpu', type: 'f32', width: 1, initial: 0 },
    driver: { scope: 'gpu', type: 'u8', width: 1, initial: UNHEATED },
    /** Driver and node (plus one) that the heat baselines were learned with. */
    learned_driver: { scope: 'gpu', type: 'u8', width: 1, initial: 0 },
    learned_node: { scope: 'gpu', type: 'u32', width: 1, initial: 0 },
    kind: { scope: 'gpu', type: 'u8', width: 1, initial: 255 },
    /** When each kind was first judged with these baselines; 0 = never. */
    kind_since: { scope: 'gpu', type: 'f64', width: KINDS, initial: 0 },
    /** Who used the GPU in the open minute, and in the judged one before; idle minutes on end. */
    user: { scope: 'gpu', type: 'u32', width: 1, initial: 0 },
    job_user: { scope: 'gpu', type: 'u32', width: 1, initial: 0 },
    idle_minutes: { scope: 'gpu', type: 'u8', width: 1, initial: 0 },
    /** Minutes judged since the job changed, by kind of activity. */
    job_minutes: { scope: 'gpu', type: 'u8', width: KINDS, initial: 0 },
    models: { scope: 'gpu', type: 'f32', width: gauges * KINDS * MODEL_WIDTH, initial: 0 },
    phase: { scope: 'gpu', type: 'u8', width: gauges, initial: QUIET },
    streak: { scope: 'gpu', type: 'u8', width: gauges, initial: 0 },
    opened_at: { scope: 'gpu', type: 'f64', width: gauges, initial: 0 },
    /** When the condition began. */
    began_at: { scope: 'gpu', type: 'f64', width: gauges, initial: 0 },
    /** How long its baseline had been learned then. */
    learned_ms: { scope: 'gpu', type: 'f32', width: gauges, initial: 0 },
    /** Since when it is calm; since when it is beyond twice the threshold (0: it is not). */
    calm_since: { scope: 'gpu', type: 'f64', width: gauges, initial: 0 },
    strong_since: { scope: 'gpu', type: 'f64', width: gauges, initial: 0 },
    seen_at: { scope: 'gpu', type: 'f64', width: gauges, initial: 0 },
    /** Kind of activity that it was opened in; 1 when it has warned; what else may explain it. */
    open_kind: { scope: 'gpu', type: 'u8', width: gauges, initial: 0 },
    warned: { scope: 'gpu', type: 'u8', width: gauges, initial: 0 },
    doubted: { scope: 'gpu', type: 'u8', width: gauges, initial: CERTAIN },
    /** The furthest judgement of the condition. */
    peak_score: { scope: 'gpu', type: 'f32', width: gauges, initial: 0 },
    peak_observed: { scope: 'gpu', type: 'f32', width: gauges, initial: 0 },
    peak_expected: { scope: 'gpu', type: 'f32', width: gauges, initial: 0 },
    peak_sigma: { scope: 'gpu', type: 'f32', width: gauges, initial: 0 },
    peak_cause: { scope: 'gpu', type: 'f32', width: gauges, initial: 0 },
  }) as const;

export type ZscoreState = State<ReturnType<typeof zscoreState>>;
