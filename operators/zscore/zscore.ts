import type { Anomaly } from '../../pipeline/contract/events.ts';
import { METRIC_COUNT, type MetricName, metricIndex } from '../../pipeline/contract/metrics.ts';
import type { Operator } from '../../pipeline/contract/operator.ts';
import { type DurationMs, days, hours, minutes } from '../../pipeline/contract/time.ts';
import { judgeMinute } from './judge-minute.ts';
import { BOARD_GAUGES, type GaugeThresholds, watchedGauge } from './watched-gauges.ts';
import {
  CLOCK_WIDTH,
  FAST,
  HEATED_BY_ACTIVITY,
  HEATED_BY_POWER,
  INPUT,
  LAST_TS,
  MINUTE,
  MINUTE_FROM,
  meansWidth,
  SLOW,
  type ZscoreState,
  zscoreState,
} from './zscore-state.ts';

export interface ZscoreOptions {
  /** Deviation, in sigma, that both variants must see; twice of it warns. */
  readonly threshold: number;
  readonly thresholds: GaugeThresholds;
  /** Time, spent at one kind of activity, in which a reading's weight falls to a half. */
  readonly half_life: DurationMs;
  /** How long a deviation lasts before it is told: this, and three judgements. */
  readonly confirm: DurationMs;
  /** How long twice the threshold lasts before it warns. */
  readonly confirm_warning: DurationMs;
  /** How long a reading stays within half the threshold before the anomaly closes. */
  readonly calm: DurationMs;
  /** An anomaly whose workload has not come back for so long closes. */
  readonly forget: DurationMs;
  /** Judgements, a minute apart or more, that a kind of activity is watched before it is judged. */
  readonly warmup: number;
  /** Who is watched: BOARD_GAUGES, or any of WATCHABLE_GAUGES; a gauge of the workload itself never goes above info. */
  readonly gauges: readonly MetricName[];
}

export const ZSCORE_DEFAULTS: ZscoreOptions = {
  threshold: 3,
  thresholds: {},
  half_life: days(3),
  confirm: minutes(2),
  confirm_warning: minutes(5),
  calm: minutes(5),
  forget: hours(24),
  warmup: 10,
  gauges: BOARD_GAUGES,
};

export interface ZscorePorts {
  readonly anomalies: Anomaly;
}

const GR_ENGINE = metricIndex('gr_engine_active_ratio');
const GPU_UTIL = metricIndex('gpu_util_ratio');
const SM_ACTIVE = metricIndex('sm_active_ratio');
const TENSOR_ACTIVE = metricIndex('tensor_active_ratio');
const DRAM_ACTIVE = metricIndex('dram_active_ratio');
const POWER = metricIndex('power_watts');
const POWER_LIMIT = metricIndex('power_limit_watts');
const FB_USED = metricIndex('fb_used_bytes');
const THROTTLE = metricIndex('throttle_reasons');

const MINUTE_MS = 60_000;
/** What a board's temperature remembers of its power: the die within half a minute, sinks and air within two. */
const FAST_MS = 30_000;
const SLOW_MS = 120_000;

/**
 * Flags a GPU whose reading its own workload does not explain.
 *
 * Input    enriched rows; missing readings are skipped, rows not newer than the GPU's last one too.
 * Output   anomalies: one when a condition is confirmed, again under its id when it warns and when it closes. Never critical.
 * How      Readings are averaged over minutes of event time; what a minute's mean should be is learned per GPU, gauge and kind
 *          of activity (idle, light, busy) as a line on its cause: temperatures on power behind a thermal lag, power on SM,
 *          tensor and memory activity, clocks on what is set, away from minutes that idling or the power cap explain. A
 *          deviation counts as far as the variance and the median / MAD of the residuals agree.
 * Time     event time: a minute is judged when a row of a later one comes; no timers. A cadence slower than a minute makes
 *          each row its own minute.
 * State    181 B per watched gauge and 223 B per GPU: 1,309 B with the six board gauges.
 * Cost     per row additions only; per GPU and minute O(watched gauges), a few square roots each; nothing allocated unless it
 *          emits. Instances of a MIG board look for their kin.
 * Errors   none.
 * Source   conditional-baseline.ts; control limits after Roberts 1959.
 */
export const zscore = (options: ZscoreOptions): Operator<ReturnType<typeof zscoreState>, ZscorePorts> => {
  const gauges = options.gauges.map((name) => watchedGauge(name, options.thresholds[name] ?? options.threshold));
  const columns = Uint16Array.from(gauges, ({ column }) => column);
  const spec = zscoreState(gauges.length);
  const width = meansWidth(gauges.length);
  const judge = judgeMinute(options, gauges);
  return {
    name: 'zscore',
    summary: "each gauge against what the GPU's own workload explains",
    state: spec,
    ports: ['anomalies'],
    onBatch(batch, state, emit) {
      const { values } = batch;
      const { clock, means } = state;
      for (let row = 0; row < batch.rows; row++) {
        const gpu = batch.gpu[row] as number;
        const ts = batch.ts[row] as number;
        const at = gpu * CLOCK_WIDTH;
        const last = clock[at + LAST_TS] as number;
        if (ts <= last) continue;
        const minute = Math.floor(ts / MINUTE_MS);
        const base = gpu * width;
        if (minute !== clock[at + MINUTE]) {
          if (last > 0) {
            judge(batch, row, state, emit);
            for (let i = base; i < base + width; i++) means[i] = 0;
            state.throttle[gpu] = 0;
          }
          clock[at + MINUTE] = minute;
          clock[at + MINUTE_FROM] = ts;
        }
        clock[at + LAST_TS] = ts;
        state.user[gpu] = batch.attribution[row] as number;
        const from = row * METRIC_COUNT;
        for (let g = 0; g < columns.length; g++) {
          add(means, base + 2 * g, values[from + (columns[g] as number)] as number);
        }
        addCauses(values, from, state, gpu, base + 2 * columns.length, ts - last);
      }
    },
  };
};

function add(means: Float64Array, place: number, value: number): void {
  if (Number.isNaN(value)) return;
  means[place] = (means[place] as number) + value;
  means[place + 1] = (means[place + 1] as number) + 1;
}

/** Adds what explains the gauges: activity, power behind its lags, what holds the clocks. */
function addCauses(
  values: Float64Array,
  from: number,
  state: ZscoreState,
  gpu: number,
  base: number,
  elapsed: number,
): void {
  const { means } = state;
  const engine = values[from + GR_ENGINE] as number;
  const activity = Number.isNaN(engine) ? (values[from + GPU_UTIL] as number) : engine;
  add(means, base + 2 * INPUT.activity, activity);
  const sm = values[from + SM_ACTIVE] as number;
  const profiled = !Number.isNaN(sm);
  add(means, base + 2 * INPUT.profiled, sm);
  const work = profiled
    ? meanOf(sm, values[from + TENSOR_ACTIVE] as number, values[from + DRAM_ACTIVE] as number)
    : activity;
  add(means, base + 2 * INPUT.work, work);
  addHeat(state, gpu, base, values[from + POWER] as number, activity, elapsed);
  const reasons = values[from + THROTTLE] as number;
  if (!Number.isNaN(reasons)) {
    state.throttle[gpu] = (state.throttle[gpu] as number) | reasons;
    add(means, base + 2 * INPUT.setting, (reasons >> 1) & 1);
  }
  add(means, base + 2 * INPUT.memory, values[from + FB_USED] as number);
  const limit = values[from + POWER_LIMIT] as number;
  if (!Number.isNaN(limit)) state.limit[gpu] = limit;
}

function addHeat(
  state: ZscoreState,
  gpu: number,
  base: number,
  power: number,
  activity: number,
  elapsed: number,
): void {
  const { clock, means } = state;
  const before = state.driver[gpu] as number;
  const driver = Number.isNaN(power) ? Math.max(before, HEATED_BY_ACTIVITY) : HEATED_BY_POWER;
  const heat = driver === HEATED_BY_POWER ? power : activity;
  if (Number.isNaN(heat)) return;
  const at = gpu * CLOCK_WIDTH;
  if (driver !== before) {
    state.driver[gpu] = driver;
    clock[at + FAST] = heat;
    clock[at + SLOW] = heat;
  }
  const fastBefore = clock[at + FAST] as number;
  const slowBefore = clock[at + SLOW] as number;
  const fast = fastBefore + lagWeight(elapsed / FAST_MS) * (heat - fastBefore);
  const slow = slowBefore + lagWeight(elapsed / SLOW_MS) * (heat - slowBefore);
  clock[at + FAST] = fast;
  clock[at + SLOW] = slow;
  add(means, base + 2 * INPUT.heat, (fast + slow) / 2);
  add(means, base + 2 * INPUT.swing, Math.abs(fast - slow) / 2);
}

const meanOf = (sm: number, tensor: number, dram: number): number => {
  if (Number.isNaN(tensor)) return Number.isNaN(dram) ? sm : (sm + dram) / 2;
  return Number.isNaN(dram) ? (sm + tensor) / 2 : (sm + tensor + dram) / 3;
};

/** 1 - e^-u within 0.07 for all u, without the exponential. */
const lagWeight = (u: number): number => 1 - 1 / (1 + u * (1 + u / 2));
