import type { Batch } from '../../pipeline/contract/batch.ts';
import type { EmitFrom, State } from '../../pipeline/contract/operator.ts';
import {
  agreedScore,
  type Expectation,
  expect,
  learn,
  MODEL_WIDTH,
  seenMinutes,
  shift,
} from './conditional-baseline.ts';
import { slopePrior } from './slope-prior.ts';
import { speaksForBoard } from './speaks-for-board.ts';
import { trackDeviation, trackSilence } from './track-deviation.ts';
import type { WatchedGauge } from './watched-gauges.ts';
import type { ZscoreOptions, ZscorePorts } from './zscore.ts';
import {
  BUSY,
  CERTAIN,
  IDLE,
  INPUT,
  INPUTS,
  KINDS,
  LIGHT,
  LIMITED,
  UNPROFILED,
  type zscoreState,
} from './zscore-state.ts';

export type ZscoreState = State<ReturnType<typeof zscoreState>>;

/** A minute of one gauge, as it was judged. */
export interface Judgement {
  row: number;
  gauge: number;
  from: number;
  until: number;
  kind: number;
  score: number;
  observed: number;
  expected: number;
  sigma: number;
  cause: number;
  /** Why the workload may explain it after all: another power limit, or activity that nobody profiled. */
  doubt: number;
}

const IDLE_BIT = 1;
/** Idle, power cap, sync boost, display: what holds a clock back without a fault. */
const BENIGN_BITS = 1 | 4 | 16 | 256;
/** Without throttle reasons, power this near its limit may hold the clock back. */
const AT_LIMIT_RATIO = 0.93;
/** A power limit that far from its usual one is another one. */
const OTHER_LIMIT_RATIO = 0.05;
/** Bounds of the kinds of activity; a kind is left only at the far bound. */
const IDLE_BOUNDS = [0.05, 0.1] as const;
const BUSY_BOUNDS = [0.45, 0.55] as const;
/** A framebuffer that changes by more than both, or work after so many idle minutes, is another job's. */
const OTHER_MEMORY_BYTES = 2 ** 31;
const OTHER_MEMORY_RATIO = 0.1;
const PAUSE_MINUTES = 3;
/** A gap counts as so much time at most. */
const ELAPSED_MAX_MS = 600_000;

/**
 * Judges and learns the minute of `row`'s GPU that this row ends, by the sums in the state.
 * Cost: O(watched gauges); nothing is allocated unless something is told.
 */
export function judgeMinute(
  options: ZscoreOptions,
  gauges: readonly WatchedGauge[],
): (batch: Batch, row: number, state: ZscoreState, emit: EmitFrom<ZscorePorts>) => void {
  const width = gauges.length + INPUTS;
  const inputs = gauges.length;
  const mirrors = Int8Array.from(gauges, ({ mirror_of }) => gauges.findIndex(({ name }) => name === mirror_of));
  const decay = Math.LN2 / options.half_life;
  const known: Expectation = {
    expected: 0,
    sigma: 0,
    robust_sigma: 0,
    robust_expected: 0,
    slope: 0,
    doubt: 0,
  };
  const prior = { mean: 0, sigma: 1, noise: 0 };
  const told: Judgement = {
    row: 0,
    gauge: 0,
    from: 0,
    until: 0,
    kind: 0,
    score: 0,
    observed: 0,
    expected: 0,
    sigma: 0,
    cause: 0,
    doubt: 0,
  };

  return (batch, row, state, emit) => {
    const gpu = batch.gpu[row] as number;
    const base = gpu * width;
    const mean = (at: number, count = at): number => {
      const n = state.counts[base + count] as number;
      return n === 0 ? Number.NaN : (state.sums[base + at] as number) / n;
    };
    const until = state.last_ts[gpu] as number;
    const elapsed = Math.min(ELAPSED_MAX_MS, until - (state.judged_at[gpu] as number));
    state.judged_at[gpu] = until;
    const own = (batch.registry.gpus[gpu] as { readonly instance: string }).instance === '';
    if (!own && !speaksForBoard(batch.registry.gpus, state, gpu)) return;
    freshen(batch, row, state, gauges);

    const reasons = state.throttle[gpu] as number;
    const reasoned = (state.counts[base + inputs + INPUT.setting] as number) > 0;
    // The activity of a slice says nothing of the board.
    const activity = own ? mean(inputs + INPUT.activity) : Number.NaN;
    const work = own ? mean(inputs + INPUT.work) : Number.NaN;
    const before = state.kind[gpu] as number;
    const kind = Number.isNaN(activity)
      ? reasoned && (reasons & IDLE_BIT) !== 0
        ? IDLE
        : BUSY
      : kindOf(activity, before);
    state.kind[gpu] = kind;
    noteJob(state, gpu, kind, own ? mean(inputs + INPUT.memory) : Number.NaN);
    const jobMinutes = state.job_minutes[gpu * KINDS + kind] as number;
    const heat = mean(inputs + INPUT.heat);
    const swing = mean(inputs + INPUT.swing, inputs + INPUT.heat);
    const limit = state.limit[gpu] as number;
    const aged = -Math.expm1(-elapsed * decay);
    const usualLimit = noteLimit(state, gpu, limit, aged);
    const limited = limit > 0 && Math.abs(limit / usualLimit - 1) > OTHER_LIMIT_RATIO;

    const profiled = state.counts[base + inputs + INPUT.profiled] === 1;
    told.row = row;
    told.from = state.minute_from[gpu] as number;
    told.until = until;
    told.kind = kind;
    for (let g = 0; g < gauges.length; g++) {
      const gauge = gauges[g] as WatchedGauge;
      const observed = mean(g);
      let cause = 0;
      let usable = !Number.isNaN(observed);
      if (gauge.cause === 'heat') {
        cause = Number.isNaN(heat) ? 0 : heat;
        const mirror = mirrors[g] as number;
        if (mirror >= 0 && (state.counts[base + mirror] as number) > 0) usable = false;
      } else if (kind !== before) {
        usable = false;
      } else if (gauge.cause === 'activity') {
        cause = work;
        if (Number.isNaN(work)) usable = false;
      } else {
        cause = reasoned ? mean(inputs + INPUT.setting) : 0;
        if (kind === IDLE || (reasoned ? (reasons & BENIGN_BITS) !== 0 : mayBeCapped(mean, gauges, limit)))
          usable = false;
      }
      told.gauge = g;
      if (!usable) {
        trackSilence(batch, state, options, gauge, told, emit);
        continue;
      }
      const at = ((gpu * gauges.length + g) * KINDS + kind) * MODEL_WIDTH;
      const seen = seenMinutes(state.models, at);
      const young = gauge.cause === 'activity' && jobMinutes < options.warmup;
      const usual = state.models[at + 2] as number;
      const floor = Math.max(
        gauge.floor,
        Math.abs(usual) * (kind === IDLE ? gauge.floor_ratio_idle : gauge.floor_ratio),
      );
      let weight = aged;
      if (seen > 0) {
        slopePrior(gauge, state.driver[gpu] === 1, state.models, at, prior);
        expect(state.models, at, cause, gauge.cause === 'heat' ? swing : 0, floor, prior, known);
        if (gauge.name === 'power_watts' && known.expected > usualLimit) {
          known.robust_expected += usualLimit - known.expected;
          known.expected = usualLimit;
        }
        const score = seen < options.warmup || young ? 0 : agreedScore(observed, known);
        if (Math.abs(score) < options.threshold) weight = Math.max(aged, 1 / (seen + 1));
        told.score = score;
        told.observed = observed;
        told.expected = known.expected;
        told.sigma = Math.max(known.sigma, known.robust_sigma);
        told.cause = cause;
        told.doubt =
          gauge.cause === 'heat'
            ? CERTAIN
            : limited
              ? LIMITED
              : gauge.cause === 'activity' && !profiled
                ? UNPROFILED
                : CERTAIN;
        if (seen < options.warmup || young) trackSilence(batch, state, options, gauge, told, emit);
        else trackDeviation(batch, state, options, gauge, told, emit);
      }
      if (young && seen > 0) {
        const offset = (observed - known.expected) / (jobMinutes + 1);
        shift(state.models, at, offset);
        known.expected += offset;
      }
      const reach = seen < options.warmup ? Number.POSITIVE_INFINITY : options.threshold;
      learn(state.models, at, cause, observed, weight, floor, reach, known);
    }
    state.job_minutes[gpu * KINDS + kind] = Math.min(255, jobMinutes + 1);
  };

  function mayBeCapped(mean: (at: number) => number, all: readonly WatchedGauge[], limit: number): boolean {
    const power = all.findIndex(({ name }) => name === 'power_watts');
    return power < 0 || !(mean(power) < AT_LIMIT_RATIO * limit);
  }
}

/** Another node cools otherwise, and heat told as power is no heat told as activity: such baselines begin anew. */
function freshen(batch: Batch, row: number, state: ZscoreState, gauges: readonly WatchedGauge[]): void {
  const gpu = batch.gpu[row] as number;
  const node = (batch.node[row] as number) + 1;
  const driver = state.driver[gpu] as number;
  if (state.learned_node[gpu] === node && state.learned_driver[gpu] === driver) return;
  state.learned_node[gpu] = node;
  state.learned_driver[gpu] = driver;
  const size = KINDS * MODEL_WIDTH;
  gauges.forEach((gauge, g) => {
    const at = (gpu * gauges.length + g) * size;
    if (gauge.cause === 'heat') state.models.fill(0, at, at + size);
  });
}

function kindOf(activity: number, before: number): number {
  const busy = activity > BUSY_BOUNDS[before === BUSY ? 0 : 1];
  if (busy) return BUSY;
  return activity < IDLE_BOUNDS[before === IDLE ? 1 : 0] ? IDLE : LIGHT;
}

/** Another user, another framebuffer or work after a pause is another job: what it draws at the same activity is its own. */
function noteJob(state: ZscoreState, gpu: number, kind: number, memory: number): void {
  const before = state.job_memory[gpu] as number;
  const user = state.user[gpu] as number;
  const paused = kind !== IDLE && (state.idle_minutes[gpu] as number) >= PAUSE_MINUTES;
  const resized = Math.abs(memory - before) > Math.max(OTHER_MEMORY_BYTES, OTHER_MEMORY_RATIO * before);
  state.idle_minutes[gpu] = kind === IDLE ? Math.min(255, (state.idle_minutes[gpu] as number) + 1) : 0;
  if (!Number.isNaN(memory)) state.job_memory[gpu] = memory;
  if (!paused && !resized && user === state.job_user[gpu]) return;
  state.job_user[gpu] = user;
  state.job_minutes.fill(0, gpu * KINDS, (gpu + 1) * KINDS);
}

/** The power limit that the GPU usually has, learned as its readings are; infinite when none is told. */
function noteLimit(state: ZscoreState, gpu: number, limit: number, weight: number): number {
  if (!(limit > 0)) return Number.POSITIVE_INFINITY;
  const usual = state.usual_limit[gpu] as number;
  state.usual_limit[gpu] = Number.isNaN(usual) ? limit : usual + weight * (limit - usual);
  return state.usual_limit[gpu] as number;
}
