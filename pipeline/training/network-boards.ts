import { type Landmarks, outcome } from '../../models/prediction/landmarks.ts';
import { fnv1a } from '../contract/ids.ts';
import type { FailureLabel } from '../contract/predictions.ts';
import { days, minutes } from '../contract/time.ts';

/**
 * Steps of GPUs that are held at once: 30 inputs of 4 B and an instant of 8 B each, in lists that may be a quarter longer than
 * what is in them: at most 0.5 GB.
 */
export const NETWORK_STEPS_MAX = 3_000_000;
/** Of a board so much is looked at: the month before its failure that is to be foreseen, and half a month in which none came. */
const WINDOW_MS = days(45);
const HORIZON_MS = days(30);
const STEP_MS = minutes(10);
/** Two days in three of the last thirty: a board that was not looked at before it failed teaches nothing of why. */
const WATCHED_DAYS_MIN = 20;
/** Share of the boards that decide when the network has learned enough, and whether it is better than the one before. */
const VALID_SHARE = 0.25;

/** The boards that a network learns from and is judged by, and when each is looked at. */
export interface NetworkBoards {
  readonly gpus: ReadonlySet<string>;
  /** Of all that taught: failed within the span, with a last month in which they were watched. */
  readonly failing: number;
  /** Of those that are taken. */
  readonly failing_taken: number;
  readonly survivors: number;
  readonly survivors_taken: number;
  /** From the first step to after the last one, epoch ms. */
  readonly from: number;
  readonly to: number;
  /** Failures to a non-failure, per day of a board of the whole fleet: what the sample is put back on. */
  readonly odds: number;
  wanted(gpu_uuid: string, ts: number): boolean;
  validates(gpu_uuid: string): boolean;
}

/**
 * Chooses among the boards that teach: all that failed, at most half of what fits into memory, and of the others as many as fit
 * beside them, by a hash of their UUID. Labels are known to 30 days before the end of what is known, so nothing later is
 * looked at. Of a board that lives on the window is drawn; failures after `until` are unknown, and whoever has one lives on.
 */
export function networkBoards(options: {
  /** Of the boards that teach, as known at `until`: one a day. */
  readonly train: Landmarks;
  readonly failures: readonly FailureLabel[];
  readonly from: number;
  readonly until: number;
  readonly seed: number;
  readonly steps_max: number;
}): NetworkBoards {
  const { train, from, until, seed } = options;
  const end = until - HORIZON_MS;
  const place = (what: string, gpu_uuid: string): number => fnv1a(`${seed} ${what} ${gpu_uuid}`);
  const share = (what: string, gpu_uuid: string): number => (place(what, gpu_uuid) % 10_000) / 10_000;
  const seen = new Set(Array.from(train.gpu, (index) => train.gpus[index] as string));
  const failedAt = new Map<string, number[]>();
  for (const { gpu_uuid, status, failed_at } of options.failures) {
    // What fails within 30 days of the last labelled step is the last that a step can foresee.
    if (status !== 'confirmed' || failed_at <= from || failed_at > until || !seen.has(gpu_uuid)) continue;
    failedAt.set(gpu_uuid, [...(failedAt.get(gpu_uuid) ?? []), failed_at]);
  }
  const watched = watchedDays(train, failedAt);
  const inOrder = (uuids: readonly string[]): string[] =>
    uuids.toSorted((a, b) => place('network', a) - place('network', b) || (a < b ? -1 : 1));
  const failing = [...failedAt.keys()].filter((uuid) => (watched.get(uuid) ?? 0) >= WATCHED_DAYS_MIN);
  const survivors = [...seen].filter((uuid) => !failedAt.has(uuid));
  const steps_each = Math.max(1, Math.min(WINDOW_MS, end - from) / STEP_MS);
  const fit = Math.floor(options.steps_max / steps_each);
  const failing_taken = inOrder(failing).slice(0, Math.max(1, fit >> 1));
  const survivors_taken = inOrder(survivors).slice(0, Math.max(1, fit - failing_taken.length));

  const windows = new Map<string, readonly (readonly [number, number])[]>();
  for (const uuid of failing_taken) {
    windows.set(
      uuid,
      (failedAt.get(uuid) ?? []).map((at) => [Math.max(from, at - WINDOW_MS), Math.min(at, end)] as const),
    );
  }
  for (const uuid of survivors_taken) {
    const first = from + Math.max(0, end - from - WINDOW_MS) * share('window', uuid);
    windows.set(uuid, [[first, Math.min(end, first + WINDOW_MS)]]);
  }
  const all = [...windows.values()].flat();
  return {
    gpus: new Set(windows.keys()),
    failing: failing.length,
    failing_taken: failing_taken.length,
    survivors: survivors.length,
    survivors_taken: survivors_taken.length,
    from: all.reduce((least, [first]) => Math.min(least, first), end),
    to: all.reduce((most, [, last]) => Math.max(most, last), from),
    odds: oddsOf(train),
    wanted: (uuid, ts) => windows.get(uuid)?.some(([first, last]) => ts >= first && ts < last) ?? false,
    validates: (uuid) => share('validates', uuid) < VALID_SHARE,
  };
}

/** Days within the last thirty before a failure on which a board was seen, the failure with most of them. */
function watchedDays(train: Landmarks, failedAt: ReadonlyMap<string, readonly number[]>): Map<string, number> {
  const counts = new Map<string, Map<number, number>>();
  for (let row = 0; row < train.rows; row++) {
    const uuid = train.gpus[train.gpu[row] as number] as string;
    const ts = train.ts[row] as number;
    for (const at of failedAt.get(uuid) ?? []) {
      if (ts >= at || ts < at - HORIZON_MS) continue;
      const own = counts.get(uuid) ?? new Map<number, number>();
      counts.set(uuid, own.set(at, (own.get(at) ?? 0) + 1));
    }
  }
  return new Map([...counts].map(([uuid, own]) => [uuid, Math.max(...own.values())]));
}

function oddsOf(train: Landmarks): number {
  let positive = 0;
  let negative = 0;
  for (let row = 0; row < train.rows; row++) {
    const label = outcome(train, row, 30);
    if (label === 1) positive++;
    if (label === 0) negative++;
  }
  return positive / negative;
}
