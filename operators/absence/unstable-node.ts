import type { Anomaly } from '../../pipeline/contract/events.ts';
import { causeId } from '../../pipeline/contract/ids.ts';
import { formatDuration, hours } from '../../pipeline/contract/time.ts';
import { elapsedWords } from '../core/elapsed-words.ts';

/** A node that keeps going away: when it fell silent lately, oldest first, and what is open for it. Plain data. */
export interface Unstable {
  readonly silences: readonly number[];
  readonly open: Anomaly | null;
}

/** Once is a reboot, twice a repair; so many silences within this time are a node that cannot stay. */
const SILENCES_MIN = 3;
const WINDOW_MS = hours(6);
/** Of a node that goes away every few minutes for a day. */
const SILENCES_MAX = 100;

/** Notes that a node is back from a silence that had begun at `since`; tells node_unstable, a warning, when it is one too many. */
export function noteReturn(
  was: Unstable | null,
  node: string,
  since: number,
  now: number,
  tell: (anomaly: Anomaly) => void,
): Unstable {
  const open = was?.open ?? null;
  // What is open goes on counting, so that its end can say how often it was.
  const kept = (was?.silences ?? []).filter((at) => open !== null || now - at <= WINDOW_MS);
  const silences = [...kept, since].slice(-SILENCES_MAX);
  if (open !== null || silences.length < SILENCES_MIN) return { silences, open };
  const first = silences[0] as number;
  const anomaly: Anomaly = {
    ts: now,
    gpu_uuid: '',
    node,
    instance: '',
    id: causeId('silent_nodes', node, '', 'node_unstable', '', now),
    type: 'node_unstable',
    metric: '',
    severity: 'warning',
    score: silences.length / SILENCES_MIN,
    observed: silences.length,
    expected: 0,
    window: formatDuration(WINDOW_MS),
    detector: 'silent_nodes',
    explanation:
      `${node} fell silent ${silences.length} times in ${elapsedWords(now - first)}, lately at ` +
      `${new Date(since).toISOString()} for ${elapsedWords(now - since)}, and came back each time (limit ${SILENCES_MIN} ` +
      `times in ${formatDuration(WINDOW_MS)}): it reboots, or its exporter or network comes and goes.`,
    state: 'open',
    opened_at: now,
    closed_at: null,
  };
  tell(anomaly);
  return { silences, open: anomaly };
}

/** Of a node that is not silent now: null once it has stayed for the whole window. */
export function noteCalm(
  was: Unstable,
  back_since: number,
  now: number,
  tell: (anomaly: Anomaly) => void,
): Unstable | null {
  if (now - back_since < WINDOW_MS) return was;
  if (was.open !== null) {
    const how = `has not since ${new Date(back_since).toISOString()}`;
    tell(closedUnstable(was, now, how));
  }
  return null;
}

/** The open anomaly at its end. */
export function closedUnstable({ open, silences }: Unstable, now: number, how: string): Anomaly {
  const told = open as Anomaly;
  const last = silences.at(-1) as number;
  const first = silences[0] as number;
  return {
    ...told,
    state: 'closed',
    closed_at: Math.max(now, told.opened_at),
    explanation: `${told.node} fell silent ${silences.length} times within ${elapsedWords(last - first)} and ${how}.`,
  };
}
