import type { Dimension } from '../../pipeline/contract/events.ts';

/** What an open anomaly of a type costs. */
export interface AnomalyCost {
  /** Null: the dimension that its metric belongs to. */
  readonly dimension: Dimension | null;
  /** Points while it is open; info never costs. */
  readonly warning: number;
  readonly critical: number;
  /** A critical one means that the GPU must not be given work: performance and reliability are lost with it. */
  readonly stops: boolean;
  /** What it takes from sight: nothing, the dimension of its metric, or everything that the GPU reports. */
  readonly hides: 'nothing' | 'metric' | 'all';
  /** The metric terms' word for the same thing; empty: the type stands for itself. */
  readonly cause: string;
  readonly action: string;
}

const cost = (
  dimension: Dimension | null,
  warning: number,
  critical: number,
  action: string,
  more: Partial<Pick<AnomalyCost, 'stops' | 'hides' | 'cause'>> = {},
): AnomalyCost => ({ dimension, warning, critical, action, stops: false, hides: 'nothing', cause: '', ...more });

const REPLACE = 'take the GPU out and have it replaced';
const MEMORY_TEST = 'drain the GPU, reset it and test its memory';
const COOL = 'check airflow, fans and inlet temperature';
const SUPPLY = 'check power supplies and cables';
const SEAT = 'reseat the board and check its slot and riser';
const EXPORTER = 'check the exporter and the node';

/**
 * Anomaly types and what they cost, points of the dimension's 100. Points follow how sure the type is of damage: hard
 * evidence costs much, statistics cost little, cost and configuration (held_idle, power_violation) nothing.
 */
const COSTS: Readonly<Record<string, AnomalyCost>> = {
  ecc_sbe_rate: cost('memory', 25, 100, MEMORY_TEST, { stops: true, cause: 'sbe' }),
  ecc_sbe_total: cost('memory', 25, 100, MEMORY_TEST, { stops: true, cause: 'sbe' }),
  ecc_dbe: cost('memory', 30, 80, MEMORY_TEST, { cause: 'dbe' }),
  row_remap_failed: cost('memory', 50, 95, REPLACE, { stops: true, cause: 'remap_failed' }),
  row_remap_pending: cost('memory', 15, 30, 'reset the GPU to finish the remap', { cause: 'remap_pending' }),
  row_remap_pressure: cost('memory', 20, 60, 'plan the replacement before spare rows run out', { cause: 'remap_rows' }),
  row_remap_rate: cost('memory', 20, 60, 'drain the GPU, test its memory and plan its replacement', {
    cause: 'remap_rows',
  }),
  retired_pages: cost('memory', 20, 60, 'plan the replacement', { cause: 'retired_pages' }),
  pcie_replay_rate: cost('performance', 15, 40, SEAT, { cause: 'pcie_replay' }),
  pcie_downtrained: cost('performance', 25, 50, SEAT, { cause: 'pcie_link' }),
  nvlink_errors: cost('performance', 20, 60, 'check the NVLink bridge or switch', { cause: 'nvlink' }),
  thermal_margin: cost('thermal', 20, 50, COOL, { cause: 'heat' }),
  cooling_loss: cost('thermal', 15, 40, COOL, { cause: 'heat' }),
  thermal_violation: cost('thermal', 20, 60, COOL, { cause: 'thermal_throttle' }),
  sw_thermal: cost('thermal', 8, 25, COOL, { cause: 'thermal_throttle' }),
  hw_slowdown: cost('performance', 20, 60, 'check cooling, power cables and power supplies', { cause: 'hw_slowdown' }),
  power_brake: cost('power', 25, 60, SUPPLY, { cause: 'power_brake' }),
  board_limit_violation: cost('performance', 15, 40, 'compare board power and voltage with its peers', {
    cause: 'board_limits',
  }),
  reliability_violation: cost('performance', 15, 40, 'compare board voltage with its peers', { cause: 'board_limits' }),
  power_limit_lowered: cost('performance', 10, 20, 'set the power limit again, unless it was lowered on purpose'),
  power_violation: cost('power', 0, 0, 'raise the power limit where more speed is wanted'),
  energy_mismatch: cost('power', 5, 20, 'compare the sensor with the rack meter', { hides: 'metric' }),
  sensor_lying: cost('reliability', 15, 30, 'restart the exporter, then reset the GPU', { hides: 'metric' }),
  field_vanished: cost('reliability', 2, 5, 'check the exporter version and its list of fields', { hides: 'metric' }),
  framebuffer_stuck: cost('performance', 5, 20, 'end the process that left memory behind, else reset the GPU'),
  held_idle: cost('performance', 0, 0, 'ask the owner to give the GPU back'),
  recovery_action: cost('reliability', 40, 100, 'do what the driver asks for', { stops: true, cause: 'recovery' }),
  gpu_lost: cost('reliability', 60, 100, 'look for the board on the bus; reboot the node, then reseat it', {
    stops: true,
    hides: 'all',
    cause: 'gpu_lost',
  }),
  gpu_flickering: cost('reliability', 30, 60, 'look at its slot, riser and power; reseat it'),
  node_unstable: cost('reliability', 10, 20, EXPORTER),
  node_silent: cost('reliability', 10, 20, EXPORTER, { hides: 'all' }),
  exporter_frozen: cost('reliability', 10, 20, EXPORTER, { hides: 'all' }),
  work_stalled: cost('performance', 0, 0, 'look at the stacks of the job and restart it'),
  straggler: cost('performance', 15, 40, 'move its job away and compare the GPU with its peers'),
  peer_deviation: cost(null, 8, 25, 'compare the GPU with its peers on the node'),
  zscore: cost(null, 5, 20, 'look at what changed since it opened'),
  workload_deviation: cost(null, 5, 20, 'compare the reading with the same work on other GPUs'),
  novelty: cost('reliability', 5, 20, 'look at the features that made it stand out'),
  change_point: cost(null, 8, 30, 'look at what changed when it opened'),
  forecast_limit: cost(null, 8, 25, 'act before the limit is reached'),
};
const OTHER: AnomalyCost = cost(null, 8, 25, 'look at the anomaly');

export const anomalyCost = (type: string): AnomalyCost => COSTS[type] ?? OTHER;

/** By how a metric's name begins. */
const METRIC_DIMENSIONS: readonly (readonly [prefix: RegExp, dimension: Dimension])[] = [
  [/^(ecc|retired_pages|remapped_rows|row_remap|dram)/, 'memory'],
  [/^(gpu_temp|memory_temp|temp_margin|thermal)/, 'thermal'],
  [/^(power|energy)/, 'power'],
  [/(clock|util_ratio|active_ratio|occupancy|^pcie|^nvlink|^fb_|violation)/, 'performance'],
];

/** The dimension that a metric (or a feature made of it) speaks of; reliability where it speaks of none. */
export const dimensionOf = (metric: string): Dimension =>
  METRIC_DIMENSIONS.find(([prefix]) => prefix.test(metric))?.[1] ?? 'reliability';

/** Readings that each MIG instance has of its own; all others are the board's and repeat. */
export const ofInstance = (metric: string): boolean =>
  /^(fb_|gr_engine|sm_active|sm_occupancy|tensor_|dram_|pcie_[rt]x|nvlink_[rt]x)/.test(metric);
