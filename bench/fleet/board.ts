import type { Effects } from './effects.ts';
import type { FleetNode } from './layout.ts';
import {
  CLOCK_FLOOR,
  clockForShare,
  powerShare,
  relax,
  secondsAbove,
  settledDie,
  settledHbm,
  workIntensity,
} from './physics.ts';
import { bell, chance, type Draws, draw, eventsOf, mix, mixInstant } from './random.ts';
import { add, FLAG, type FleetState } from './state.ts';
import { THROTTLE } from './throttle-bits.ts';
import type { Activity } from './workload.ts';

const HOUR_S = 3_600;
const noise: Draws = { state: 0 };

/** Seed of the board that stands in a slot at the beginning. */
export const boardSeed = (fleet_seed: number, gpu: number): number => mix(fleet_seed ^ 0x6b0, gpu);

/** What a board of this fleet was born with: spread in cooling and leakage, a history of small memory errors. */
export function bornWith(seed: number): { resistance: number; leakage: number; sbe_per_second: number } {
  const weak = chance(seed, 3);
  return {
    resistance: 0.9 + 0.1 * chance(seed, 1) + 0.1 * chance(seed, 2),
    leakage: 0.975 + 0.05 * chance(seed, 4),
    sbe_per_second: (weak < 0.8 ? 0.002 : weak < 0.97 ? 0.02 : 0.15) / HOUR_S,
  };
}

/** Past of a board at the start of the fleet's time. */
export function initialCounters(state: FleetState, gpu: number, seed: number, sbe_per_second: number): void {
  const days_up = 2 + 40 * chance(seed, 10);
  state.energy_mj[gpu] = Math.floor(days_up * 86_400 * (80 + 250 * chance(seed, 11)) * 1000);
  state.sbe_volatile[gpu] = Math.floor(days_up * 86_400 * sbe_per_second);
  state.sbe_aggregate[gpu] = Math.floor((state.sbe_volatile[gpu] as number) * (1 + 12 * chance(seed, 12)));
  state.replays[gpu] = chance(seed, 13) < 0.9 ? 0 : Math.floor(6 * chance(seed, 14));
  state.remapped_correctable[gpu] = chance(seed, 15) < 0.97 ? 0 : 1;
  state.power_violation_ns[gpu] = Math.floor(days_up * 86_400e9 * 0.3 * chance(seed, 16));
}

export interface BoardStep {
  readonly node: FleetNode;
  readonly gpu: number;
  readonly seed: number;
  readonly seconds: number;
  readonly ts_ms: number;
  readonly inlet_c: number;
  /** Whether a process holds the board. */
  readonly held: boolean;
  readonly activity: Activity;
  readonly effects: Effects;
  /** First reading ever: the board is found settled. */
  readonly settle: boolean;
}

/** Moves one board to `ts_ms`: power and clock settle at once, heat follows, counters add up what went on. */
export function stepBoard(state: FleetState, step: BoardStep): void {
  const { node, gpu, seconds, activity, effects } = step;
  const model = node.model;
  const born = bornWith(step.seed);
  noise.state = mixInstant(step.seed, step.ts_ms);

  // Every draw is made whatever happens, so that a story never shifts another reading's noise.
  const jitter = 1 + 0.012 * bell(noise);
  const cap_noise = bell(noise);
  const sensor_noise = bell(noise);
  const traffic = 1 + 0.04 * bell(noise);

  const sm = Math.min(1, activity.sm * jitter);
  const tensor = Math.min(1, activity.tensor * jitter);
  const dram = Math.min(1, activity.dram * jitter);
  const work = model.work_watts * born.leakage * effects.watts_ratio * workIntensity(sm, tensor, dram);
  const held = model.held_watts * born.leakage;
  const limit = model.power_limit_watts * effects.limit_ratio;

  let bits = 0;
  let clock = 1;
  let watts: number;
  if (!step.held) {
    bits = THROTTLE.idle;
    clock = model.idle_clock_mhz / model.boost_clock_mhz;
    watts = model.idle_watts * born.leakage * (1 + 0.008 * sensor_noise);
  } else {
    if (node.application_clock) {
      clock = 0.91;
      if (activity.util > 0) bits |= THROTTLE.application_clocks;
    }
    const room = limit * model.cap_centre;
    watts = held + work * powerShare(clock);
    if (watts > room) {
      clock = clockForShare((room - held) / work);
      watts = Math.max(room, held + work * powerShare(CLOCK_FLOOR)) + limit * model.cap_spread * cap_noise;
      bits |= THROTTLE.power_cap;
    } else {
      watts *= 1 + 0.006 * sensor_noise;
    }
    if (effects.brake) {
      clock = Math.min(clock, 0.42);
      watts = held + work * powerShare(clock);
      bits |= THROTTLE.power_brake | THROTTLE.hardware_slowdown;
    }
    if (effects.clock_ratio < 1) {
      clock *= effects.clock_ratio;
      watts = held + work * powerShare(clock) * (1 + 0.006 * sensor_noise);
      bits &= ~THROTTLE.power_cap;
    }
  }

  const preheat = gpu - node.first >= 4 ? 0.0035 * watts : 0;
  const air = step.inlet_c + effects.inlet_c + preheat;
  const resistance = born.resistance * effects.die_resistance;
  const before = state.die_c[gpu] as number;
  const target = settledDie(model, air, resistance, watts);
  let die = step.settle ? target : relax(before, target, seconds, model.thermal_time_s);
  if (step.held && work > 0 && die > model.slowdown_c) {
    const allowed = (model.slowdown_c - air - model.rise_c) / (model.resistance_c_per_watt * resistance);
    const slowed = Math.min(clock, clockForShare(Math.max(0, (allowed - held) / work)));
    const hard = slowed < 0.5;
    bits = (bits & ~THROTTLE.power_cap) | THROTTLE.software_thermal;
    if (hard) bits |= THROTTLE.hardware_thermal | THROTTLE.hardware_slowdown;
    if (!step.settle)
      add(
        state.thermal_violation_ns,
        gpu,
        Math.round(1e9 * secondsAbove(before, target, model.slowdown_c, seconds, model.thermal_time_s)),
      );
    clock = slowed;
    watts = held + work * powerShare(clock) * (1 + 0.004 * sensor_noise);
    const settled = settledDie(model, air, resistance, watts);
    const edge = hard ? model.hardware_slowdown_c : model.slowdown_c + 0.05 * Math.min(40, target - model.slowdown_c);
    die = Math.max(settled, Math.min(die, edge));
  }
  state.die_c[gpu] = Math.min(die, 110);
  if (model.hbm !== null) {
    const settled = settledHbm(model.hbm, air, born.resistance * effects.hbm_resistance, watts);
    state.hbm_c[gpu] = Math.min(
      110,
      step.settle ? settled : relax(state.hbm_c[gpu] as number, settled, seconds, model.hbm.time_s),
    );
  }

  // Energy is the integral of what is shown: trapezoids between readings.
  if (!step.settle) add(state.energy_mj, gpu, 500 * seconds * (watts + (state.watts[gpu] as number)));
  state.watts[gpu] = watts;
  state.limit_watts[gpu] = Math.round(limit);
  // Clocks come in steps of 15 MHz; one that is held back never rounds up to where it would be otherwise.
  const steps = (clock * model.boost_clock_mhz) / 15;
  state.clock_mhz[gpu] = Math.max(model.idle_clock_mhz, 15 * (clock < 1 ? Math.floor(steps) : Math.round(steps)));
  state.throttle[gpu] = bits;
  if (bits & THROTTLE.power_cap) add(state.power_violation_ns, gpu, Math.round(seconds * 1e9));
  if (bits & THROTTLE.power_brake) add(state.board_violation_ns, gpu, Math.round(seconds * 1e9));

  state.sm[gpu] = sm;
  state.occupancy[gpu] = Math.min(1, activity.occupancy * jitter);
  state.tensor[gpu] = tensor;
  state.dram[gpu] = dram;
  state.util[gpu] = activity.util;
  state.encoder[gpu] = activity.encoder;
  state.decoder[gpu] = activity.decoder;
  state.memory_share[gpu] = activity.memory_share;
  stepLinks(state, step, traffic);
  stepErrors(state, step, born.sbe_per_second);
  state.flags[gpu] =
    (effects.vanished ? FLAG.vanished : 0) |
    (effects.hung ? FLAG.hung : 0) |
    (effects.prof_zero ? FLAG.prof_zero : 0) |
    (effects.temp_stuck ? FLAG.temp_stuck : 0) |
    (effects.util_garbage ? FLAG.util_garbage : 0);
  if (!effects.temp_stuck) state.stuck_c[gpu] = Number.NaN;
  else if (Number.isNaN(state.stuck_c[gpu])) state.stuck_c[gpu] = state.die_c[gpu] as number;
}

const LANE_BYTES_PER_SECOND = [0, 0.25e9, 0.5e9, 0.985e9, 1.97e9, 3.94e9, 7.88e9];

function stepLinks(state: FleetState, { node, gpu, held, activity, effects }: BoardStep, traffic: number): void {
  const model = node.model;
  const gen = Math.min(held ? model.pcie_gen : model.pcie_idle_gen, effects.pcie_gen_max);
  const width = Math.min(model.pcie_width, effects.pcie_width_max);
  const room = 0.85 * width * (LANE_BYTES_PER_SECOND[gen] as number);
  state.pcie_gen[gpu] = gen;
  state.pcie_width[gpu] = width;
  state.pcie_tx_bps[gpu] = Math.round(Math.min(room, activity.pcie_tx * traffic));
  state.pcie_rx_bps[gpu] = Math.round(Math.min(room, activity.pcie_rx * traffic));
  state.nvlink_bps[gpu] = Math.round(model.nvlink_bytes_per_second * activity.nvlink * effects.nvlink_ratio * traffic);
}

function stepErrors(state: FleetState, { gpu, seed, seconds, ts_ms, effects }: BoardStep, background: number): void {
  noise.state = mixInstant(mix(seed, 0xecc), ts_ms);
  const sbe = eventsOf((background + effects.sbe_per_second) * seconds, noise);
  add(state.sbe_volatile, gpu, sbe);
  add(state.sbe_aggregate, gpu, sbe);
  if (effects.correctable_rows_per_second > 0) {
    add(state.remapped_correctable, gpu, eventsOf(effects.correctable_rows_per_second * seconds, noise));
  }
  if (effects.pcie_replay_per_second > 0)
    add(state.replays, gpu, eventsOf(effects.pcie_replay_per_second * seconds, noise));
  if (effects.crc_flit_per_second + effects.link_recovery_per_second > 0) {
    const luck = 0.9 + 0.2 * draw(noise);
    add(state.crc_flit, gpu, eventsOf(effects.crc_flit_per_second * seconds * luck, noise));
    add(state.crc_data, gpu, eventsOf(effects.crc_data_per_second * seconds * luck, noise));
    add(state.link_replays, gpu, eventsOf(effects.link_replay_per_second * seconds * luck, noise));
    add(state.link_recoveries, gpu, eventsOf(effects.link_recovery_per_second * seconds, noise));
  }
}
