import type { Batch } from '../../pipeline/contract/batch.ts';
import type { EmitFrom } from '../../pipeline/contract/operator.ts';
import { isBoardVoice } from '../core/board-voice.ts';
import {
  agreedScore,
  begin,
  type Expectation,
  expect,
  learn,
  MODEL_WIDTH,
  seenMinutes,
  shift,
  usualReading,
} from './conditional-baseline.ts';
import { slopePrior } from './slope-prior.ts';
import { trackDeviation, trackSilence } from './track-deviation.ts';
import type { WatchedGauge } from './watched-gauges.ts';
import type { ZscoreOptions, ZscorePorts } from './zscore.ts';
import {
  BUSY,
  CERTAIN,
  CLOCK_WIDTH,
  HEATED_BY_POWER,
  IDLE,
  INPUT,
  JOB_MEMORY,
  JUDGED_AT,
  KINDS,
  LAST_TS,
  LIGHT,
  LIMITED,
  MINUTE_FROM,
  meansWidth,
  minuteMean,
  modelAt,
  UNPROFILED,
  type ZscoreState,
} from './zscore-state.ts';

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

/** Another row of the board counts as there when it came within this. */
const PRESENT_MS = 960_000;
const IDLE_BIT = 1;
/** Idle, power cap, sync boost, display: what holds a clock back without a fault. */
const BENIGN_BITS = 1 | 4 | 16 | 256;
/** Without throttle reasons, power this near its limit may hold the clock back. */
const AT_LIMIT_RATIO = 0.93;
/** A power limit that far from its usual one is another one. */
const OTHER_LIMIT_RATIO = 0.01;
/** A power limit that stays is the usual one within a working day. */
const LIMIT_HALF_LIFE_MS = 21_600_000;
/** Bounds of the kinds of activity; a kind is left only at the far bound. */
const IDLE_BOUNDS = [0.05, 0.1] as const;
const BUSY_BOUNDS = [0.45, 0.55] as const;
/** A framebuffer that changes by more than both, or work after so many idle minutes, is another job's. */
const OTHER_MEMORY_BYTES = 2 ** 31;
const OTHER_MEMORY_RATIO = 0.1;
const PAUSE_MINUTES = 3;
/** Until a day was seen at a kind of activity, the day's swing of the air is not known. */
const DAY_MINUTES = 1_440;
const YOUNG_AIR_RATIO = 1.5;
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
  const count = gauges.length;
  const width = meansWidth(count);
  const mirrors = Int8Array.from(gauges, ({ mirror_of }) =>
    gauges.findIndex(({ name, threshold }) => name === mirror_of && Number.isFinite(threshold)),
  );
  const power = gauges.findIndex(({ name }) => name === 'power_watts');
  const agingWeight = aging(options.half_life);
  const agingLimit = aging(LIMIT_HALF_LIFE_MS);
  const known: Expectation = { expected: 0, sigma: 0, robust_sigma: 0, robust_expected: 0, slope: 0, doubt: 0 };
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
    const { clock, means, models } = state;
    const gpu = batch.gpu[row] as number;
    const at = gpu * CLOCK_WIDTH;
    const base = gpu * width;
    const inputs = base + 2 * count;
    const until = clock[at + LAST_TS] as number;
    const elapsed = Math.min(ELAPSED_MAX_MS, until - (clock[at + JUDGED_AT] as number));
    clock[at + JUDGED_AT] = until;
    if (!isBoardVoice(batch.registry, gpu, until - PRESENT_MS, clock, CLOCK_WIDTH)) {
      // An instance that no longer speaks for its board still ends what it began.
      told.row = row;
      told.until = until;
      for (told.gauge = 0; told.gauge < count; told.gauge++) {
        trackSilence(batch, state, options, gauges[told.gauge] as WatchedGauge, told, emit);
      }
      return;
    }
    freshen(batch, row, state, gauges);

    const reasons = state.throttle[gpu] as number;
    const setting = minuteMean(means, inputs + 2 * INPUT.setting);
    const reasoned = !Number.isNaN(setting);
    // The activity of a slice says nothing of the board.
    const whole = batch.registry.gpus[gpu]?.instance === '';
    const activity = whole ? minuteMean(means, inputs + 2 * INPUT.activity) : Number.NaN;
    const work = whole ? minuteMean(means, inputs + 2 * INPUT.work) : Number.NaN;
    const before = state.kind[gpu] as number;
    const kind = kindOf(activity, reasons, before);
    state.kind[gpu] = kind;
    if (state.kind_since[gpu * KINDS + kind] === 0)
      state.kind_since[gpu * KINDS + kind] = clock[at + MINUTE_FROM] as number;
    noteJob(state, gpu, kind, whole ? minuteMean(means, inputs + 2 * INPUT.memory) : Number.NaN);
    const jobMinutes = state.job_minutes[gpu * KINDS + kind] as number;
    state.job_minutes[gpu * KINDS + kind] = Math.min(255, jobMinutes + 1);
    const heat = minuteMean(means, inputs + 2 * INPUT.heat);
    const swing = minuteMean(means, inputs + 2 * INPUT.swing);
    const limit = state.limit[gpu] as number;
    const aged = agingWeight(elapsed);
    const usualLimit = noteLimit(state, gpu, limit, agingLimit(elapsed));
    const doubtOfLimit = Math.abs(limit / usualLimit - 1) > OTHER_LIMIT_RATIO && limit > 0 ? LIMITED : CERTAIN;
    const doubtOfWork =
      (means[inputs + 2 * INPUT.profiled + 1] as number) > 0 ? doubtOfLimit : doubtOfLimit || UNPROFILED;
    const watts = power < 0 ? Number.NaN : minuteMean(means, base + 2 * power);
    const held = reasoned ? (reasons & BENIGN_BITS) !== 0 : !(watts < AT_LIMIT_RATIO * limit);
    const clocksTell = kind === before && kind !== IDLE && !held;
    const workTells = kind === before && !Number.isNaN(work);

    told.row = row;
    told.from = clock[at + MINUTE_FROM] as number;
    told.until = until;
    told.kind = kind;
    for (let g = 0; g < count; g++) {
      const gauge = gauges[g] as WatchedGauge;
      const observed = minuteMean(means, base + 2 * g);
      const mirror = mirrors[g] as number;
      const heated = gauge.cause === 'heat';
      const usable = heated
        ? // Without power or activity nothing says what heats the board.
          !Number.isNaN(heat) && (mirror < 0 || (means[base + 2 * mirror + 1] as number) === 0)
        : gauge.cause === 'activity'
          ? workTells
          : clocksTell;
      told.gauge = g;
      if (!usable || Number.isNaN(observed)) {
        trackSilence(batch, state, options, gauge, told, emit);
        continue;
      }
      const cause = (heated ? heat : gauge.cause === 'activity' ? work : setting) || 0;
      const model = modelAt(count, gpu, kind, g);
      const seen = seenMinutes(models, model);
      const floor = Math.max(
        heated && seen < DAY_MINUTES ? YOUNG_AIR_RATIO * gauge.floor : gauge.floor,
        Math.abs(usualReading(models, model)) * (kind === IDLE ? gauge.floor_ratio_idle : gauge.floor_ratio),
      );
      if (seen === 0) {
        begin(models, model, cause, observed);
        continue;
      }
      slopePrior(gauge, state.driver[gpu] === HEATED_BY_POWER, models, model, prior);
      expect(models, model, cause, heated ? swing : 0, floor, prior, known);
      if (g === power && known.expected > usualLimit) {
        known.robust_expected += usualLimit - known.expected;
        known.expected = usualLimit;
      }
      const settled = seen >= options.warmup;
      const young = gauge.cause === 'activity' && jobMinutes < options.warmup;
      let weight = aged;
      if (settled && !young) {
        told.score = agreedScore(observed, known);
        told.observed = observed;
        told.expected = known.expected;
        told.sigma = Math.max(known.sigma, known.robust_sigma);
        told.cause = cause;
        told.doubt = heated ? CERTAIN : gauge.cause === 'activity' ? doubtOfWork : doubtOfLimit;
        trackDeviation(batch, state, options, gauge, told, emit);
        if (Math.abs(told.score) < gauge.threshold) weight = Math.max(aged, 1 / (seen + 1));
      } else {
        trackSilence(batch, state, options, gauge, told, emit);
        weight = Math.max(aged, 1 / (seen + 1));
      }
      if (young) {
        const offset = (observed - known.expected) / (jobMinutes + 1);
        shift(models, model, offset);
        known.expected += offset;
      }
      learn(models, model, cause, observed, weight, floor, settled ? gauge.threshold : Number.POSITIVE_INFINITY, known);
    }
  };
}

/** What is worth how much of the baseline after so much time; all GPUs of a scrape ask for the same. */
function aging(half_life: number): (elapsed: number) => number {
  const decay = Math.LN2 / half_life;
  let last = -1;
  let weight = 0;
  return (elapsed) => {
    if (elapsed !== last) {
      last = elapsed;
      weight = -Math.expm1(-elapsed * decay);
    }
    return weight;
  };
}

/** Another node cools otherwise, and heat told as power is no heat told as activity: such baselines begin anew. */
function freshen(batch: Batch, row: number, state: ZscoreState, gauges: readonly WatchedGauge[]): void {
  const gpu = batch.gpu[row] as number;
  const node = (batch.node[row] as number) + 1;
  const driver = state.driver[gpu] as number;
  if (state.learned_node[gpu] === node && state.learned_driver[gpu] === driver) return;
  state.learned_node[gpu] = node;
  state.learned_driver[gpu] = driver;
  state.kind_since.fill(0, gpu * KINDS, (gpu + 1) * KINDS);
  for (let kind = 0; kind < KINDS; kind++) {
    for (let g = 0; g < gauges.length; g++) {
      const at = modelAt(gauges.length, gpu, kind, g);
      if ((gauges[g] as WatchedGauge).cause === 'heat') state.models.fill(0, at, at + MODEL_WIDTH);
    }
  }
}

function kindOf(activity: number, reasons: number, before: number): number {
  if (Number.isNaN(activity)) return (reasons & IDLE_BIT) === 0 ? BUSY : IDLE;
  const busy = activity > BUSY_BOUNDS[before === BUSY ? 0 : 1];
  if (busy) return BUSY;
  return activity < IDLE_BOUNDS[before === IDLE ? 1 : 0] ? IDLE : LIGHT;
}

/** Another user, another framebuffer or work after a pause is another job: what it draws at the same activity is its own. */
function noteJob(state: ZscoreState, gpu: number, kind: number, memory: number): void {
  const at = gpu * CLOCK_WIDTH + JOB_MEMORY;
  const before = state.clock[at] as number;
  const user = state.user[gpu] as number;
  const paused = kind !== IDLE && (state.idle_minutes[gpu] as number) >= PAUSE_MINUTES;
  const resized = Math.abs(memory - before) > Math.max(OTHER_MEMORY_BYTES, OTHER_MEMORY_RATIO * before);
  state.idle_minutes[gpu] = kind === IDLE ? Math.min(255, (state.idle_minutes[gpu] as number) + 1) : 0;
  if (!Number.isNaN(memory)) state.clock[at] = memory;
  if (!paused && !resized && user === state.job_user[gpu]) return;
  state.job_user[gpu] = user;
  state.job_minutes.fill(0, gpu * KINDS, (gpu + 1) * KINDS);
}

/** The power limit that the GPU usually has; infinite when none is told. */
function noteLimit(state: ZscoreState, gpu: number, limit: number, weight: number): number {
  if (!(limit > 0)) return Number.POSITIVE_INFINITY;
  const usual = state.usual_limit[gpu] as number;
  const learned = usual === 0 ? limit : usual + weight * (limit - usual);
  state.usual_limit[gpu] = learned;
  return learned;
}
