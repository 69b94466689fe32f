import { type Landmarks, outcome } from '../../../models/prediction/landmarks.ts';
import type { FailureLabel, FailureType } from '../../../pipeline/contract/predictions.ts';
import { days } from '../../../pipeline/contract/time.ts';
import { quantile } from '../quantile.ts';

/** What alarms of a model from a 30-day probability on are worth. */
export interface AlarmFigures {
  readonly threshold: number;
  /** GPU-days whose outcome is known, and how many of them were alarms. */
  readonly gpu_days: number;
  readonly alarm_days: number;
  /** Share of alarm days that a failure followed within 30 days; null without an alarm. */
  readonly precision: number | null;
  /** Share of GPU-days before a failure that were alarms; null without a failure. */
  readonly recall: number | null;
  /** Failures that were watched in the 30 days before, and those of them with an alarm in that time. */
  readonly failures: number;
  readonly foreseen: number;
  /** Days from the first of those alarms to the failure. */
  readonly lead_days: Quartiles | null;
  /** Alarms of one GPU, day after day, count once; false = no failure within 30 days of any of them. Per 1,000 GPU-days. */
  readonly false_alarms: number;
  /** The same by the day. */
  readonly false_alarm_days: number;
  readonly groups: readonly FailureGroup[];
}

export interface Quartiles {
  readonly low: number;
  readonly median: number;
  readonly high: number;
}

/** Failures of one kind. */
export interface FailureGroup {
  readonly group: string;
  readonly failures: number;
  readonly foreseen: number;
  /** Of the foreseen: how often the last alarm named the right type. */
  readonly type_right: number;
  readonly lead_median_days: number | null;
}

export interface AlarmQuestion {
  readonly landmarks: Landmarks;
  readonly failures: readonly FailureLabel[];
  /** By landmark, not by `taken`. */
  readonly p30: ArrayLike<number>;
  readonly type: readonly FailureType[];
  readonly threshold: number;
  /** Groups that a failure belongs to, beside that of its type. */
  readonly groupsOf: (failure: FailureLabel) => readonly string[];
}

const HORIZON_DAYS = 30;
const DAY_MS = days(1);
/** A pause of up to so long does not end an alarm. */
const PAUSE_MS = days(3);

/** Judges alarms by what came after them. O(landmarks + failures). */
export function alarmFigures({ landmarks, failures, p30, type, threshold, groupsOf }: AlarmQuestion): AlarmFigures {
  const alarm = (row: number): boolean => (p30[row] as number) >= threshold;
  const rows = Array.from({ length: landmarks.rows }, (_, row) => row);
  const known = rows.filter((row) => !Number.isNaN(outcome(landmarks, row, HORIZON_DAYS)));
  const failing = known.filter((row) => outcome(landmarks, row, HORIZON_DAYS) === 1);
  const alarms = known.filter(alarm);
  const right = failing.filter(alarm).length;
  const before = rowsBefore(landmarks);
  const watched = failures.flatMap((failure) => {
    const own = before.get(keyOf(failure.gpu_uuid, failure.failed_at)) ?? [];
    const alarmed = own.filter(alarm);
    const [first] = alarmed;
    const last = alarmed.at(-1);
    const lead_days = first === undefined ? null : (landmarks.failure_days[first] as number);
    const type_right = last !== undefined && type[last] === failure.type;
    return own.length === 0 ? [] : [{ failure, lead_days, type_right }];
  });
  const foreseen = watched.filter(({ lead_days }) => lead_days !== null);
  const leads = foreseen.map(({ lead_days }) => lead_days as number);
  const groups = [...new Set(watched.flatMap(({ failure }) => [failure.type, ...groupsOf(failure)]))];
  const per_1000 = (count: number): number => (1_000 * count) / Math.max(1, known.length);
  return {
    threshold,
    gpu_days: known.length,
    alarm_days: alarms.length,
    precision: alarms.length === 0 ? null : right / alarms.length,
    recall: failing.length === 0 ? null : right / failing.length,
    failures: watched.length,
    foreseen: foreseen.length,
    lead_days:
      leads.length === 0
        ? null
        : {
            low: quantile(leads, 0.25) as number,
            median: quantile(leads, 0.5) as number,
            high: quantile(leads, 0.75) as number,
          },
    false_alarms: per_1000(falseRuns(landmarks, alarm)),
    false_alarm_days: per_1000(alarms.length - right),
    groups: groups.map((group) => {
      const own = watched.filter(({ failure }) => failure.type === group || groupsOf(failure).includes(group));
      const seen = own.filter(({ lead_days }) => lead_days !== null);
      return {
        group,
        failures: own.length,
        foreseen: seen.length,
        type_right: seen.filter(({ type_right }) => type_right).length,
        lead_median_days: quantile(
          seen.map(({ lead_days }) => lead_days as number),
          0.5,
        ),
      };
    }),
  };
}

/** Landmarks of the 30 days before each failure, in the order of time. */
function rowsBefore(landmarks: Landmarks): Map<string, number[]> {
  const before = new Map<string, number[]>();
  for (let row = 0; row < landmarks.rows; row++) {
    const left = landmarks.failure_days[row] as number;
    if (!(left <= HORIZON_DAYS)) continue;
    const key = keyOf(
      landmarks.gpus[landmarks.gpu[row] as number] as string,
      (landmarks.ts[row] as number) + left * DAY_MS,
    );
    const own = before.get(key);
    if (own === undefined) before.set(key, [row]);
    else own.push(row);
  }
  for (const own of before.values()) own.sort((a, b) => (landmarks.ts[a] as number) - (landmarks.ts[b] as number));
  return before;
}

/** To the second: days that were divided and multiplied again are off by less. */
const keyOf = (gpu_uuid: string, failed_at: number): string => `${gpu_uuid} ${Math.round(failed_at / 1_000)}`;

/** Alarms that no failure followed within 30 days of their last day; those of which nobody knows are left out. */
function falseRuns(landmarks: Landmarks, alarm: (row: number) => boolean): number {
  const open = new Map<number, { last: number; followed: boolean; unknown: boolean }>();
  let count = 0;
  const close = (run: { followed: boolean; unknown: boolean }): void => {
    if (!run.followed && !run.unknown) count += 1;
  };
  for (let row = 0; row < landmarks.rows; row++) {
    if (!alarm(row)) continue;
    const gpu = landmarks.gpu[row] as number;
    const ts = landmarks.ts[row] as number;
    const before = open.get(gpu);
    if (before !== undefined && ts - before.last > PAUSE_MS) close(before);
    const goes_on = before !== undefined && ts - before.last <= PAUSE_MS;
    const run = goes_on ? before : { last: ts, followed: false, unknown: false };
    run.last = ts;
    run.followed ||= (landmarks.failure_days[row] as number) <= HORIZON_DAYS;
    run.unknown ||= Number.isNaN(outcome(landmarks, row, HORIZON_DAYS));
    open.set(gpu, run);
  }
  for (const run of open.values()) close(run);
  return count;
}
