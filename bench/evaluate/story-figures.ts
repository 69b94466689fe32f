import { days } from '../../pipeline/contract/time.ts';
import { STORY_KINDS } from '../fleet/stories/story-kinds.ts';
import type { StoryTruth } from '../fleet/story-schedule.ts';
import { type Detection, SIGHTING_KINDS, type SightingKind } from './detections.ts';
import { grouped, tally } from './grouped.ts';
import type { TruthIndex } from './match-truth.ts';
import { quantile } from './quantile.ts';
import type { SinkLog } from './sink-log.ts';
import { failureMoment } from './story-failure.ts';

/** How one kind of fault was seen. Delays in seconds from its beginning, lead times in seconds before its failure. */
export interface StoryFigures {
  readonly story: string;
  readonly category: string;
  readonly scope: string;
  readonly instances: number;
  readonly detected_ratio: number;
  readonly critical_ratio: number;
  readonly delay_p50_s: number | null;
  readonly delay_p90_s: number | null;
  /** Shares of the instances with a failure moment that were told before it; null where the story has none. */
  readonly warned_before_failure_ratio: number | null;
  readonly lead_p50_s: number | null;
  /** The kind of what told it first, several joined by `+` where they came together, and in how many instances. */
  readonly first_kind: Readonly<Record<string, number>>;
  /** What told it first, in words of Sighting.by, and in how many instances. */
  readonly first_seen_by: Readonly<Record<string, number>>;
  /** Shares of the instances that were told by each kind, first or later. */
  readonly told_ratio: Readonly<Record<SightingKind, number>>;
  /** Share of instances that false alarms at the rate of clean GPUs would have hit by luck. */
  readonly luck_ratio: number;
  /** Of the instances with an episode, those with one of the story's own category. */
  readonly category_ratio: number | null;
}

/** Place of a story among all kinds. */
export const storyOrder = (story: string): number => STORY_KINDS.findIndex(({ name }) => name === story);

/**
 * `found` is how each fault was told; `false_alarms_per_gpu_day` what is told of clean GPUs. Stories that began after the end
 * are left out.
 */
export function storyFigures(
  truth: TruthIndex,
  found: ReadonlyMap<string, Detection>,
  log: SinkLog,
  false_alarms_per_gpu_day: number,
): StoryFigures[] {
  const by_story = grouped(
    truth.truths.filter((one) => one.fault),
    (one) => one.story,
  );
  const in_order = [...by_story].sort(([a], [b]) => storyOrder(a) - storyOrder(b));
  return in_order.map(([story, instances]) => {
    const seen = instances.flatMap((one) => found.get(one.id) ?? []);
    const delays = instances.flatMap((one) => {
      const detection = found.get(one.id);
      return detection ? [(detection.at_ms - one.since_ms) / 1_000] : [];
    });
    const failing = instances.flatMap((one) => {
      const failure = failureMoment(one);
      return failure === null ? [] : [{ failure, at_ms: found.get(one.id)?.at_ms ?? Number.POSITIVE_INFINITY }];
    });
    const leads = failing.map(({ failure, at_ms }) => (failure - at_ms) / 1_000).filter((lead) => lead > 0);
    const first = instances[0] as StoryTruth;
    return {
      story,
      category: first.category,
      scope: first.scope,
      instances: instances.length,
      detected_ratio: seen.length / instances.length,
      critical_ratio: seen.filter((one) => one.critical_at_ms !== null).length / instances.length,
      delay_p50_s: quantile(delays, 0.5),
      delay_p90_s: quantile(delays, 0.9),
      warned_before_failure_ratio: failing.length === 0 ? null : leads.length / failing.length,
      lead_p50_s: quantile(leads, 0.5),
      first_kind: tally(seen.map(firstKind)),
      first_seen_by: tally(seen.flatMap((one) => [...new Set(one.first.map(({ by }) => by))])),
      told_ratio: Object.fromEntries(
        SIGHTING_KINDS.map((kind) => [kind, seen.filter(({ kinds }) => kinds.has(kind)).length / instances.length]),
      ) as Record<SightingKind, number>,
      luck_ratio: mean(instances.map((one) => luck(one, false_alarms_per_gpu_day))),
      category_ratio: categoryRatio(instances, log),
    };
  });
}

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

const luck = (truth: StoryTruth, per_gpu_day: number): number =>
  1 - Math.exp((-per_gpu_day * truth.gpu_uuids.length * (truth.until_ms - truth.since_ms)) / days(1));

const firstKind = ({ first }: Detection): string =>
  SIGHTING_KINDS.filter((kind) => first.some((one) => one.kind === kind)).join(' + ');

/** Of the instances with an episode while they went on, the share with one of the story's own category; null without any. */
function categoryRatio(instances: readonly StoryTruth[], log: SinkLog): number | null {
  const episodes = [...log.episodes.values()].map(({ row }) => row);
  const told = instances.map((one) =>
    episodes.filter(
      (e) =>
        e.started_at <= one.until_ms &&
        (e.ended_at ?? Number.POSITIVE_INFINITY) >= one.since_ms &&
        (e.gpu_uuid === '' ? one.nodes.includes(e.node) : one.gpu_uuids.includes(e.gpu_uuid)),
    ),
  );
  const with_episode = told.filter((list) => list.length > 0);
  const named = told.filter((list, k) => list.some((e) => e.category === (instances[k] as StoryTruth).category));
  return with_episode.length === 0 ? null : named.length / with_episode.length;
}
