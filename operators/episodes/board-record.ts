import type { Severity, XidEvent } from '../../pipeline/contract/events.ts';
import { minutes } from '../../pipeline/contract/time.ts';
import { xidEntry } from '../../pipeline/contract/xids.ts';
import { anomalyKind } from './anomaly-kind.ts';
import { type FaultBurst, mayBeApplication } from './fault-spread.ts';
import { primaryXid } from './primary-xid.ts';
import type { Story } from './story.ts';

/** An open anomaly of warning or critical severity. */
export interface WatchedAnomaly {
  readonly id: string;
  readonly type: string;
  readonly metric: string;
  readonly opened_at: number;
  severity: Severity;
  explanation: string;
}

/** What is kept of a GPU (or a host) in trouble. Plain data. */
export interface BoardRecord {
  /** Oldest first. */
  stories: Story[];
  /** Bursts of critical XIDs. */
  fatal: { from: number; to: number }[];
  bursts: FaultBurst[];
  watched: WatchedAnomaly[];
}

export interface JoinRules {
  /** Pause that ends a burst, and with it an episode. */
  readonly burst_gap: number;
  /** How long the same primary code, or the same type of anomaly, still belongs to an episode that has ended. */
  readonly sticky: number;
}

export const emptyRecord = (): BoardRecord => ({ stories: [], fatal: [], bursts: [], watched: [] });

export const isEmpty = (record: BoardRecord): boolean =>
  record.stories.length + record.fatal.length + record.bursts.length + record.watched.length === 0;

/** What happened, as far as joining goes. */
export interface Happening {
  readonly ts: number;
  readonly xid: number | null;
  readonly type: string | null;
  readonly category: string;
}

export const happeningOfXid = ({ ts, xid }: XidEvent): Happening => ({
  ts,
  xid,
  type: null,
  category: xidEntry(xid).category,
});

export const happeningOfAnomaly = (anomaly: WatchedAnomaly): Happening => ({
  ts: anomaly.opened_at,
  xid: null,
  type: anomaly.type,
  category: anomalyKind(anomaly.type, anomaly.metric).category,
});

/** Whether a happening is what a story is mainly about. */
export function sameTrouble(story: Story, { xid, type }: Happening): boolean {
  const primary = primaryXid(story.xids);
  return xid !== null ? xid === primary : primary === null && type !== null && story.anomalies.includes(type);
}

/** Readings are called wrong only once they were for a while: what a program's fault broke is told so much later. */
const SENSOR_LAG_MS = minutes(15);

/** Whether a sensor lies behind a fault of a program, as profiling counters do that stop at an XID 31. */
const brokeSensor = ({ xids }: Story, category: string, pause: number): boolean =>
  category === 'sensor' && pause >= 0 && pause <= SENSOR_LAG_MS && xids.some(mayBeApplication);

/**
 * The story that a happening belongs to, newest first: one of the same burst, one of the same trouble within `sticky` or that
 * waits for its reset, one that explains a sensor, or one of the same category that goes on because an anomaly of it is open. A reset ends a story: what comes later is another.
 */
export function storyFor(record: BoardRecord, happening: Happening, rules: JoinRules): Story | undefined {
  const { ts, category } = happening;
  return record.stories.findLast((story) => {
    if (story.reset_at !== null && ts > story.reset_at) return false;
    const pause = ts - story.last_event;
    if (ts >= story.started_at - rules.burst_gap && pause <= rules.burst_gap) return true;
    if (sameTrouble(story, happening) && pause >= 0 && (pause <= rules.sticky || story.waits === true)) return true;
    return brokeSensor(story, category, pause) || (story.open.length > 0 && story.category === category);
  });
}

/** Notes a critical code; answers in how many bursts such codes came within `window`. */
export function noteFatal(record: BoardRecord, ts: number, window: number, gap: number): number {
  const kept = record.fatal.filter(({ to }) => ts - to <= window);
  const burst = kept.find(({ from, to }) => ts >= from - gap && ts <= to + gap);
  if (burst === undefined) kept.push({ from: ts, to: ts });
  else {
    burst.from = Math.min(burst.from, ts);
    burst.to = Math.max(burst.to, ts);
  }
  record.fatal = kept;
  return kept.length;
}
