import { MODEL_WIDTH } from './conditional-baseline.ts';

/** What is summed over a minute besides the watched gauges, by place behind them. */
export const INPUT = { activity: 0, work: 1, heat: 2, swing: 3, setting: 4, memory: 5, profiled: 6 } as const;
export const INPUTS = 7;

/** Kinds of activity, each with a baseline of its own. */
export const IDLE = 0;
export const LIGHT = 1;
export const BUSY = 2;
export const KINDS = 3;

/** What else may explain a deviation: nothing, another power limit, work that only utilisation tells of. */
export const CERTAIN = 0;
export const LIMITED = 1;
export const UNPROFILED = 2;

/** Columns for so many watched gauges. */
export const zscoreState = (gauges: number) =>
  ({
    last_ts: { scope: 'gpu', type: 'f64', width: 1, initial: 0 },
    /** The open minute, since the epoch, and its first row. */
    minute: { scope: 'gpu', type: 'f64', width: 1, initial: 0 },
    minute_from: { scope: 'gpu', type: 'f64', width: 1, initial: 0 },
    sums: { scope: 'gpu', type: 'f64', width: gauges + INPUTS, initial: 0 },
    counts: { scope: 'gpu', type: 'f32', width: gauges + INPUTS, initial: 0 },
    /** All reasons met in the open minute. */
    throttle: { scope: 'gpu', type: 'u32', width: 1, initial: 0 },
    limit: { scope: 'gpu', type: 'f32', width: 1, initial: Number.NaN },
    usual_limit: { scope: 'gpu', type: 'f32', width: 1, initial: Number.NaN },
    /** 1: heat is power; 0: no power was ever told, it is activity. */
    driver: { scope: 'gpu', type: 'u8', width: 1, initial: 0 },
    fast: { scope: 'gpu', type: 'f64', width: 1, initial: Number.NaN },
    slow: { scope: 'gpu', type: 'f64', width: 1, initial: Number.NaN },
    judged_at: { scope: 'gpu', type: 'f64', width: 1, initial: 0 },
    /** Driver and node (plus one) that the heat baselines were learned with. */
    learned_driver: { scope: 'gpu', type: 'u8', width: 1, initial: 0 },
    learned_node: { scope: 'gpu', type: 'u32', width: 1, initial: 0 },
    kind: { scope: 'gpu', type: 'u8', width: 1, initial: 255 },
    /** Who used the GPU in the open minute, and in the judged one before; its framebuffer then; idle minutes on end. */
    user: { scope: 'gpu', type: 'u32', width: 1, initial: 0 },
    job_user: { scope: 'gpu', type: 'u32', width: 1, initial: 0 },
    job_memory: { scope: 'gpu', type: 'f64', width: 1, initial: Number.NaN },
    idle_minutes: { scope: 'gpu', type: 'u8', width: 1, initial: 0 },
    /** Minutes judged since the job changed, by kind of activity. */
    job_minutes: { scope: 'gpu', type: 'u8', width: KINDS, initial: 0 },
    /** Whether an instance speaks for its board, and the span of time in which that was found. */
    speaks: { scope: 'gpu', type: 'u8', width: 1, initial: 0 },
    speaks_span: { scope: 'gpu', type: 'u32', width: 1, initial: 0 },
    models: { scope: 'gpu', type: 'f32', width: gauges * KINDS * MODEL_WIDTH, initial: 0 },
    /** 0: none open. */
    opened_at: { scope: 'gpu', type: 'f64', width: gauges, initial: 0 },
    /** While closed: since when it deviates; while open: since when it is calm. 0: it does not. */
    since: { scope: 'gpu', type: 'f64', width: gauges, initial: 0 },
    streak: { scope: 'gpu', type: 'u8', width: gauges, initial: 0 },
    /** When the open condition began, and since when it is beyond twice the threshold. */
    began_at: { scope: 'gpu', type: 'f64', width: gauges, initial: 0 },
    strong_since: { scope: 'gpu', type: 'f64', width: gauges, initial: 0 },
    seen_at: { scope: 'gpu', type: 'f64', width: gauges, initial: 0 },
    /** Kind of activity that it was opened in; 1 when it has warned; 1 when something else may explain it. */
    open_kind: { scope: 'gpu', type: 'u8', width: gauges, initial: 0 },
    warned: { scope: 'gpu', type: 'u8', width: gauges, initial: 0 },
    doubted: { scope: 'gpu', type: 'u8', width: gauges, initial: 0 },
    /** The furthest judgement of the condition. */
    peak_score: { scope: 'gpu', type: 'f32', width: gauges, initial: 0 },
    peak_observed: { scope: 'gpu', type: 'f32', width: gauges, initial: 0 },
    peak_expected: { scope: 'gpu', type: 'f32', width: gauges, initial: 0 },
    peak_sigma: { scope: 'gpu', type: 'f32', width: gauges, initial: 0 },
    peak_cause: { scope: 'gpu', type: 'f32', width: gauges, initial: 0 },
  }) as const;
