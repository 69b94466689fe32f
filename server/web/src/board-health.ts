import type { HealthGrade, RecoveryAction } from '../../../pipeline/contract/events.ts';
import type { HealthAnswer } from './answers.ts';

/** What the fleet page keeps of a score. */
export interface BoardHealth {
  readonly instance: string;
  /** ISO text. */
  readonly ts: string;
  /** 0..100; null is unknown. */
  readonly score: number | null;
  readonly grade: HealthGrade;
  readonly action: RecoveryAction;
  /** What to do about what costs most, in words; empty when nothing costs anything. */
  readonly next: string;
}

/** A score that was not told anew for so long, while its GPU went on sending, says nothing of now. */
const CURRENT_MS = 3_600_000;
/** A part of a board of which nothing is known is worse than a good one and better than a bad one. */
const UNKNOWN_RANK = 80;

export function healthOf(answer: HealthAnswer): BoardHealth {
  const { instance, ts, overall_score, health_grade, action, contributions } = answer;
  const worst = contributions.reduce<{ points: number; action: string } | null>(
    (most, one) => (most === null || one.points > most.points ? one : most),
    null,
  );
  return { instance, ts, score: overall_score, grade: health_grade, action, next: worst?.action ?? '' };
}

/** The worst part of a board, parts that ceased to be left out; null when there is none. */
export function worstPart(parts: readonly BoardHealth[]): BoardHealth | null {
  const newest = Math.max(...parts.map(({ ts }) => Date.parse(ts)));
  const rank = ({ score }: BoardHealth): number => score ?? UNKNOWN_RANK;
  return parts
    .filter(({ ts }) => Date.parse(ts) >= newest - CURRENT_MS)
    .reduce<BoardHealth | null>((worst, one) => (worst === null || rank(one) < rank(worst) ? one : worst), null);
}

/** Whether a score still speaks of a GPU whose last sample is of `sampled_at`; both ISO texts. */
export const isCurrent = (scored_at: string, sampled_at: string | null): boolean =>
  sampled_at === null || Date.parse(scored_at) >= Date.parse(sampled_at) - CURRENT_MS;
