import type { Anomaly } from '../../pipeline/contract/events.ts';
import { causeId } from '../../pipeline/contract/ids.ts';
import { formatDuration, minutes } from '../../pipeline/contract/time.ts';
import { elapsedWords } from '../core/elapsed-words.ts';

export const FLICKER_COLUMNS = {
  /** What a GPU missed lately; null for one that is in every scrape. */
  flicker: { scope: 'gpu', type: 'record', width: 1, initial: 0 },
} as const;

/** Scrapes of the node since a time, those that came without the GPU, and in how many gaps. */
interface Half {
  readonly laps: number;
  readonly missed: number;
  readonly gaps: number;
}

/** Two halves of the window, so that it spans one half at least and two at most. */
interface Flicker {
  /** Row after the first gap, and begin of the half that fills. */
  readonly since: number;
  readonly start: number;
  readonly now: Half;
  readonly before: Half;
  /** Least time between two rows of the GPU. */
  readonly least_ms: number;
  readonly open: Anomaly | null;
}

const NONE: Half = { laps: 0, missed: 0, gaps: 0 };
const HALF_MS = minutes(15);
const WINDOW = formatDuration(minutes(30));
const SHARE = 0.2;
/** Below this share what is open closes. */
const CALM_SHARE = 0.05;
/** A reset or two are no flicker. */
const GAPS_MIN = 3;
/** A row so many of the GPU's own intervals after its last one comes late. */
const LATE = 1.5;

/** A row of a GPU: where, when, and how many scrapes of its node came since its last one. */
export interface SeenAgain {
  readonly uuid: string;
  readonly node: string;
  readonly ts: number;
  readonly elapsed_ms: number;
  /** What lies between two of its rows usually. */
  readonly interval_ms: number;
  readonly laps: number;
}

/**
 * Notes a row of a GPU that missed scrapes before it, or did lately; returns what is kept from now on, and tells gpu_flickering
 * when a fifth of its node's scrapes come without it, in three gaps and more.
 */
export function noteFlicker(kept: unknown, seen: SeenAgain, tell: (anomaly: Anomaly) => void): Flicker | null {
  const { ts, elapsed_ms, interval_ms } = seen;
  const was = kept as Flicker | null;
  const least_ms = was === null ? interval_ms : Math.min(was.least_ms, elapsed_ms);
  // One that always comes less often than its neighbours misses nothing.
  const missed = elapsed_ms > LATE * least_ms ? seen.laps - 1 : 0;
  if (was === null && missed <= 0) return null;
  const flicker = roll(was ?? { since: ts, start: ts, now: NONE, before: NONE, least_ms, open: null }, ts);
  const gap = missed > 0 && was !== null ? 1 : 0;
  const now: Half =
    was === null
      ? NONE
      : {
          laps: flicker.now.laps + seen.laps,
          missed: flicker.now.missed + Math.max(0, missed),
          gaps: flicker.now.gaps + gap,
        };
  const next = { ...flicker, now, least_ms };
  const all = sum(next);
  const share = all.laps === 0 ? 0 : all.missed / all.laps;
  if (next.open === null) {
    if (ts - next.since >= HALF_MS && all.gaps >= GAPS_MIN && share >= SHARE) {
      const open = flickering(seen, next, all);
      tell(open);
      return { ...next, open };
    }
    return all.missed === 0 && ts - next.since >= HALF_MS ? null : next;
  }
  if (ts - next.open.opened_at < HALF_MS || share >= CALM_SHARE) return next;
  tell(
    closed(next.open, ts, `has been in ${share === 0 ? 'every scrape' : 'nearly all scrapes'} for ${lately(next, ts)}`),
  );
  return null;
}

/** Closes what is open on a GPU that is somewhere else now. */
export function endFlicker(kept: unknown, now: number, how: string, tell: (anomaly: Anomaly) => void): void {
  const open = (kept as Flicker | null)?.open ?? null;
  if (open !== null) tell(closed(open, now, how));
}

function roll(flicker: Flicker, ts: number): Flicker {
  const filled = ts - flicker.start;
  if (filled < HALF_MS) return flicker;
  return { ...flicker, start: ts, before: filled < 2 * HALF_MS ? flicker.now : NONE, now: NONE };
}

const sum = ({ now, before }: Flicker): Half => ({
  laps: now.laps + before.laps,
  missed: now.missed + before.missed,
  gaps: now.gaps + before.gaps,
});

/** What the two halves span. */
const lately = ({ since, start }: Flicker, ts: number): string =>
  elapsedWords(ts - Math.max(since, Math.min(start, ts) - HALF_MS));

function flickering({ uuid, node, ts }: SeenAgain, flicker: Flicker, { laps, missed, gaps }: Half): Anomaly {
  const share = missed / laps;
  return {
    ts,
    gpu_uuid: uuid,
    node,
    instance: '',
    id: causeId('absence', uuid, '', 'gpu_flickering', '', ts),
    type: 'gpu_flickering',
    metric: '',
    severity: 'warning',
    score: share / SHARE,
    observed: share,
    expected: 0,
    window: WINDOW,
    detector: 'absence',
    explanation:
      `${uuid} on ${node} comes and goes: ${missed} of ${laps} scrapes (${Math.round(100 * share)} %) of the last ` +
      `${lately(flicker, ts)} came without it, in ${gaps} gaps, while others of the node reported (limit ${100 * SHARE} %). ` +
      'The driver loses sight of it: look at the kernel log for XID 79 and at its slot and riser.',
    state: 'open',
    opened_at: ts,
    closed_at: null,
  };
}

const closed = (open: Anomaly, now: number, how: string): Anomaly => ({
  ...open,
  state: 'closed',
  closed_at: now,
  explanation: `${open.gpu_uuid} on ${open.node}, which came and went, ${how}.`,
});
