import { days } from '../../pipeline/contract/time.ts';
import { STORY_KINDS } from '../fleet/stories/story-kinds.ts';
import type { StoryTruth } from '../fleet/story-schedule.ts';
import { grouped, tally } from './grouped.ts';
import { detections, type TruthIndex } from './match-truth.ts';
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
  /** What told it first, as `detector/type`, and in how many instances. */
  readonly first_seen_by: Readonly<Record<string, number>>;
  /** Share of instances that false alarms at the rate of clean GPUs would have hit by luck. */
  readonly luck_ratio: number;
  /** Shares of instances with an episode, and with an incident, on one of its GPUs or nodes; null while nothing tells them. */
  readonly episode_ratio: number | null;
  readonly incident_ratio: number | null;
  /** Of the instances with an episode, those with one of the story's own category. */
  readonly category_ratio: number | null;
}

/** Place of a story among all kinds. */
export const storyOrder = (story: string): number => STORY_KINDS.findIndex(({ name }) => name === story);

/** `false_alarms_per_gpu_day`: warnings and criticals on clean GPUs. Stories that began after the end are left out. */
export function storyFigures(truth: TruthIndex, log: SinkLog, false_alarms_per_gpu_day: number): StoryFigures[] {
  const found = detections(truth, log.alarms.values());
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
      first_seen_by: tally(seen.flatMap((one) => [...new Set(one.first.map((a) => `${a.detector}/${a.type}`))])),
      luck_ratio: mean(instances.map((one) => luck(one, false_alarms_per_gpu_day))),
      ...retold(instances, log),
    };
  });
}

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

const luck = (truth: StoryTruth, per_gpu_day: number): number =>
  1 - Math.exp((-per_gpu_day * truth.gpu_uuids.length * (truth.until_ms - truth.since_ms)) / days(1));

/** Whether episodes and incidents tell the story too. */
function retold(
  instances: readonly StoryTruth[],
  log: SinkLog,
): Pick<StoryFigures, 'episode_ratio' | 'incident_ratio' | 'category_ratio'> {
  const episodes = [...log.episodes.values()];
  const incidents = [...log.incidents.values()];
  const during = (truth: StoryTruth, from_ms: number, to_ms: number | null): boolean =>
    from_ms <= truth.until_ms && (to_ms ?? Number.POSITIVE_INFINITY) >= truth.since_ms;
  const told = instances.map((one) =>
    episodes.filter(
      (e) =>
        during(one, e.started_at, e.ended_at) &&
        (e.gpu_uuid === '' ? one.nodes.includes(e.node) : one.gpu_uuids.includes(e.gpu_uuid)),
    ),
  );
  const with_episode = told.filter((list) => list.length > 0);
  const joined = instances.filter((one) =>
    incidents.some(
      (i) =>
        during(one, i.opened_at, i.closed_at) &&
        (i.gpus.some((uuid) => one.gpu_uuids.includes(uuid)) ||
          (i.gpus.length === 0 && i.nodes.some((node) => one.nodes.includes(node)))),
    ),
  );
  const named = told.filter((list, k) => list.some((e) => e.category === (instances[k] as StoryTruth).category));
  return {
    episode_ratio: 'xid_episodes' in log.items ? with_episode.length / instances.length : null,
    incident_ratio: 'incidents' in log.items ? joined.length / instances.length : null,
    category_ratio: with_episode.length === 0 ? null : named.length / with_episode.length,
  };
}
