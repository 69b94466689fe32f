import { METRIC_COUNT, METRICS, type Metric } from '../../pipeline/contract/metrics.ts';
import { hours, minutes } from '../../pipeline/contract/time.ts';
import { CONDITION_COUNT, conditionBit, conditionIndex } from './condition-table.ts';
import { noteReading } from './ledger.ts';
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
/** So much of what is known must be there, else the row itself is broken. */
const PRESENT_RATIO = 0.5;
/** A code's row may be absent while nothing has happened (DCGM 4.5 and XIDs). */
const JUDGED = Uint8Array.from(METRICS, (metric: Metric) => (metric.kind === 'code' ? 0 : 1));

/**
 * Fields that were reported for an hour and are missing for ten minutes while the rest of the row is there: one anomaly a GPU
 * that lists them. Each field has one number: up to 60 it is being learnt, from there on it counts the minutes it is missing.
 *
 * State  1 B a metric. Cost: a pass over the row's fields once a minute of event time.
 */
export function fieldVanished(scene: Scene): void {
  const { state, gpu, ts } = scene;
  const looked = state.fields_at[gpu] as number;
  if (ts - looked < LOOK_EVERY_MS) return;
  state.fields_at[gpu] = ts;
  const silence = looked === 0 || ts - looked > GAP_MS;
  const step = silence ? 1 : Math.max(1, Math.min(STEP_MAX, Math.round((ts - looked) / LOOK_EVERY_MS)));
  if (steady(scene) || !whole(scene)) return;
  const { fields } = state;
  const cell = gpu * METRIC_COUNT;
  let gone = 0;
  for (let m = 0; m < METRIC_COUNT; m++) {
    const value = scene.values[scene.from + m] as number;
    const score = fields[cell + m] as number;
    if (!Number.isNaN(value)) fields[cell + m] = score >= KNOWN ? KNOWN : Math.min(KNOWN, score + step);
    else if (score < KNOWN) fields[cell + m] = Math.max(0, score - UNLEARN * step);
    else fields[cell + m] = Math.min(GONE, score + step);
    if ((fields[cell + m] as number) >= GONE && JUDGED[m] === 1) gone++;
  }
  if (gone === 0 && (aliveBits(scene) & ALIVE) === 0) return;
  if (gone > 0 && forgotten(scene)) {
    for (let m = 0; m < METRIC_COUNT; m++) if ((fields[cell + m] as number) >= GONE) fields[cell + m] = 0;
    scene.detail = ' and were taken as given up after a day';
    noteReading(scene, VANISHED, 0, 0, 0);
    return;
  }
  scene.detail = gone === 0 ? '' : `: ${names(fields, cell)}`;
  noteReading(scene, VANISHED, gone > 0 ? 1 : 0, gone, 0);
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

/** Whether most of what this GPU usually reports is in the row. */
function whole(scene: Scene): boolean {
  const { fields } = scene.state;
  const cell = scene.gpu * METRIC_COUNT;
  let usual = 0;
  let present = 0;
  for (let m = 0; m < METRIC_COUNT; m++) {
    const value = scene.values[scene.from + m] as number;
    if ((fields[cell + m] as number) < KNOWN) continue;
    usual++;
    if (!Number.isNaN(value)) present++;
  }
  return present >= usual * PRESENT_RATIO;
}

function forgotten(scene: Scene): boolean {
  const { state, gpu, ts } = scene;
  const at = gpu * CONDITION_COUNT + VANISHED;
  return state.severity[at] !== 0 && ts - (state.opened_at[at] as number) >= FORGET_MS;
}

const names = (fields: Uint8Array, cell: number): string =>
  METRICS.flatMap(({ name }, m) => ((fields[cell + m] as number) >= GONE && JUDGED[m] === 1 ? [name] : [])).join(', ');
