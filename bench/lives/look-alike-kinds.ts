import { type Draws, draw, wander } from '../fleet/random.ts';
import { xid } from '../fleet/stories/story-kind.ts';
import { containedError } from './course-kinds.ts';
import type { StoryParts } from './life-stories.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;

type Told = Omit<StoryParts, 'name' | 'nodes' | 'gpu' | 'start_ms' | 'seed' | 'end_ms'>;

/** Something that happens to healthy boards: how often a year, how long, what. */
export interface LookAlike {
  readonly name: string;
  readonly scope: 'gpu' | 'node' | 'rack' | 'fleet';
  /** Per GPU, node, rack or fleet and year, before the run's scale. */
  readonly per_year: number;
  /** Shortest and longest, in hours; log-uniform. */
  readonly hours: readonly [number, number];
  tell(at: { readonly start_ms: number; readonly end_ms: number; readonly from: Draws; readonly seed: number }): Told;
}

export const between = (from: Draws, low: number, high: number): number => low * (high / low) ** draw(from);

/** Trouble that is none, or none of the board's. Rates by judgement: each is commoner than the failure that it resembles. */
export const LOOK_ALIKES: readonly LookAlike[] = [
  {
    name: 'sbe_burst',
    scope: 'gpu',
    per_year: 0.25,
    hours: [2, 120],
    tell({ from, seed }) {
      const per_hour = between(from, 1, 900);
      return {
        effect(e, ts_ms) {
          if (wander(seed, ts_ms / (2 * HOUR_MS)) > 0.4) e.sbe_per_second += per_hour / 3_600;
        },
      };
    },
  },
  {
    name: 'chronic_sbe',
    scope: 'gpu',
    per_year: 0.04,
    hours: [600, 4_000],
    tell({ from }) {
      const per_hour = between(from, 0.2, 40);
      return {
        effect(e) {
          e.sbe_per_second += per_hour / 3_600;
        },
      };
    },
  },
  {
    name: 'contained_error',
    scope: 'gpu',
    per_year: 0.05,
    hours: [40, 60],
    tell: ({ start_ms, seed }) => ({ events: containedError(start_ms, seed) }),
  },
  {
    name: 'row_spared',
    scope: 'gpu',
    per_year: 0.05,
    hours: [20, 60],
    tell: ({ start_ms, end_ms }) => ({
      effect(e, ts_ms) {
        e.sbe_per_second += 2 / 3_600;
        if (ts_ms > start_ms) e.correctable_rows_per_second += 1_500 / (end_ms - start_ms);
      },
    }),
  },
  {
    name: 'replays_chronic',
    scope: 'gpu',
    per_year: 0.06,
    hours: [100, 3_000],
    tell({ from }) {
      const per_hour = between(from, 0.3, 60);
      return {
        effect(e) {
          e.pcie_replay_per_second += per_hour / 3_600;
        },
      };
    },
  },
  {
    name: 'links_chronic',
    scope: 'gpu',
    per_year: 0.06,
    hours: [100, 2_000],
    tell({ from }) {
      const per_hour = between(from, 2, 3_000);
      return {
        effect(e) {
          e.crc_flit_per_second += per_hour / 3_600;
          e.crc_data_per_second += (0.15 * per_hour) / 3_600;
          e.link_replay_per_second += (0.08 * per_hour) / 3_600;
        },
      };
    },
  },
  {
    name: 'program_crash',
    scope: 'gpu',
    per_year: 2,
    hours: [0.2, 2],
    tell({ start_ms, from }) {
      const code = draw(from) < 0.5 ? 13 : 31;
      return {
        events: [xid(start_ms, code), xid(start_ms + 90_000, draw(from) < 0.5 ? 43 : 45)],
        effect(e, ts_ms) {
          if (ts_ms > start_ms + 90_000) e.override = null;
        },
      };
    },
  },
  {
    name: 'drained',
    scope: 'gpu',
    per_year: 0.6,
    hours: [3, 200],
    tell: () => ({
      effect(e) {
        e.override = null;
      },
    }),
  },
  {
    name: 'temp_stuck',
    scope: 'gpu',
    per_year: 0.05,
    hours: [3, 100],
    tell: () => ({
      effect(e) {
        e.temp_stuck = true;
      },
    }),
  },
  {
    name: 'driver_bug',
    scope: 'node',
    per_year: 0.25,
    hours: [0.5, 6],
    tell: ({ start_ms, end_ms }) => ({
      events: [xid(start_ms, 119), { at_ms: end_ms, target: 'node', what: { type: 'reset' } }],
      absences: [{ from_ms: end_ms - 5 * MINUTE_MS, to_ms: end_ms, how: 'refuses' }],
      effect(e) {
        e.hung = true;
      },
    }),
  },
  {
    name: 'reboot',
    scope: 'node',
    per_year: 7,
    hours: [0.1, 0.8],
    tell: ({ start_ms, end_ms }) => ({
      events: [{ at_ms: end_ms, target: 'node', what: { type: 'reset' } }],
      absences: [{ from_ms: start_ms, to_ms: end_ms, how: 'refuses' }],
    }),
  },
  {
    name: 'collector_away',
    scope: 'node',
    per_year: 3,
    hours: [0.3, 30],
    tell: ({ start_ms, end_ms }) => ({ absences: [{ from_ms: start_ms, to_ms: end_ms, how: 'hangs' }] }),
  },
  {
    name: 'capped_by_policy',
    scope: 'node',
    per_year: 0.7,
    hours: [12, 900],
    tell({ from }) {
      const ratio = 0.5 + 0.4 * draw(from);
      return {
        effect(e) {
          e.limit_ratio *= ratio;
        },
      };
    },
  },
  {
    name: 'fans_by_policy',
    scope: 'node',
    per_year: 0.5,
    hours: [24, 1_500],
    tell({ from }) {
      const ratio = 1.05 + 0.4 * draw(from) ** 2;
      return {
        effect(e) {
          e.die_resistance *= ratio;
          e.hbm_resistance *= ratio;
        },
      };
    },
  },
  {
    name: 'supply_work',
    scope: 'node',
    per_year: 0.15,
    hours: [0.5, 20],
    tell: ({ seed }) => ({
      effect(e, ts_ms) {
        if (wander(seed, ts_ms / 90_000) > 0.75) e.brake = true;
      },
    }),
  },
  {
    name: 'cooling_lost',
    scope: 'rack',
    per_year: 0.6,
    hours: [0.7, 10],
    tell({ from, start_ms, end_ms }) {
      const peak_c = 6 + 12 * draw(from);
      return {
        effect(e, ts_ms) {
          const progress = (ts_ms - start_ms) / (end_ms - start_ms);
          e.inlet_c += peak_c * Math.sqrt(Math.max(0, Math.sin(Math.PI * progress)));
        },
      };
    },
  },
  {
    name: 'hot_weeks',
    scope: 'fleet',
    per_year: 3,
    hours: [48, 500],
    tell({ from, start_ms, end_ms }) {
      const peak_c = 2 + 5 * draw(from);
      return {
        effect(e, ts_ms) {
          const progress = (ts_ms - start_ms) / (end_ms - start_ms);
          const noon = 0.6 + 0.4 * Math.sin((ts_ms / DAY_MS - 0.375) * 2 * Math.PI);
          e.inlet_c += peak_c * Math.min(1, 4 * progress, 4 * (1 - progress)) * noon;
        },
      };
    },
  },
];
