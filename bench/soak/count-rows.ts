import type { Database } from '../../pipeline/contract/database.ts';
import { readServed, type ServedPage, servedMinutes } from './served-log.ts';

/** A page that is not in the table as it was served. */
export interface OddPage extends ServedPage {
  readonly stored_rows: number;
}

export interface RowCount {
  readonly pages: number;
  readonly rows: number;
  readonly stored_rows: number;
  /** Served, and not there at all. */
  readonly missing: readonly OddPage[];
  /** There with fewer or more rows than were served. */
  readonly uneven: readonly OddPage[];
  /** Rows whose page nobody has served. */
  readonly strange_rows: number;
}

const MINUTE_MS = 60_000;

/** One row of the table's own count: node and instant. */
export interface StoredPage extends Record<string, unknown> {
  readonly ts: number;
  readonly node: string;
  readonly n: number;
}

/** What the exporters have served against what the table has, page by page. */
export function comparePages(
  served: readonly ServedPage[],
  stored: readonly StoredPage[],
  nodes: readonly string[],
): Omit<RowCount, 'pages' | 'rows'> {
  const counts = new Map<string, number>();
  let stored_rows = 0;
  for (const { ts, node, n } of stored) {
    counts.set(`${node} ${ts}`, n);
    stored_rows += n;
  }
  const missing: OddPage[] = [];
  const uneven: OddPage[] = [];
  let known_rows = 0;
  for (const page of served) {
    const rows = counts.get(`${nodes[page.node]} ${page.ts}`) ?? 0;
    known_rows += rows;
    if (rows === 0 && page.rows > 0) missing.push({ ...page, stored_rows: 0 });
    else if (rows !== page.rows) uneven.push({ ...page, stored_rows: rows });
  }
  return { stored_rows, missing, uneven, strange_rows: stored_rows - known_rows };
}

/** The whole log against the whole table, a minute at a time. */
export async function countRows(options: {
  readonly log: string;
  readonly nodes: readonly string[];
  readonly database: Database;
}): Promise<RowCount> {
  const { log, nodes, database } = options;
  const missing: OddPage[] = [];
  const uneven: OddPage[] = [];
  const sums = { pages: 0, rows: 0, stored_rows: 0, strange_rows: 0 };
  for (const minute of servedMinutes(log)) {
    const served = readServed(log, minute);
    const stored = await database.query<StoredPage>(
      'SELECT ts, node, count() AS n FROM gpu_metrics WHERE ts >= $1 AND ts < $2',
      [new Date(minute * MINUTE_MS), new Date((minute + 1) * MINUTE_MS)],
    );
    const one = comparePages(served, stored, nodes);
    missing.push(...one.missing);
    uneven.push(...one.uneven);
    sums.pages += served.length;
    sums.rows += served.reduce((sum, { rows }) => sum + rows, 0);
    sums.stored_rows += one.stored_rows;
    sums.strange_rows += one.strange_rows;
  }
  const [all] = await database.query<{ n: number }>('SELECT count() AS n FROM gpu_metrics');
  // Rows of minutes in which nothing was served.
  const outside = (all?.n ?? 0) - sums.stored_rows;
  return {
    ...sums,
    stored_rows: sums.stored_rows + outside,
    strange_rows: sums.strange_rows + outside,
    missing,
    uneven,
  };
}

/** Why pages are missing. */
export interface MissingPages {
  /** Served so shortly before a kill that the collector had neither sent nor spooled them. */
  readonly killed: number;
  /** The longest of these times before a kill, ms. */
  readonly killed_lead_max_ms: number;
  /** The collector hung up on them because it stood still, and because they came too late: told as failed scrapes. */
  readonly stopped: number;
  readonly given_up: number;
  /** Lost. */
  readonly lost: readonly OddPage[];
}

/** When a collector stood still or ended, epoch ms. */
export interface Stop {
  readonly from: number;
  readonly to: number;
}

/** A message is on the spool after 250 ms; reading and parsing it comes before, on a busy machine. */
const KILL_TAKES_MS = 1_000;
const HUNG_UP_WITH_KILL_MS = 500;
/** What it had asked for may be answered when it is gone, by an exporter that is behind; its successor takes longer to ask. */
const ANSWERED_BEHIND_MS = 500;

/** `kills`: from the signal until it was gone. */
export function explainMissing(
  missing: readonly OddPage[],
  kills: readonly Stop[],
  stops: readonly Stop[],
): MissingPages {
  let killed = 0;
  let lead_max = 0;
  let stopped = 0;
  let given_up = 0;
  const lost: OddPage[] = [];
  for (const page of missing) {
    const kill = kills.find(({ from, to }) => page.ts <= to + ANSWERED_BEHIND_MS && page.ts >= from - KILL_TAKES_MS);
    if (kill !== undefined) {
      killed++;
      lead_max = Math.max(lead_max, kill.from - page.ts);
      continue;
    }
    const hung_up_at = page.cut_after_ms === null ? null : page.ts + page.cut_after_ms;
    const with_kill =
      hung_up_at !== null &&
      kills.some(({ from, to }) => hung_up_at > from - HUNG_UP_WITH_KILL_MS && hung_up_at < to + HUNG_UP_WITH_KILL_MS);
    const with_stop = hung_up_at !== null && stops.some(({ from, to }) => page.ts <= to && hung_up_at >= from);
    if (with_stop) stopped++;
    else if (hung_up_at !== null && !with_kill) given_up++;
    else lost.push(page);
  }
  return { killed, killed_lead_max_ms: lead_max, stopped, given_up, lost };
}
