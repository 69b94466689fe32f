import { random, type SampleRow, START_MS } from '../core/laws.fixture.ts';

/** What a test board does at an instant; what is left out is as a sound board has it. */
export interface BoardMoment {
  /** SM activity, 0..1. */
  readonly work: number;
  /** Kelvin per watt; the air is at 25 C. */
  readonly resistance?: number;
  readonly clock_ratio?: number;
  readonly limit_watts?: number;
  readonly job?: number;
}

export interface BoardRun {
  readonly step_ms: number;
  readonly hours: number;
  readonly seed?: number;
  readonly node?: string;
  readonly uuid?: string;
  readonly instance?: string;
  /** Metrics that the exporter does not tell. */
  readonly without?: readonly string[];
  moment(hour: number): BoardMoment;
}

const IDLE_WATTS = 80;
const WORK_WATTS = 560;
const BOOST_MHZ = 1_980;
const USUAL_RESISTANCE = 0.06;
const AIR_CELSIUS = 25;
const THERMAL_TIME_MS = 45_000;
const PHYSICS_STEP_MS = 5_000;

/** The rows of one board: power follows work and clock, the cap holds both, the die follows power as a first-order lag. */
export function boardRows(run: BoardRun): SampleRow[] {
  const next = random(run.seed ?? 1);
  const noise = (size: number): number => (next() + next() + next() - 1.5) * size;
  const rows: SampleRow[] = [];
  let die = Number.NaN;
  let at = 0;
  for (let ms = 0; ms < run.hours * 3_600_000; ms += run.step_ms) {
    let values: Record<string, number> = {};
    for (; at <= ms; at += Math.min(PHYSICS_STEP_MS, run.step_ms)) {
      const {
        work,
        resistance = USUAL_RESISTANCE,
        clock_ratio = 1,
        limit_watts = 700,
        job = 1,
      } = run.moment(at / 3_600_000);
      const wanted = IDLE_WATTS + WORK_WATTS * work * clock_ratio;
      const capped = wanted > 0.98 * limit_watts;
      const watts = Math.min(wanted, 0.98 * limit_watts) * (1 + noise(0.01));
      const target = AIR_CELSIUS + resistance * watts;
      const pull = 1 - Math.exp(-Math.min(PHYSICS_STEP_MS, run.step_ms) / THERMAL_TIME_MS);
      die = Number.isNaN(die) ? target : die + pull * (target - die);
      const held = capped ? clock_ratio * 0.7 : clock_ratio;
      values = {
        gpu_temp_celsius: Math.round(die + noise(0.3)),
        memory_temp_celsius: Math.round(die + 8 + noise(0.3)),
        temp_margin_celsius: Math.round(87 - die),
        power_watts: watts,
        power_limit_watts: limit_watts,
        sm_clock_mhz: work < 0.02 ? 345 : BOOST_MHZ * held,
        memory_clock_mhz: 2_619,
        gpu_util_ratio: work < 0.02 ? 0 : 1,
        gr_engine_active_ratio: Math.min(1, work * 1.05),
        sm_active_ratio: work,
        tensor_active_ratio: work * 0.6,
        dram_active_ratio: work * 0.4,
        fb_used_bytes: job * 2 ** 34,
        throttle_reasons: work < 0.02 ? 1 : capped ? 4 : 0,
      };
    }
    for (const name of run.without ?? []) delete values[name];
    rows.push({
      ts: START_MS + ms,
      node: run.node ?? 'n',
      uuid: run.uuid ?? 'GPU-a',
      instance: run.instance ?? '',
      values,
    });
  }
  return rows;
}
