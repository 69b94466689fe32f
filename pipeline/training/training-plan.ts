import { VitalsError } from '../contract/errors.ts';
import { fnv1a } from '../contract/ids.ts';
import { days } from '../contract/time.ts';

/**
 * Which GPU teaches, which calibrates and which judges: by a hash of its UUID and of nothing else, so that none is ever on two
 * sides. By a seed a GPU would judge the model that it has taught under another one.
 */
export type Side = 'train' | 'calibrate' | 'judge';

export interface TrainingPlan {
  /** Nothing before it is read (epoch ms). */
  readonly from: number;
  /** What is known at this instant teaches; landmarks from it on calibrate. */
  readonly train_until: number;
  /** What is known at this instant calibrates; landmarks from it on judge. */
  readonly calibrate_until: number;
  readonly until: number;
  side(gpu_uuid: string): Side;
}

const DAY_MS = days(1);
/** A month is foreseen, and some days of landmarks must have seen theirs. */
const PART_DAYS = 40;
const TRAIN_SHARE = 0.6;
const CALIBRATE_SHARE = 0.2;
/** Models of today were dealt so by the default seed. */
const DEAL = '1 side';

/**
 * Cuts a history: its first half or more teaches, the next part calibrates, the last judges; every part is at least 40 days
 * long, so that the outcomes of its first days are known. GPUs are dealt 60 : 20 : 20.
 * Errors: GV-MDL-303 when the history is shorter than 120 days.
 */
export function planTraining(from: number, until: number): TrainingPlan {
  const span_days = (until - from) / DAY_MS;
  if (span_days < 3 * PART_DAYS) {
    throw new VitalsError(
      'GV-MDL-303',
      `${Math.floor(span_days)} days of feature vectors are stored, ${3 * PART_DAYS} are needed`,
      'gpu_features',
      { action: 'Wait: a month must have passed for learning, for calibrating and for judging each.' },
    );
  }
  const part = Math.max(PART_DAYS, Math.floor(span_days / 4)) * DAY_MS;
  return {
    from,
    train_until: until - 2 * part,
    calibrate_until: until - part,
    until,
    side(gpu_uuid) {
      const place = (fnv1a(`${DEAL} ${gpu_uuid}`) % 10_000) / 10_000;
      if (place < TRAIN_SHARE) return 'train';
      return place < TRAIN_SHARE + CALIBRATE_SHARE ? 'calibrate' : 'judge';
    },
  };
}
