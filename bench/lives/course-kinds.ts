import type { MetricName } from '../../pipeline/contract/metrics.ts';
import type { FailureType } from '../../pipeline/contract/predictions.ts';
import type { Effects } from '../fleet/effects.ts';
import { bell, chance, type Draws, draw, draws, mix, mixInstant, wander } from '../fleet/random.ts';
import { type HardwareEvent, xid } from '../fleet/stories/story-kind.ts';

/** One course of getting worse as it is planned: from where to where, how strongly, with what luck. */
export interface CourseShape {
  readonly start_ms: number;
  /** When it would end in a failure, if nothing comes between. */
  readonly end_ms: number;
  /** 1 = usual; 0.2 is hardly seen, 3 is plain. */
  readonly strength: number;
  readonly seed: number;
}

/** A way in which a failure announces itself; cut short, it is a look-alike. */
export interface CourseKind {
  readonly name: string;
  readonly type: FailureType;
  /** Share among the courses of its type. */
  readonly weight: number;
  /** Median length in days; lengths are log-normal, kept within half a day and 45 days. */
  readonly median_days: number;
  /** Without any of these nothing of it is in the readings; it happens all the same. */
  readonly seen_in: readonly MetricName[];
  readonly whole_node?: true;
  readonly nvlink_only?: true;
  /** `progress` 0..1 of the planned length. */
  effect(effects: Effects, progress: number, shape: CourseShape, ts_ms: number): void;
  events?(shape: CourseShape): HardwareEvent[];
}

const HOUR_MS = 3_600_000;
const from10 = (seed: number, purpose: number, low: number, high: number): number =>
  low * (high / low) ** chance(seed, purpose);
const noise: Draws = { state: 0 };
const ripple = (seed: number, ts_ms: number): number => {
  noise.state = mixInstant(seed, ts_ms);
  return bell(noise);
};
/** How it bends: from late and steep to early and flattening. */
const bend = (seed: number): number => from10(seed, 31, 0.5, 2);

const at = (shape: CourseShape, progress: number): number =>
  Math.round(shape.start_ms + progress * (shape.end_ms - shape.start_ms));

/** Contained uncorrectable errors: counted, a row or page waits for a reset, which comes within hours. */
export function containedError(at_ms: number, seed: number): HardwareEvent[] {
  const reset_ms = Math.round(at_ms + from10(seed, 1, 0.3, 30) * HOUR_MS);
  return [
    { at_ms, target: 'gpu', what: { type: 'dbe', count: 1 + Math.floor(1.3 * chance(seed, 2)) } },
    xid(at_ms, 48),
    xid(at_ms + 2_000, 63),
    { at_ms: at_ms + 2_000, target: 'gpu', what: { type: 'remap_pending' } },
    { at_ms: at_ms + 2_000, target: 'gpu', what: { type: 'retire', sbe: 0, dbe: 1 } },
    { at_ms: at_ms + 2_000, target: 'gpu', what: { type: 'recovery', action: 1 } },
    xid(at_ms + 3_000, 94),
    ...(chance(seed, 3) < 0.8 ? [{ at_ms: reset_ms, target: 'gpu' as const, what: { type: 'reset' as const } }] : []),
  ];
}

function* times(shape: CourseShape, expected: number, purpose: number, later: number): Generator<number> {
  const from = draws(mix(shape.seed, purpose));
  const count = Math.floor(expected * shape.strength * (0.4 + 1.2 * draw(from)) + draw(from));
  for (let k = 0; k < Math.min(40, count); k++) yield draw(from) ** (1 / later);
}

export const COURSE_KINDS: readonly CourseKind[] = [
  {
    name: 'cells_wear',
    type: 'memory',
    weight: 0.6,
    median_days: 15,
    seen_in: ['ecc_sbe_volatile_total', 'ecc_dbe_volatile_total', 'remapped_rows_correctable_total'],
    effect(e, progress, { seed, strength, start_ms, end_ms }, ts_ms) {
      const peak_per_hour = from10(seed, 1, 2, 4_000) * strength ** 2;
      const rate = 0.05 * (Math.max(0.1, peak_per_hour) / 0.05) ** (progress ** bend(seed));
      const burst = wander(seed ^ 7, ts_ms / (5 * HOUR_MS));
      e.sbe_per_second += (rate * (burst > 0.62 ? 2.6 : 0.4)) / 3_600;
      e.correctable_rows_per_second += (16 * strength * chance(seed, 2) * progress * 1_000) / (end_ms - start_ms);
    },
    events: (shape) => [
      ...[...times(shape, 1.1, 3, 3)].flatMap((p, k) => containedError(at(shape, 0.35 + 0.64 * p), mix(shape.seed, k))),
      ...[...times(shape, 1.5, 4, 1.5)].map((p) => ({
        at_ms: at(shape, p),
        target: 'gpu' as const,
        what: { type: 'retire' as const, sbe: 1, dbe: 0 },
      })),
    ],
  },
  {
    name: 'rows_go',
    type: 'memory',
    weight: 0.4,
    median_days: 9,
    seen_in: ['ecc_dbe_volatile_total', 'remapped_rows_uncorrectable_total', 'retired_pages_dbe_total'],
    effect(e, progress, { strength }) {
      e.sbe_per_second += (0.08 * strength * progress) / 3_600;
    },
    events: (shape) =>
      [...times(shape, 2.4, 5, 1.3)].flatMap((p, k) => containedError(at(shape, p * 0.99), mix(shape.seed, 50 + k))),
  },
  {
    name: 'plate_clogs',
    type: 'thermal',
    weight: 0.45,
    median_days: 15,
    seen_in: ['gpu_temp_celsius', 'memory_temp_celsius'],
    effect(e, progress, { seed, strength }) {
      const loss = from10(seed, 1, 0.45, 1.8) * strength * progress ** bend(seed);
      e.die_resistance *= 1 + loss;
      e.hbm_resistance *= 1 + 0.7 * loss;
    },
  },
  {
    name: 'paste_leaves',
    type: 'thermal',
    weight: 0.3,
    median_days: 20,
    seen_in: ['gpu_temp_celsius'],
    effect(e, progress, { seed, strength }) {
      e.die_resistance *= 1 + from10(seed, 1, 0.3, 1) * strength * (1 - Math.exp(-2.5 * progress));
    },
  },
  {
    name: 'fans_slow',
    type: 'thermal',
    weight: 0.25,
    median_days: 9,
    seen_in: ['gpu_temp_celsius', 'memory_temp_celsius'],
    whole_node: true,
    effect(e, progress, { seed, strength }, ts_ms) {
      // A fan falters for hours before it stays away.
      const falter = wander(seed, ts_ms / (3 * HOUR_MS)) < progress ? 1 : 0.3;
      const loss = from10(seed, 1, 0.25, 0.9) * strength * falter * (0.2 + 0.8 * progress);
      e.die_resistance *= 1 + loss;
      e.hbm_resistance *= 1 + 0.8 * loss;
    },
  },
  {
    name: 'brake_pulled',
    type: 'power',
    weight: 0.4,
    median_days: 9,
    seen_in: ['throttle_reasons', 'board_limit_violation_ns_total'],
    effect(e, progress, { seed, strength }, ts_ms) {
      const often = Math.min(0.6, 0.1 * strength * (0.1 + progress ** bend(seed)));
      if (chance(seed ^ 0xb4a, Math.floor(ts_ms / 240_000)) < often) e.brake = true;
    },
  },
  {
    name: 'supply_ripples',
    type: 'power',
    weight: 0.35,
    median_days: 13,
    seen_in: ['power_watts'],
    effect(e, progress, { seed, strength }, ts_ms) {
      const grown = progress ** bend(seed);
      const swing = 0.2 * strength * grown * ripple(seed ^ 0x51, ts_ms);
      e.watts_ratio *= Math.max(0.3, 1 + 0.05 * strength * grown * from10(seed, 2, 0.3, 3) + swing);
    },
  },
  {
    name: 'phase_lost',
    type: 'power',
    weight: 0.25,
    median_days: 8,
    seen_in: ['power_limit_watts', 'sm_clock_mhz', 'throttle_reasons'],
    effect(e, progress, { seed, strength }, ts_ms) {
      if (wander(seed, ts_ms / (2 * HOUR_MS)) < 0.25 + 0.6 * progress)
        e.limit_ratio *= Math.max(0.4, 1 - 0.22 * strength * (0.4 + progress));
    },
  },
  {
    name: 'lanes_go',
    type: 'other',
    weight: 0.45,
    median_days: 9,
    seen_in: ['pcie_replay_total', 'pcie_link_width'],
    effect(e, progress, { seed, strength }) {
      e.pcie_replay_per_second += (from10(seed, 1, 1, 300) * strength * progress ** bend(seed)) / 3_600;
      if (progress > from10(seed, 2, 0.3, 1.6)) e.pcie_width_max = chance(seed, 3) < 0.5 ? 4 : 8;
    },
  },
  {
    name: 'link_noisy',
    type: 'other',
    weight: 0.3,
    median_days: 10,
    seen_in: ['nvlink_crc_flit_errors_total', 'nvlink_recovery_errors_total'],
    nvlink_only: true,
    effect(e, progress, { seed, strength }) {
      const rate = (from10(seed, 1, 3, 30_000) * strength * progress ** (1 + bend(seed))) / 3_600;
      e.crc_flit_per_second += rate;
      e.crc_data_per_second += 0.15 * rate;
      e.link_replay_per_second += 0.08 * rate;
      e.link_recovery_per_second += progress > 0.5 ? (0.4 * strength * progress) / 3_600 : 0;
    },
    events: (shape) => [...times(shape, 1.2, 6, 2)].map((p) => xid(at(shape, p), 74)),
  },
  {
    name: 'clock_falters',
    type: 'other',
    weight: 0.25,
    median_days: 10,
    seen_in: ['sm_clock_mhz'],
    effect(e, progress, { seed, strength }, ts_ms) {
      if (wander(seed, ts_ms / (4 * HOUR_MS)) < 0.3 + 0.6 * progress)
        e.clock_ratio *= Math.max(0.3, 1 - 0.09 * strength * (0.3 + progress));
    },
  },
];
