import type { AnomalyAnswer } from '../../schemas.ts';
import { anomalyText } from './anomaly-text.ts';
import type { EpisodeAnswer } from './answers.ts';
import { episodeCourse, episodeSpan, episodeTitle } from './episode-text.ts';
import { duration } from './format-value.ts';
import { metricLabel } from './metric-label.ts';

export interface TimeSpan {
  readonly from: number;
  readonly to: number;
}

/** Something that lasted: one line of a timeline. */
export interface Lane {
  readonly key: string;
  readonly name: string;
  /** Where its name leads; null: nowhere. */
  readonly gpu_uuid: string | null;
  readonly from: number;
  /** Null while it goes on. */
  readonly to: number | null;
  readonly tone: 'critical' | 'warning' | 'info' | 'quiet';
  /** The lane in words. */
  readonly says: string;
  readonly marks: readonly { readonly at: number; readonly what: string }[];
}

/** Room before and after what is shown, as a share of it. */
const ROOM = 0.06;
const LEAST_MS = 60_000;

/** The span that holds all lanes; what goes on reaches until `now`. */
export function spanOf(lanes: readonly Lane[], now: number): TimeSpan {
  const instants = lanes.flatMap(({ from, to, marks }) => [
    from,
    to ?? Math.max(now, from),
    ...marks.map(({ at }) => at),
  ]);
  if (instants.length === 0) return { from: now - LEAST_MS, to: now };
  let [first, last] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const instant of instants) {
    first = Math.min(first, instant);
    last = Math.max(last, instant);
  }
  const room = Math.max(LEAST_MS, last - first) * ROOM;
  const goes_on = lanes.some(({ to }) => to === null);
  return { from: first - room, to: goes_on ? last : last + room };
}

/** An episode as a lane; the reset that followed is a mark. */
export function episodeLane(episode: EpisodeAnswer, name: string, now: number): Lane {
  const { id, gpu_uuid, severity, started_at, ended_at, reset_at } = episode;
  const reset = reset_at === null ? [] : [{ at: Date.parse(reset_at), what: 'reset' }];
  return {
    key: id,
    name,
    gpu_uuid,
    from: Date.parse(started_at),
    to: ended_at === null ? null : Date.parse(ended_at),
    tone: severity,
    says: `${name}: ${episodeTitle(episode)}, ${episodeCourse(episode)}, ${episodeSpan(episode, now)}${reset_at === null ? '' : ', a reset after it'}`,
    marks: reset,
  };
}

/** Anomalies by type, for what went with a story: a lane each. */
export const anomalyLanes = (anomalies: readonly AnomalyAnswer[]): readonly Lane[] =>
  anomalies.map((anomaly) => {
    const { id, type, severity, opened_at, closed_at, state } = anomaly;
    const from = Date.parse(opened_at);
    const to = closed_at === null ? (state === 'open' ? null : from) : Date.parse(closed_at);
    const lasted = to === null ? 'open' : `for ${duration((to - from) / 1_000)}`;
    const says = `${metricLabel(type)}: ${anomalyText(anomaly)}, ${lasted}`;
    return { key: id, name: metricLabel(type), gpu_uuid: null, from, to, tone: severity, says, marks: [] };
  });
