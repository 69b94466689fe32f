import { METRIC_COUNT, METRICS, type Metric } from '../../pipeline/contract/metrics.ts';
import { hours, minutes } from '../../pipeline/contract/time.ts';
import { READINGS, sightOf } from '../core/hollow-row.ts';
import type { Level } from './condition-limits.ts';
import { CONDITION_COUNT, conditionBit, conditionIndex } from './condition-table.ts';
import { closeUnseen, noteReading } from './ledger.ts';
import { aliveBits, type Scene } from './scene.ts';

const VANISHED = conditionIndex('field_vanished');
const ALIVE = conditionBit('field_vanished');
const LOOK_EVERY_MS = minutes(1);
/** A look counts for the minutes since the one before, up to this; after a longer silence for one. */
const STEP_MAX = 3;
const GAP_MS = minutes(10);
/** A field is known after this many minutes; each minute without it while learning takes back so many. */
const KNOWN = 60;
const UNLEARN = 6;
/** Known and then missing for this many minutes: gone. */
const GONE = KNOWN + 10;
/** Gone for this long: it is not reported any more, and forgotten. */
const FORGET_MS = hours(24);
const NAMES_MAX = 8;
/** A code's row may be absent while nothing has happened (DCGM 4.5 and XIDs). */
const JUDGED = Uint8Array.from(METRICS, (metric: Metric) => (metric.kind === 'code' ? 0 : 1));
/** What the instances of a board have of their own: it leaves the board's row when the board is cut. */
const OF_INSTANCES = Uint8Array.from(METRICS, ({ name }: Metric) =>
  /^(fb_|nvlink_bandwidth|.*_util_ratio$|.*_active_ratio$|sm_occupancy|.*_[rt]x_bytes)/.test(name) ? 1 : 0,
);

/**
 * Fields that were reported for an hour and are in no row for ten minutes: one anomaly a GPU that lists them, and a warning when
 * they are most of what it usually reports, since its rows still come and nobody sees it any more. Each field has one number:
 * up to 60 it is being learnt, from there on it counts the minutes it is missing.
 *
 * What is taken as given up after a day takes along what is open under it: no reading will end that.
 *
 * A GPU whose rows bring no reading at all is lost, which `absence` tells. Where several sources report a GPU, a field is there
 * when any of their rows has it; it is learnt only while the looks fall on rows that have it.
 *
 * State  1 B a metric, and one. Cost: a pass over the row's fields once a minute of event time, and per row while some are
 * missing.
 */
export function fieldVanished(scene: Scene): void {
  const { state, gpu, ts } = scene;
  const looked = state.fields_at[gpu] as number;
  if (ts - looked < LOOK_EVERY_MS) {
    if (state.fields_missing[gpu] !== 0) seeAgain(scene);
    return;
  }
  if (sightOf(scene.values, scene.row) < READINGS) return;
  state.fields_at[gpu] = ts;
  const silence = looked === 0 || ts - looked > GAP_MS;
  const step = silence ? 1 : Math.max(1, Math.min(STEP_MAX, Math.round((ts - looked) / LOOK_EVERY_MS)));
  state.fields_missing[gpu] = 0;
  if (steady(scene)) return;
  const { fields } = state;
  const cell = gpu * METRIC_COUNT;
  let usual = 0;
  let gone = 0;
  let of_board = 0;
  for (let m = 0; m < METRIC_COUNT; m++) {
    const value = scene.values[scene.from + m] as number;
    const before = fields[cell + m] as number;
    const score = scoreAfter(before, !Number.isNaN(value), step);
    fields[cell + m] = score;
    if (score > KNOWN) state.fields_missing[gpu] = 1;
    if (score < KNOWN || JUDGED[m] === 0) continue;
    usual++;
    if (score < GONE) continue;
    gone++;
    if (OF_INSTANCES[m] === 0) of_board++;
  }
  if (gone === 0 && (aliveBits(scene) & ALIVE) === 0) return;
  if (gone > 0 && forgotten(scene)) {
    closeUnseen(scene, (m) => m >= 0 && JUDGED[m] === 1 && (fields[cell + m] as number) >= GONE);
    for (let m = 0; m < METRIC_COUNT; m++) if ((fields[cell + m] as number) >= GONE) fields[cell + m] = 0;
    scene.detail = ' and were taken as given up after a day';
    noteReading(scene, VANISHED, 0, 0, 0);
    return;
  }
  const level = levelOf(scene, gone, of_board === 0 ? 0 : gone / usual);
  // When most are back it is over, and what still lacks is told anew: an open one never becomes milder.
  if (level < (state.severity[gpu * CONDITION_COUNT + VANISHED] as number)) {
    noteReading(scene, VANISHED, 0, 0, 0);
    return;
  }
  if (level > 0) scene.detail = `${level < 2 ? '' : `, of ${usual} that usually are`}: ${names(fields, cell)}`;
  noteReading(scene, VANISHED, level, gone, 0);
}

function scoreAfter(score: number, there: boolean, step: number): number {
  if (there) return Math.min(KNOWN, score + step);
  if (score < KNOWN) return Math.max(0, score - UNLEARN * step);
  // Nobody knows since when the first look lacks it.
  return score === KNOWN ? KNOWN + 1 : Math.min(GONE, score + step);
}

/** A row between two looks: what it has is not missing. */
function seeAgain({ state, values, from, gpu }: Scene): void {
  const { fields } = state;
  const cell = gpu * METRIC_COUNT;
  for (let m = 0; m < METRIC_COUNT; m++) {
    if ((fields[cell + m] as number) > KNOWN && !Number.isNaN(values[from + m])) fields[cell + m] = KNOWN;
  }
}

/** Info goes by how many are gone, the others by their share; of what a cut takes away, it is 0. */
function levelOf({ limits }: Scene, gone: number, share: number): Level {
  if (share > (limits.critical[VANISHED] as number)) return 3;
  if (share > (limits.warning[VANISHED] as number)) return 2;
  return gone > 0 && gone >= (limits.info[VANISHED] as number) ? 1 : 0;
}

/** Whether every field is as it always was: the usual case, in which nothing is to be noted. */
function steady(scene: Scene): boolean {
  const { values, from, gpu } = scene;
  const { fields } = scene.state;
  if ((aliveBits(scene) & ALIVE) !== 0) return false;
  const cell = gpu * METRIC_COUNT;
  for (let m = 0; m < METRIC_COUNT; m++) {
    const usual = Number.isNaN(values[from + m]) ? 0 : KNOWN;
    if (fields[cell + m] !== usual) return false;
  }
  return true;
}

function forgotten(scene: Scene): boolean {
  const { state, gpu, ts } = scene;
  const at = gpu * CONDITION_COUNT + VANISHED;
  return state.severity[at] !== 0 && ts - (state.opened_at[at] as number) >= FORGET_MS;
}

function names(fields: Uint8Array, cell: number): string {
  const gone = METRICS.flatMap(({ name }, m) =>
    (fields[cell + m] as number) >= GONE && JUDGED[m] === 1 ? [name] : [],
  );
  const more = gone.length - NAMES_MAX;
  return more > 1 ? `${gone.slice(0, NAMES_MAX).join(', ')} and ${more} more` : gone.join(', ');
}
