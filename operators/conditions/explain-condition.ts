import { hours, minutes, seconds } from '../../pipeline/contract/time.ts';
import type { Condition, ConditionKey } from './condition-table.ts';

/** What an explanation is made of. */
export interface Telling {
  readonly metric: string;
  /** The worst reading so far. */
  readonly observed: number;
  readonly limit: number;
  /** Begin of the evidence, and now: epoch ms. */
  readonly began: number;
  readonly now: number;
  readonly closed: boolean;
  /** Whether it closes because nobody reports its metric any more. */
  readonly unseen: boolean;
  /** Words that only the detector knows. */
  readonly detail: string;
}

const DIGITS = 4;

/** `17,700`, `0.0167`, `-2`: four digits that count, thousands apart. */
export function inDigits(value: number): string {
  const rounded = Math.abs(value) >= 1_000 ? Math.round(value) : Number(value.toPrecision(DIGITS));
  const [whole = '', fraction] = (Math.abs(rounded) < 1e15 ? String(rounded) : rounded.toExponential(3)).split('.');
  return whole.replace(/\B(?=(\d{3})+$)/g, ',') + (fraction === undefined ? '' : `.${fraction}`);
}

/** `40 s`, `12 min`, `2.5 h`. */
export function inTime(span: number): string {
  if (span < minutes(2)) return `${inDigits(Math.round(span / 100) / 10)} s`;
  return span < hours(2) ? `${Math.round(span / minutes(1))} min` : `${inDigits(Math.round(span / minutes(6)) / 10)} h`;
}

const inPercent = (ratio: number): string => `${inDigits(ratio * 100)} %`;
const instant = (ts: number): string => `${new Date(ts - (ts % seconds(1))).toISOString().slice(0, 19)}Z`;
const perTime = (value: number): string =>
  value >= 1 ? `${inDigits(value)} per second` : `${inDigits(value * 60)} per minute`;

type Fact = (t: Telling) => string;
const share =
  (what: string): Fact =>
  (t) =>
    `${what} for up to ${inPercent(t.observed)} of the time where ${inPercent(t.limit)} counts`;
const heat =
  (what: string): Fact =>
  (t) =>
    `The ${what} reached ${inDigits(t.observed)} C (limit of the model: ${inDigits(t.limit)} C)`;
const throttled =
  (what: string): Fact =>
  (t) =>
    `${what}, ${t.closed || t.detail === '' ? `at worst in ${inPercent(Math.min(1, t.observed))} of the minutes` : t.detail}`;

/** The fact, with its numbers; since when and what to do are added for all alike. */
const FACTS: Readonly<Record<ConditionKey, Fact>> = {
  ecc_sbe_rate: (t) => `Corrected memory errors came at up to ${perTime(t.observed)} (limit ${perTime(t.limit)})`,
  ecc_sbe_total: (t) => `${inDigits(t.observed)} corrected memory errors were counted (limit ${inDigits(t.limit)})`,
  ecc_dbe: (t) =>
    `${inDigits(t.observed)} uncorrectable memory ${t.observed === 1 ? 'error was' : 'errors were'} counted within a day`,
  row_remap_failed: () => 'Remapping a defect memory row failed',
  row_remap_pending: () => 'A remapped memory row waits for a reset',
  row_remap_total: (t) =>
    `${inDigits(t.observed)} memory rows were remapped for uncorrectable errors (limit ${inDigits(t.limit)} of 512)`,
  row_remap_rate: (t) => `Memory rows were remapped at ${inDigits(t.observed)} per day (limit ${inDigits(t.limit)})`,
  retired_pages: (t) => `${inDigits(t.observed)} memory pages are retired (limit ${inDigits(t.limit)})`,
  retired_pages_pending: (t) =>
    `${inDigits(t.observed)} memory page${t.observed === 1 ? '' : 's'} wait${t.observed === 1 ? 's' : ''} for a reset to be retired`,
  pcie_replay_rate: (t) =>
    `PCIe packets were sent again ${inDigits(t.observed)} times a minute (allowed ${inDigits(t.limit)}${t.detail})`,
  pcie_width: (t) => `The PCIe link runs on ${inDigits(t.observed)} of ${inDigits(t.limit)} lanes`,
  pcie_generation: (t) => `The PCIe link runs at generation ${inDigits(t.observed)} of ${inDigits(t.limit)} under load`,
  nvlink_crc: (t) => `NVLink CRC errors came at up to ${perTime(t.observed)} (limit ${perTime(t.limit)})`,
  nvlink_recovery: (t) =>
    `NVLink replays and recoveries came at up to ${inDigits(t.observed)} per minute (limit ${inDigits(t.limit)})`,
  thermal_margin: (t) =>
    `The temperature margin fell to ${inDigits(t.observed)} C (limit of the model: ${inDigits(t.limit)} C)`,
  gpu_temperature: heat('GPU temperature'),
  memory_temperature: heat('memory temperature'),
  hw_slowdown: throttled('The hardware slowed its clocks down'),
  power_brake: throttled('The power brake was pulled'),
  sw_thermal: share('The driver held the clocks down for heat'),
  thermal_violation: share('Temperature held the GPU back'),
  board_limit_violation: share('The board limit held the GPU back'),
  reliability_violation: share('The reliability limit held the GPU back'),
  power_violation: share('The power limit held the GPU back'),
  energy_mismatch: (t) =>
    `The energy counter differs by up to ${inPercent(t.observed)} from the power reading (limit ${inPercent(t.limit)})${t.closed ? '' : t.detail}`,
  prof_zero: (t) => `Profiling counters read exactly 0 while utilisation was up to ${inPercent(t.observed)}`,
  temp_stuck: (t) =>
    `The GPU temperature stood still${t.detail} while power moved by ${inDigits(t.observed)} W (limit ${inDigits(t.limit)} W)`,
  framebuffer_stuck: (t) =>
    `${inPercent(t.observed)} of the memory is in use on an idle GPU that ${t.detail || 'nobody is known to use'}`,
  held_idle: (t) =>
    t.closed
      ? `${((t.now - t.began) / hours(1)).toFixed(1)} GPU-hours went by without work${t.detail}`
      : `No work was done${t.detail}`,
  recovery_action: (t) => `The driver asks for a recovery action: ${asked(t.observed)}`,
  field_vanished: (t) =>
    `${inDigits(t.observed)} field${t.observed === 1 ? ' is' : 's are'} no longer reported${t.detail}`,
  power_limit_lowered: (t) =>
    `The power limit stands at ${inDigits(t.observed)} W where this GPU had up to ${inDigits(t.limit)} W before (${inPercent(1 - t.observed / t.limit)} less)${t.detail}`,
};

const asked = (code: number): string =>
  ({ 1: 'GPU reset (1)', 2: 'reboot (2)', 3: 'drain P2P (3)', 4: 'drain and reset (4)' })[code] ?? `code ${code}`;

/**
 * One fact with numbers and units, since when, what it means and what to do; when closed, how long it lasted instead. While it
 * is open no span is told: the sentence is read for as long as that lasts.
 */
export function explainCondition(entry: Condition, telling: Telling): string {
  const fact = FACTS[entry.key](telling);
  const { began, now } = telling;
  return telling.closed
    ? `${fact}, from ${instant(began)} until ${instant(now)} (${inTime(now - began)}). ${telling.unseen ? 'Its metric is no longer reported.' : 'It is over.'}`
    : `${fact}, since ${instant(began)}. ${entry.meaning} ${entry.action}`;
}
