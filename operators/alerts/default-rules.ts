import { days, hours, minutes, seconds } from '../../pipeline/contract/time.ts';
import type { AlertRule } from './alert-rule.ts';

const found = { severity: 'found', category: '', action_text: '', alone: null, enabled: true } as const;
const WARNING = { at_least: 'warning' } as const;
const AT = '{where}: {text}';

/** Of anomalies that no episode tells of: a warning that lasts. */
const lasting = { ...found, on: 'anomalies', for: minutes(30), keep: hours(1), summary: AT } as const;
const of = (...type: readonly string[]): AlertRule['when'] => ({ severity: WARNING, type: { in: type } });

/**
 * What a fleet team wants to be told, the first that fits an item counts. Critical is what needs somebody now; warnings wait
 * for the morning; info is for the page. What is over by itself in minutes is none of it. Silent by default: deviations from
 * a board's own past (zscore, change_point), which are evidence for other detectors, not conditions.
 */
// biome-ignore format: a table, one rule a paragraph
export const DEFAULT_RULES: readonly AlertRule[] = [
  // Faults: one story per board, told at once when critical.
  { ...found, name: 'gpu_fault', on: 'xid_episodes', when: { severity: { at_least: 'critical' }, category: { not: ['application', 'sensor'] } }, for: seconds(0), keep: minutes(10), summary: AT },
  { ...found, name: 'application_fault', on: 'xid_episodes', when: { severity: { at_least: 'critical' }, category: { in: ['application'] } }, severity: 'warning', for: minutes(5), keep: minutes(30), summary: AT },
  { ...found, name: 'gpu_trouble', on: 'xid_episodes', when: { severity: WARNING, category: { not: ['application', 'sensor'] } }, for: minutes(15), keep: hours(1), summary: AT },

  // What is lost, and what many share.
  { ...found, name: 'node_silent', on: 'anomalies', when: of('node_silent'), for: minutes(3), keep: minutes(5), summary: '{text}', action_text: 'Find out whether the host or only its exporter is gone: ping it, look at its console and at its power; if it answers, start the exporter again.' },
  { ...found, name: 'node_unstable', on: 'anomalies', when: of('node_unstable'), for: minutes(1), keep: minutes(30), summary: '{text}', action_text: 'Keep work away from the node and find out why it goes away: its console and kernel log, watchdog, power and network.' },
  { ...found, name: 'gpu_lost', on: 'anomalies', when: of('gpu_lost'), for: seconds(30), keep: minutes(10), summary: '{text}', action_text: 'Drain the node and look at its kernel log for XID 79; reboot it, and reseat or replace the board if it does not come back.' },
  { ...found, name: 'incident', on: 'incidents', when: { scope: { in: ['node', 'rack', 'nvlink_domain'] }, severity: WARNING }, for: seconds(20), keep: minutes(10), summary: '{text}' },
  { ...found, name: 'job_incident', on: 'incidents', when: { scope: { in: ['job'] } }, severity: 'info', for: minutes(1), keep: minutes(30), summary: '{text}' },

  // Conditions that get worse slowly.
  { ...lasting, name: 'memory_errors', when: of('ecc_sbe_rate', 'ecc_sbe_total') },
  { ...lasting, name: 'memory_spares', when: of('row_remap_pressure', 'row_remap_rate', 'retired_pages'), for: minutes(5), keep: hours(6) },
  { ...lasting, name: 'row_remap_waits', when: of('row_remap_pending'), for: hours(1) },
  { ...lasting, name: 'thermal', when: { ...of('thermal_margin', 'cooling_loss', 'hw_slowdown', 'sw_thermal', 'thermal_violation', 'peer_deviation'), category: { in: ['thermal'] } } },
  { ...lasting, name: 'power', when: of('power_brake', 'board_limit_violation', 'reliability_violation') },
  { ...lasting, name: 'pcie', when: of('pcie_replay_rate', 'pcie_downtrained') },
  { ...lasting, name: 'nvlink', when: of('nvlink_errors'), for: minutes(15) },
  { ...lasting, name: 'driver_asks', when: of('recovery_action'), for: minutes(15) },
  { ...lasting, name: 'sensor', when: of('sensor_lying', 'energy_mismatch', 'exporter_frozen'), for: hours(1), keep: hours(2) },
  { ...lasting, name: 'power_limit_lowered', when: of('power_limit_lowered'), severity: 'info', for: hours(1) },

  // Slower than others, or on the way to a limit; consequences of what is told already are not told again.
  { ...lasting, name: 'straggler', when: of('straggler'), alone: seconds(0), for: minutes(10), keep: minutes(30), action_text: 'Move the job away from this GPU, then compare its clocks, power limit, PCIe link and temperatures with its neighbours.' },
  { ...found, name: 'work_stalled', on: 'anomalies', when: of('work_stalled'), for: minutes(1), keep: minutes(30), summary: '{text}', action_text: 'Ask the owner of the job: look at the stacks of its processes, and restart it from its last checkpoint.' },
  { ...lasting, name: 'slower_than_peers', when: of('peer_deviation'), alone: hours(6), for: hours(1), keep: hours(2), action_text: 'Compare it with its neighbours: cooling, power limit, clocks and PCIe link.' },
  { ...lasting, name: 'limit_ahead', when: of('forecast_limit'), alone: days(1), for: hours(1), keep: hours(6), action_text: 'Plan maintenance before that day.' },
  { ...lasting, name: 'unlike_others', when: of('novelty', 'density_outlier', 'reconstruction_error'), severity: 'info', alone: days(7), for: hours(6), keep: hours(6), action_text: 'Look at the readings that are named, and compare the GPU with others of its model.' },
  { ...found, name: 'health_poor', on: 'gpu_health_scores', when: { overall_score: { below: 60 }, confidence: { above: 0.5 } }, severity: 'warning', alone: days(7), for: hours(2), keep: hours(6), summary: '{where}: health {overall_score} of 100, {text}' },
  // Where an alarm begins to pay: 250 / (250 + 2,500), what a false one and a missed failure cost (ALARM_COSTS_DEFAULT).
  { ...found, name: 'failure_foreseen', on: 'gpu_failure_predictions', when: { failure_prob_30d: { above: 0.09 }, confidence: { above: 0.5 } }, severity: 'warning', alone: days(7), for: hours(6), keep: days(1), summary: '{where}: {text}', action_text: 'Plan to take it out of long jobs, run the diagnostics, and keep a spare ready.' },

  // Money, not faults.
  { ...lasting, name: 'held_idle', when: { type: { in: ['held_idle'] } }, severity: 'info', for: days(1), keep: hours(1) },
  { ...lasting, name: 'memory_held', when: of('framebuffer_stuck'), severity: 'info', for: hours(6) },
];
