import type { Anomaly, Episode, HealthScore, Incident } from '../../pipeline/contract/events.ts';
import type { Prediction } from '../../pipeline/contract/predictions.ts';
import type { DurationMs } from '../../pipeline/contract/time.ts';

/** Rows of the tables that alert rules look at, each as it was written last. */
export interface StoredFindings {
  readonly anomalies: readonly Anomaly[];
  readonly episodes: readonly Episode[];
  readonly incidents: readonly Incident[];
  readonly scores: readonly HealthScore[];
  readonly predictions: readonly Prediction[];
}

type Item = Anomaly | Episode | Incident | HealthScore | Prediction;

/** One item as a step once told it. */
export interface StoredNews {
  /** Event time at which it was told. */
  readonly at: number;
  readonly input: keyof StoredFindings;
  readonly item: Item;
}

/**
 * What the steps told, in the order of event time, rebuilt from their last rows: a condition opens, and later it closes.
 * `quiet`: how long an episode stays silent before its end is told. Severities are those of the last row: that one rose
 * meanwhile is not in the table.
 */
export function newsOf(found: StoredFindings, quiet: DurationMs): StoredNews[] {
  const news: StoredNews[] = [];
  for (const item of found.anomalies) {
    news.push({ at: item.opened_at, input: 'anomalies', item: { ...item, state: 'open', closed_at: null } });
    if (item.closed_at !== null) news.push({ at: item.closed_at, input: 'anomalies', item });
  }
  for (const item of found.incidents) {
    news.push({ at: item.opened_at, input: 'incidents', item: { ...item, state: 'open', closed_at: null } });
    if (item.closed_at !== null) news.push({ at: item.closed_at, input: 'incidents', item });
  }
  for (const item of found.episodes) news.push(...newsOfEpisode(item, quiet));
  for (const item of found.scores) news.push({ at: item.ts, input: 'scores', item });
  for (const item of found.predictions) news.push({ at: item.ts, input: 'predictions', item });
  return news.sort((a, b) => a.at - b.at);
}

/** Its beginning, its reset and its end, each with what was known by then. */
function newsOfEpisode(item: Episode, quiet: DurationMs): StoredNews[] {
  const { started_at, reset_at } = item;
  const over = item.ended_at === null ? null : item.ended_at + quiet;
  const instants = [started_at, ...(reset_at === null ? [] : [reset_at]), ...(over === null ? [] : [over])];
  return instants.map((at, i) => ({
    at,
    input: 'episodes' as const,
    item: {
      ...item,
      reset_at: i > 0 && reset_at !== null && reset_at <= at ? reset_at : null,
      ended_at: i > 0 && over !== null && over <= at ? item.ended_at : null,
      cured: i > 0 && over !== null && over <= at ? item.cured : null,
    },
  }));
}
