import type { Batch } from '../../pipeline/contract/batch.ts';
import type { EmitFrom } from '../../pipeline/contract/operator.ts';
import { deviationAnomaly } from './deviation-anomaly.ts';
import type { Judgement } from './judge-minute.ts';
import type { WatchedGauge } from './watched-gauges.ts';
import type { ZscoreOptions, ZscorePorts } from './zscore.ts';
import { CERTAIN, DEVIATING, KINDS, OPEN, QUIET, type ZscoreState } from './zscore-state.ts';

/** So many judgements make a streak, however far apart they are. */
const STREAK_MIN = 3;
/** A streak with a longer hole than this begins anew. */
const HOLE_MAX_MS = 600_000;

/** Takes a judgement into the story of its gauge: opens after a confirmed streak, warns, closes after a calm one. */
export function trackDeviation(
  batch: Batch,
  state: ZscoreState,
  options: ZscoreOptions,
  gauge: WatchedGauge,
  judged: Judgement,
  emit: EmitFrom<ZscorePorts>,
): void {
  const gpu = batch.gpu[judged.row] as number;
  const at = gpu * options.gauges.length + judged.gauge;
  const { from, until, score } = judged;
  const size = Math.abs(score);
  const phase = state.phase[at] as number;
  if (phase !== OPEN) {
    if (size < gauge.threshold) {
      if (phase !== QUIET) miss(state, at);
      return;
    }
    const other =
      (state.peak_score[at] as number) > 0 !== score > 0 || from - (state.seen_at[at] as number) > HOLE_MAX_MS;
    if (phase === QUIET || other) begin(state, at, judged, gpu, options.half_life);
    state.seen_at[at] = until;
    notePeak(state, at, judged);
    noteStrength(state, at, size, from, gauge);
    if (!lasts(state, at, until - (state.began_at[at] as number), options.confirm)) return;
    state.phase[at] = OPEN;
    state.opened_at[at] = batch.ts[judged.row] as number;
    state.open_kind[at] = judged.kind;
    state.streak[at] = 0;
    state.warned[at] = warns(state, at, until, gauge, options) ? 1 : 0;
    emit('anomalies', deviationAnomaly(batch, judged.row, state, options, gauge, at, null), judged.row);
    return;
  }
  // Judged only where it was found: heat hardly shows in an idle board.
  if (judged.kind !== state.open_kind[at]) {
    trackSilence(batch, state, options, gauge, judged, emit);
    return;
  }
  state.seen_at[at] = until;
  const same = (state.peak_score[at] as number) > 0 === score > 0;
  if (same) notePeak(state, at, judged);
  noteStrength(state, at, same ? size : 0, from, gauge);
  if (state.warned[at] === 0 && warns(state, at, until, gauge, options)) {
    state.warned[at] = 1;
    emit('anomalies', deviationAnomaly(batch, judged.row, state, options, gauge, at, null), judged.row);
  }
  if (same && size >= gauge.threshold / 2) {
    state.streak[at] = 0;
    return;
  }
  if (state.streak[at] === 0) state.calm_since[at] = from;
  if (lasts(state, at, until - (state.calm_since[at] as number), options.calm))
    close(batch, state, options, gauge, judged, at, emit);
}

/** A minute that cannot be judged: a streak waits up to its longest hole, an open anomaly for its workload to come back. */
export function trackSilence(
  batch: Batch,
  state: ZscoreState,
  options: ZscoreOptions,
  gauge: WatchedGauge,
  judged: Judgement,
  emit: EmitFrom<ZscorePorts>,
): void {
  const at = (batch.gpu[judged.row] as number) * options.gauges.length + judged.gauge;
  if (state.phase[at] !== OPEN) return;
  state.streak[at] = 0;
  if (judged.until - (state.seen_at[at] as number) >= options.forget) {
    close(batch, state, options, gauge, judged, at, emit);
  }
}

function begin(state: ZscoreState, at: number, { from, kind }: Judgement, gpu: number, half_life: number): void {
  state.phase[at] = DEVIATING;
  state.streak[at] = 0;
  state.began_at[at] = from;
  state.learned_ms[at] = Math.min(half_life, from - (state.kind_since[gpu * KINDS + kind] as number));
  state.strong_since[at] = 0;
  state.peak_score[at] = 0;
}

/** One judgement of a streak may fail: what comes and goes by the minute is a condition too. */
function miss(state: ZscoreState, at: number): void {
  const left = (state.streak[at] as number) - 1;
  state.streak[at] = Math.max(0, left);
  state.strong_since[at] = 0;
  if (left <= 0) state.phase[at] = QUIET;
}

function notePeak(state: ZscoreState, at: number, judged: Judgement): void {
  if (Math.abs(judged.score) <= Math.abs(state.peak_score[at] as number)) return;
  state.peak_score[at] = judged.score;
  state.peak_observed[at] = judged.observed;
  state.peak_expected[at] = judged.expected;
  state.peak_sigma[at] = judged.sigma;
  state.peak_cause[at] = judged.cause;
  state.doubted[at] = judged.doubt;
}

function noteStrength(state: ZscoreState, at: number, size: number, from: number, gauge: WatchedGauge): void {
  if (size < 2 * gauge.threshold) state.strong_since[at] = 0;
  else if (state.strong_since[at] === 0) state.strong_since[at] = from;
}

function warns(state: ZscoreState, at: number, until: number, gauge: WatchedGauge, options: ZscoreOptions): boolean {
  const since = state.strong_since[at] as number;
  const harmless =
    gauge.workload || gauge.worse * (state.peak_score[at] as number) < 0 || state.doubted[at] !== CERTAIN;
  return since !== 0 && !harmless && until - since >= options.confirm_warning;
}

/** Counts a judgement in; whether the streak is long enough in time and in judgements. */
function lasts(state: ZscoreState, at: number, lasted: number, time: number): boolean {
  const streak = Math.min(255, (state.streak[at] as number) + 1);
  state.streak[at] = streak;
  return streak >= STREAK_MIN && lasted >= time;
}

function close(
  batch: Batch,
  state: ZscoreState,
  options: ZscoreOptions,
  gauge: WatchedGauge,
  judged: Judgement,
  at: number,
  emit: EmitFrom<ZscorePorts>,
): void {
  const now = batch.ts[judged.row] as number;
  emit('anomalies', deviationAnomaly(batch, judged.row, state, options, gauge, at, now), judged.row);
  state.phase[at] = QUIET;
}
