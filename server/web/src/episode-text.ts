import { ACTION_TEXT, capital } from './action-text.ts';
import type { EpisodeAnswer } from './answers.ts';
import { timeText } from './format-time.ts';
import { duration } from './format-value.ts';
import { metricLabel } from './metric-label.ts';
import { xidText } from './xid-text.ts';

/** What it is about: `Memory: XID 48`, `Fabric: NVLink errors`. */
export function episodeTitle({ category, primary_xid, anomalies }: EpisodeAnswer): string {
  const what = primary_xid !== null ? xidText(primary_xid) : metricLabel(anomalies[0] ?? '');
  return what === '' ? capital(category) : `${capital(category)}: ${what}`;
}

/** `since 12:04:03, for 2 h`, or from when and how long it was. */
export function episodeSpan({ started_at, ended_at }: EpisodeAnswer, now: number): string {
  const from = Date.parse(started_at);
  if (ended_at === null) {
    const age = (now - from) / 1_000;
    return age > 0 ? `since ${timeText(from, now)}, for ${duration(age)}` : `since ${timeText(from, now)}`;
  }
  const lasted = duration((Date.parse(ended_at) - from) / 1_000);
  return `${timeText(from, now)} to ${timeText(Date.parse(ended_at), now)}, ${lasted}`;
}

/** Whether it is over, and whether a reset is what ended it. */
export function episodeCourse({ ended_at, cured }: EpisodeAnswer): string {
  if (ended_at === null) return 'goes on';
  return cured === true ? 'cured' : 'over, no cure seen';
}

export const episodeAction = ({ action }: EpisodeAnswer): string => ACTION_TEXT[action];
