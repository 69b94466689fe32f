import type { Job } from './workload.ts';

/** What the stories of a GPU do to it at an instant; the neutral value of each field is a healthy board. Reused, never kept. */
export interface Effects {
  inlet_c: number;
  die_resistance: number;
  hbm_resistance: number;
  clock_ratio: number;
  limit_ratio: number;
  /** Draw of the work beyond what it should take: losses and ripple of the board's own supply. */
  watts_ratio: number;
  brake: boolean;
  sbe_per_second: number;
  correctable_rows_per_second: number;
  pcie_gen_max: number;
  pcie_width_max: number;
  pcie_replay_per_second: number;
  crc_flit_per_second: number;
  crc_data_per_second: number;
  link_replay_per_second: number;
  link_recovery_per_second: number;
  nvlink_ratio: number;
  /** The driver no longer gets answers from the board. */
  hung: boolean;
  /** The board is not on the bus. */
  vanished: boolean;
  prof_zero: boolean;
  temp_stuck: boolean;
  util_garbage: boolean;
  /** Runs instead of what the schedule says; null = nothing runs; undefined = as scheduled. */
  override: Job | null | undefined;
  /** Runs where the schedule has nothing that would load the board. */
  staged: Job | undefined;
}

export function neutralEffects(): Effects {
  const effects = {} as Effects;
  clearEffects(effects);
  return effects;
}

export function clearEffects(e: Effects): void {
  e.inlet_c = 0;
  e.die_resistance = 1;
  e.hbm_resistance = 1;
  e.clock_ratio = 1;
  e.limit_ratio = 1;
  e.watts_ratio = 1;
  e.brake = false;
  e.sbe_per_second = 0;
  e.correctable_rows_per_second = 0;
  e.pcie_gen_max = 64;
  e.pcie_width_max = 64;
  e.pcie_replay_per_second = 0;
  e.crc_flit_per_second = 0;
  e.crc_data_per_second = 0;
  e.link_replay_per_second = 0;
  e.link_recovery_per_second = 0;
  e.nvlink_ratio = 1;
  e.hung = false;
  e.vanished = false;
  e.prof_zero = false;
  e.temp_stuck = false;
  e.util_garbage = false;
  e.override = undefined;
  e.staged = undefined;
}
