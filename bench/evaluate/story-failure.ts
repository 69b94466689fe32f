import { findStoryKind } from '../fleet/stories/story-kinds.ts';
import type { StoryTruth } from '../fleet/story-schedule.ts';

/** What only gets worse, and is at its worst when somebody ends it. */
const WORSENING: ReadonlySet<string> = new Set([
  'sbe_slow_burn',
  'cold_plate_decay',
  'fan_decay',
  'dust',
  'paste_pump_out',
  'pcie_replays',
]);
/** What happens in the first tenth of a story is its beginning, no failure that one could have been warned of. */
const BEGINNING = 0.1;

/**
 * The moment that a warning should come before: the first XID, uncorrectable error, failed remap or retired page after the
 * beginning; the end of what only gets worse; null for stories that begin with their failure, or have none.
 */
export function failureMoment(truth: Pick<StoryTruth, 'story' | 'since_ms' | 'until_ms'>): number | null {
  const { story, since_ms, until_ms } = truth;
  const beginning = since_ms + BEGINNING * (until_ms - since_ms);
  // Luck decides which XID it is, never when.
  const events =
    findStoryKind(story)?.events?.({ start_ms: since_ms, end_ms: until_ms, seed: 0, interval_ms: 0 }) ?? [];
  const failures = events
    .filter(({ what }) => ['xid', 'dbe', 'remap_failed', 'retire'].includes(what.type))
    .map(({ at_ms }) => at_ms)
    .filter((at_ms) => at_ms > beginning);
  if (failures.length > 0) return Math.min(...failures);
  return WORSENING.has(story) ? until_ms : null;
}
