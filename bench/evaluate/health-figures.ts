import type { StoryTruth } from '../fleet/story-schedule.ts';
import { grouped, shares } from './grouped.ts';
import type { Place, TruthIndex } from './match-truth.ts';
import { quantile } from './quantile.ts';
import type { HealthTrack, SinkLog } from './sink-log.ts';
import { storyOrder } from './story-figures.ts';

/** Health of clean GPUs at all times, and of sick ones at their worst. */
export interface HealthFigures {
  readonly clean: {
    readonly scores: number;
    readonly p01: number | null;
    readonly p50: number | null;
    /** Shares of the scores by grade. */
    readonly grades: Readonly<Record<string, number>>;
  };
  /** Per story: median of the lowest score while it went on, and shares of the instances by the grade of that moment. */
  readonly sick: Readonly<
    Record<string, { readonly worst_p50: number | null; readonly grades: Readonly<Record<string, number>> }>
  >;
}

/** Null while the topology tells no health. */
export function healthFigures(truth: TruthIndex, log: SinkLog, places: readonly Place[]): HealthFigures | null {
  if (!('gpu_health_scores' in log.items)) return null;
  const scores: number[] = [];
  const clean: string[] = [];
  for (const place of places) {
    for (const track of log.health.get(place.gpu_uuid)?.values() ?? []) {
      track.ts.forEach((ts, i) => {
        if (truth.bucket(place, ts).kind !== 'clean') return;
        clean.push(track.grade[i] as string);
        if (!Number.isNaN(track.score[i])) scores.push(track.score[i] as number);
      });
    }
  }
  const faults = truth.truths.filter((one) => one.fault);
  const sick = [...grouped(faults, (one) => one.story)]
    .sort(([a], [b]) => storyOrder(a) - storyOrder(b))
    .map(([story, instances]) => {
      const worst = instances.flatMap((one) => worstOf(one, log.health) ?? []);
      const grades = shares(worst.map(({ grade }) => grade));
      return [
        story,
        {
          worst_p50: quantile(
            worst.map(({ score }) => score).filter((score) => !Number.isNaN(score)),
            0.5,
          ),
          grades,
        },
      ] as const;
    });
  return {
    clean: { scores: clean.length, p01: quantile(scores, 0.01), p50: quantile(scores, 0.5), grades: shares(clean) },
    sick: Object.fromEntries(sick),
  };
}

/** Unknown is no verdict of health: it stands below scores that call a GPU healthy (grade good, from 80), above all others. */
const UNKNOWN_RANK = 79.95;
const rank = (score: number): number => (Number.isNaN(score) ? UNKNOWN_RANK : score);

/** The worst that was said of a story's GPUs while it went on; null when nothing was told. */
function worstOf(
  truth: StoryTruth,
  health: ReadonlyMap<string, ReadonlyMap<string, HealthTrack>>,
): { readonly score: number; readonly grade: string } | null {
  let worst: { score: number; grade: string } | null = null;
  for (const uuid of truth.gpu_uuids) {
    for (const { ts, score, grade } of health.get(uuid)?.values() ?? []) {
      for (const [i, at] of ts.entries()) {
        if (at < truth.since_ms || at > truth.until_ms) continue;
        const told = score[i] as number;
        if (worst === null || rank(told) < rank(worst.score)) {
          worst = { score: told, grade: grade[i] as string };
        }
      }
    }
  }
  return worst;
}
