import type { Emit } from '../../pipeline/contract/operator.ts';
import type { BoardRecord } from './board-record.ts';
import type { EpisodesOptions, EpisodesPorts } from './episodes.ts';
import { episodeOf, needsReset } from './story.ts';

type Tell = Emit<EpisodesPorts>;

const LOST_TYPE = 'gpu_lost';

/**
 * Ends stories that have been quiet for longer than a burst pauses. Those that a reset alone can end go on, and are told as
 * waiting for it, for `await_reset` at most.
 */
export function endQuiet(record: BoardRecord, now: number, emit: Tell, options: EpisodesOptions): void {
  for (const story of record.stories) {
    const quiet = now - story.last_seen;
    if (story.ended_at !== null || story.open.length > 0 || quiet <= options.burst_gap) continue;
    const waits = needsReset(story) && quiet < options.await_reset;
    if (waits && story.waits === true) continue;
    story.waits = waits;
    if (!waits) story.ended_at = story.last_seen;
    emit('episodes', episodeOf(story));
  }
}

/** Who is lost for good, or has moved to a node that this group does not hear of, is told back by nobody. */
export function endLost(record: BoardRecord, now: number, emit: Tell, options: EpisodesOptions): void {
  const lost = record.watched.filter(({ type }) => type === LOST_TYPE).map(({ id }) => id);
  for (const story of record.stories) {
    if (story.ended_at !== null || story.open.length === 0 || now - story.last_seen < options.await_reset) continue;
    if (!story.open.every((id) => lost.includes(id))) continue;
    record.watched = record.watched.filter(({ id }) => !story.open.includes(id));
    story.open = [];
    story.ended_at = story.last_seen;
    emit('episodes', episodeOf(story));
  }
}
