import type { EpisodeAnswer } from './answers.ts';

/** Which fault stories one wants to see; empty text does not narrow. */
export interface EpisodeFilter {
  /** Words; each must be in a name, a code or the explanation. */
  readonly q: string;
  readonly severity: string;
  readonly category: string;
  /** `open`, `closed` or empty. */
  readonly state: string;
  readonly id: string;
}

export function episodeMatches(episode: EpisodeAnswer, { q, state }: Pick<EpisodeFilter, 'q' | 'state'>): boolean {
  if (state === 'open' && episode.ended_at !== null) return false;
  if (state === 'closed' && episode.ended_at === null) return false;
  const words = q.trim().toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return true;
  const { gpu_uuid, node, job, category, explanation, xids, anomalies } = episode;
  const codes = xids.map((xid) => `xid ${xid} xid${xid}`).join(' ');
  const text = `${gpu_uuid} ${node} ${job} ${category} ${codes} ${anomalies.join(' ')} ${explanation}`.toLowerCase();
  return words.every((word) => text.includes(word));
}

/** What the API can narrow by itself. */
export function episodeQuery(
  { severity, category, id }: Pick<EpisodeFilter, 'severity' | 'category' | 'id'>,
  from: number | null,
): Readonly<Record<string, string | number>> {
  return {
    ...(severity === '' ? {} : { severity }),
    ...(category === '' ? {} : { category }),
    ...(id === '' ? {} : { id }),
    ...(from === null ? {} : { from }),
  };
}
