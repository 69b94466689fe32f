import { boostingParams } from '../../../models/boosting/boosting-params.ts';
import { trainBoosting } from '../../../models/boosting/train.ts';
import { treeDraws } from '../../../models/isolation-forest/tree-draws.ts';
import { squeezed } from '../../../models/prediction/components.ts';
import { fitCox } from '../../../models/survival/cox.ts';
import { coxDocument, scoreCox } from '../../../models/survival/cox-document.ts';
import { readXgboostModel } from '../../../models/xgboost/read-model.ts';
import { createScorer } from '../../../models/xgboost/score.ts';
import { type RiskReport, riskReports } from '../prediction/risk-report.ts';
import { DISK_FEATURES, type DiskRows, diskOutcome, diskRows, HORIZON_DAYS } from './disk-rows.ts';
import { type DiskDays, readDisks, SMART } from './read-disks.ts';

export interface DiskFigures {
  readonly drives: number;
  readonly drive_days: number;
  readonly failures: number;
  /** First and last day, and the day that parts learning from judging, as ISO dates. */
  readonly from: string;
  readonly to: string;
  readonly split: string;
  /** Failures that were known when the models learned. */
  readonly failures_before: number;
  readonly reports: readonly RiskReport[];
}

export interface DiskOptions {
  readonly seed: number;
  /** A part of the drives, few rounds and draws: shows that it works. */
  readonly quick: boolean;
  readonly say?: (line: string) => void;
}

/** Drives are dealt to so many parts, each judged by models that have seen the others alone. */
const FOLDS = 4;
/** Of drive-days without a failure within the week one in so many is learned from, and stands for the others. */
const ONE_IN = 5;
const DRAWS = 200;
const RIDGE = 5;
const DAY_MS = 86_400_000;

/** Few failures are soon learned by heart: shallow trees, and the share of failures as it is. */
const PARAMS = {
  num_boost_round: 120,
  early_stopping_rounds: null,
  max_depth: 3,
  eta: 0.06,
  min_child_weight: 3,
  lambda: 5,
  subsample: 0.8,
  colsample_bytree: 0.6,
  max_bin: 64,
  scale_pos_weight: 1,
} as const;

/** Real drives of another kind than GPUs: the machinery on data that nobody here made. Null where the folder is not there. */
export function diskFigures(folder: string, options: DiskOptions): DiskFigures | null {
  const disks = readDisks(folder);
  return disks === null ? null : driveFigures(disks, options);
}

/**
 * Learns from the first half of the days and judges the days after, no drive on both sides: trees, Cox, and what anybody would
 * do without a model.
 */
export function driveFigures(disks: DiskDays, options: DiskOptions): DiskFigures {
  const { seed, quick, say } = options;
  const rows = diskRows(disks);
  const from = disks.day.reduce((least, day) => Math.min(least, day), 0xffff);
  const to = disks.day.reduce((most, day) => Math.max(most, day), 0);
  // As many days to learn from as to judge, once those without an outcome are gone.
  const split = Math.round((from + to + 1) / 2) + 1;
  const drives = rows.failed_on.length;
  const draw = treeDraws(seed, 1);
  const fold = Uint8Array.from({ length: drives }, () => Math.floor(draw() * FOLDS));
  const judged: { row: number; label: number; said: readonly number[] }[] = [];
  for (let f = 0; f < (quick ? 1 : FOLDS); f++) {
    const learned = learnFrom(rows, (drive) => fold[drive] !== f, split, options);
    for (let row = 0; row < rows.rows; row++) {
      if (fold[rows.drive[row] as number] !== f || (rows.day[row] as number) < split) continue;
      const label = diskOutcome(rows, row, to);
      if (!Number.isNaN(label)) judged.push({ row, label, said: learned.map(({ risk }) => risk(row)) });
    }
    say?.(`disks: part ${f + 1} of ${quick ? 1 : FOLDS} judged`);
  }
  const models = ['boosting', 'cox', 'SMART 5 or 197 above 0'];
  const reports = riskReports(
    {
      labels: Uint8Array.from(judged, ({ label }) => label),
      unit: Uint32Array.from(judged, ({ row }) => rows.drive[row] as number),
      said: new Map(models.map((name, m) => [name, Float64Array.from(judged, ({ said }) => said[m] as number)])),
    },
    { seed, draws: quick ? 20 : DRAWS },
  );
  const iso = (day: number): string => new Date(day * DAY_MS).toISOString().slice(0, 10);
  const failed = Array.from(rows.failed_on).filter((day) => day !== 0);
  return {
    drives: new Set(disks.drive).size,
    drive_days: disks.rows,
    failures: failed.length,
    from: iso(from),
    to: iso(to),
    split: iso(split),
    failures_before: failed.filter((day) => day <= split).length,
    reports,
  };
}

interface DiskModel {
  /** Probability of a failure within the week, of a row. */
  readonly risk: (row: number) => number;
}

/** What can be learned by the day `until` from some drives. */
function learnFrom(
  rows: DiskRows,
  among: (drive: number) => boolean,
  until: number,
  { seed, quick }: DiskOptions,
): DiskModel[] {
  const draw = treeDraws(seed, 2);
  const kept: { row: number; label: number; weight: number }[] = [];
  for (let row = 0; row < rows.rows; row++) {
    if (!among(rows.drive[row] as number)) continue;
    const label = diskOutcome(rows, row, until);
    if (Number.isNaN(label)) continue;
    if (label === 1) kept.push({ row, label, weight: 1 });
    else if (draw() * ONE_IN < 1) kept.push({ row, label, weight: ONE_IN });
  }
  const { trees, cox } = { trees: treesOf(rows, kept, seed, quick), cox: coxOf(rows, kept, until) };
  return [trees, cox, ruleOf(rows, kept)];
}

type Kept = readonly { readonly row: number; readonly label: number; readonly weight: number }[];
const WIDTH = DISK_FEATURES.length;

function treesOf({ values }: DiskRows, kept: Kept, seed: number, quick: boolean): DiskModel {
  const known = new Float32Array(kept.length * WIDTH);
  for (const [to, { row }] of kept.entries()) known.set(values.subarray(row * WIDTH, (row + 1) * WIDTH), to * WIDTH);
  const labels = Float32Array.from(kept, ({ label }) => label);
  const weights = Float32Array.from(kept, ({ weight }) => weight);
  const all = weights.reduce((sum, weight) => sum + weight, 0);
  const failing = labels.reduce((sum, label) => sum + label, 0);
  const params = { ...PARAMS, base_score: failing / all, seed, ...(quick ? { num_boost_round: 20 } : {}) };
  const { document } = trainBoosting({
    data: { values: known, rows: kept.length, features: DISK_FEATURES, labels, weights },
    params: boostingParams.parse(params),
  });
  const scorer = createScorer(readXgboostModel(document, 'disks'));
  const out = new Float64Array(1);
  return {
    risk(row) {
      scorer.predictions(values.subarray(row * WIDTH, (row + 1) * WIDTH), 1, out);
      return out[0] as number;
    },
  };
}

function coxOf({ values, day, drive, failed_on, seen_until }: DiskRows, kept: Kept, until: number): DiskModel {
  const covariates = new Float64Array(kept.length * WIDTH);
  const means = DISK_FEATURES.map((_, k) => {
    let sum = 0;
    let known = 0;
    for (const { row } of kept) {
      const value = squeezed(values[row * WIDTH + k] as number);
      if (Number.isNaN(value)) continue;
      sum += value;
      known += 1;
    }
    return known === 0 ? 0 : sum / known;
  });
  const fill = (row: number, to: Float64Array, at: number): void => {
    for (let k = 0; k < WIDTH; k++) {
      const value = squeezed(values[row * WIDTH + k] as number);
      to[at + k] = Number.isNaN(value) ? (means[k] as number) : value;
    }
  };
  for (const [i, { row }] of kept.entries()) fill(row, covariates, i * WIDTH);
  const failure = (row: number): number => failed_on[drive[row] as number] as number;
  const events = Uint8Array.from(kept, ({ row }) => Number(failure(row) !== 0 && failure(row) <= until));
  const stop = Float64Array.from(kept, ({ row }, i) => {
    const last = events[i] === 1 ? failure(row) : Math.min(until, seen_until[drive[row] as number] as number);
    return last - (day[row] as number);
  });
  const weights = Float64Array.from(kept, ({ weight }) => weight);
  const document = coxDocument(
    fitCox({ stop, events, covariates, names: DISK_FEATURES, weights }, { ridge: RIDGE, ties: 'efron' }),
  );
  const one = new Float64Array(WIDTH);
  return {
    risk(row) {
      fill(row, one, 0);
      return scoreCox(document, one, { age_days: 0 }).probability(HORIZON_DAYS);
    },
  };
}

/** Drives that have replaced sectors, or some that wait for it, against the others, each with the share that failed so far. */
function ruleOf({ values }: DiskRows, kept: Kept): DiskModel {
  const suspicious = (row: number): 0 | 1 =>
    (values[row * WIDTH + SMART.indexOf('s5')] as number) > 0 ||
    (values[row * WIDTH + SMART.indexOf('s197')] as number) > 0
      ? 1
      : 0;
  const all = [0, 0];
  const failed = [0, 0];
  for (const { row, label, weight } of kept) {
    const which = suspicious(row);
    all[which] = (all[which] as number) + weight;
    failed[which] = (failed[which] as number) + label;
  }
  // One more failure in twice the rows: nothing is impossible because it has not been seen.
  const rates = all.map((weight, which) => ((failed[which] as number) + 0.5) / (weight + 1));
  return { risk: (row) => rates[suspicious(row)] as number };
}
