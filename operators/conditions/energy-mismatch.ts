import { metricIndex } from '../../pipeline/contract/metrics.ts';
import { minutes, seconds } from '../../pipeline/contract/time.ts';
import { levelOf } from './condition-limits.ts';
import { CONDITION_COUNT, conditionIndex } from './condition-table.ts';
import { noteReading, tableLimit } from './ledger.ts';
import { reading, type Scene } from './scene.ts';

const ENERGY = conditionIndex('energy_mismatch');
const ENERGY_COLUMN = metricIndex('energy_joules_total');
const POWER_COLUMN = metricIndex('power_watts');
const [BEGIN, JOULES, BY_POWER, COUNT, SQUARES, LAST_POWER, WIDTH] = [0, 1, 2, 3, 4, 5, 6] as const;
/** Fewer samples of a power that comes and goes say too little about its mean. */
const SAMPLES_MIN = 20;
const WINDOW_MS = minutes(5);
/** Between rows further apart nobody knows the power. */
const APART_MS_MAX = seconds(180);
const MS_PER_SECOND = 1_000;
/** Sampling error that is allowed for, in standard errors of the mean. */
const ERRORS_ALLOWED = 4;

/**
 * The rise of the energy counter against the power readings over the same five minutes and twenty samples or more, both taken
 * by trapezoids. What sampling alone explains is no mismatch; the contradiction must last for `open_after`.
 */
export function energyMismatch(scene: Scene): void {
  const { ts } = scene;
  const cells = scene.state.energy;
  const at = scene.gpu * WIDTH;
  const joules = reading(scene, ENERGY_COLUMN);
  const power = reading(scene, POWER_COLUMN);
  if (Number.isNaN(joules) || Number.isNaN(power)) {
    cells[at + BEGIN] = 0;
    return;
  }
  const elapsed = ts - scene.previous_ts;
  const began = cells[at + BEGIN] as number;
  if (began === 0 || elapsed > APART_MS_MAX || joules < (cells[at + JOULES] as number)) {
    begin(cells, at, ts, joules, power);
    return;
  }
  const by_power =
    (cells[at + BY_POWER] as number) + (((cells[at + LAST_POWER] as number) + power) * elapsed) / 2 / MS_PER_SECOND;
  const count = (cells[at + COUNT] as number) + 1;
  cells[at + BY_POWER] = by_power;
  cells[at + COUNT] = count;
  cells[at + SQUARES] = (cells[at + SQUARES] as number) + power * power;
  cells[at + LAST_POWER] = power;
  if (ts - began < WINDOW_MS || count < SAMPLES_MIN) return;
  judge(scene, joules - (cells[at + JOULES] as number), by_power, at, count, ts - began);
  begin(cells, at, ts, joules, power);
}

function begin(cells: Float64Array, at: number, ts: number, joules: number, power: number): void {
  cells[at + BEGIN] = ts;
  cells[at + JOULES] = joules;
  cells[at + BY_POWER] = 0;
  cells[at + COUNT] = 0;
  cells[at + SQUARES] = 0;
  cells[at + LAST_POWER] = power;
}

function judge(scene: Scene, counted: number, by_power: number, at: number, count: number, span: number): void {
  if (!(by_power > 0)) return;
  const cells = scene.state.energy;
  const mean = (by_power / span) * MS_PER_SECOND;
  const variance = Math.max(0, (cells[at + SQUARES] as number) / count - mean * mean);
  // Neither moves at all: the exporter is frozen, and that is told elsewhere. Its first window, still half alive, and the jump
  // at its end are no lasting contradiction.
  if (counted === 0 && variance <= mean * mean * Number.EPSILON * count) {
    if (scene.state.severity[scene.gpu * CONDITION_COUNT + ENERGY] === 0) noteReading(scene, ENERGY, 0, 0, 0);
    return;
  }
  const sampling = (ERRORS_ALLOWED * Math.sqrt(variance / count)) / mean;
  const off = Math.abs(counted - by_power) / by_power;
  const seconds_long = span / MS_PER_SECOND;
  scene.detail = `; lately ${Math.round(counted / seconds_long)} W by the counter, ${Math.round(by_power / seconds_long)} W read`;
  const level = levelOf(scene.limits, ENERGY, Math.max(0, off - sampling));
  noteReading(scene, ENERGY, level, off, tableLimit(scene, ENERGY, level));
}
