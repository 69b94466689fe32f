/** One happening of a code on a board, as its sources have told it so far. Plain data. */
export interface ToldXid {
  readonly xid: number;
  /** When it was told first. */
  readonly ts: number;
  /** How many were passed on. */
  sent: number;
  /** Per source (and MIG instance): how many it has told, and at which instants. */
  readonly by: Record<string, { n: number; at: number[] }>;
}

/** What one source tells. */
export interface XidReading {
  readonly xid: number;
  readonly ts: number;
  readonly count: number;
  /** Names the source and the MIG instance. */
  readonly source: string;
  /** The same happening may have been told since here: two scrapes ago. */
  readonly since: number;
}

/** More at once on one board are forgotten, oldest first. */
const TOLD_MAX = 256;

/**
 * Notes a reading and answers how many of it nobody had told before. Sources that tell the same code within two scrapes tell
 * the same happenings, so only what one of them tells beyond the others counts; a source that repeats an instant tells nothing.
 * `told` is the board's list, oldest first; it is changed. O(length of the list), which is short.
 */
export function newlyTold(told: ToldXid[], reading: XidReading): number {
  const { xid, ts, count, source, since } = reading;
  const same = told.filter((one) => one.xid === xid);
  if (same.some((one) => one.by[source]?.at.includes(ts))) return 0;
  const joined = same.findLast((one) => one.ts >= since && one.ts <= ts);
  if (joined === undefined) {
    told.push({ xid, ts, sent: count, by: { [source]: { n: count, at: [ts] } } });
    if (told.length > TOLD_MAX) told.shift();
    return count;
  }
  const mine = joined.by[source] ?? { n: 0, at: [] };
  mine.n += count;
  mine.at.push(ts);
  joined.by[source] = mine;
  const fresh = Math.max(0, mine.n - joined.sent);
  joined.sent += fresh;
  return fresh;
}
