import type { Clock } from '../../pipeline/clock.ts';
import type { Database } from '../../pipeline/contract/database.ts';
import { absencesWithin, brokenSpellsWithin, type Sight, sightsWithin } from '../../sinks/questdb/read-outages.ts';
import type { AssetDesk } from '../asset-desk.ts';
import type { FleetReading } from '../fleet-view.ts';
import type { BoardAvailability } from './availability.ts';
import { availabilityOf } from './availability-facts.ts';
import type { Interval } from './intervals.ts';

export interface MonthAvailability {
  /** It ends with the newest sample where the month goes on. */
  readonly period: Interval;
  readonly boards: readonly BoardAvailability[];
}

export interface AvailabilityReports {
  /** `2026-11`. Throws GV-API-003 while the database is away. */
  month(month: string): Promise<MonthAvailability>;
  /** The month of the newest sample. */
  current(): string;
}

const GOING_ON_AGE_MS = 60_000;
const PAST_AGE_MS = 600_000;
const MONTHS_KEPT = 26;

/** Availability by month, at most a minute old, months that are over at most ten. */
export function availabilityReports(parts: {
  readonly database: Database;
  readonly clock: Clock;
  readonly view: FleetReading;
  readonly assets: Pick<AssetDesk, 'all' | 'statuses'>;
}): AvailabilityReports {
  const { database, clock, view, assets } = parts;
  const known = new Map<string, { readonly until: number; readonly report: Promise<MonthAvailability> }>();
  const newest = (): number => (Number.isNaN(view.newest_ts) ? clock.now() : view.newest_ts + 1);

  async function read(month: Interval, to: number): Promise<MonthAvailability> {
    const period = { from: month.from, to };
    if (period.to <= period.from) return { period: { from: month.from, to: month.from }, boards: [] };
    const seen = new Map<string, Sight>();
    for (const { gpu_uuid, ts } of view.all()) {
      if (ts >= period.from && ts < period.to) seen.set(gpu_uuid, { gpu_uuid, first: ts, last: ts });
    }
    const [inventory, statuses, absences, episodes, sights] = await Promise.all([
      assets.all(),
      assets.statuses(),
      absencesWithin(database, period.from, period.to),
      brokenSpellsWithin(database, period.from, period.to),
      sightsWithin(database, period.from, period.to, seen.size),
    ]);
    for (const sight of sights) seen.set(sight.gpu_uuid, sight);
    return {
      period,
      boards: availabilityOf({ period, assets: inventory, statuses, absences, episodes, sights: [...seen.values()] }),
    };
  }

  return {
    current: () => new Date(newest()).toISOString().slice(0, 7),
    month(name) {
      const month = monthOf(name);
      const now = clock.monotonic();
      const before = known.get(name);
      if (before !== undefined && now < before.until) return before.report;
      const over = newest() >= month.to;
      const report = read(month, Math.min(month.to, newest()));
      known.delete(name);
      known.set(name, { until: now + (over ? PAST_AGE_MS : GOING_ON_AGE_MS), report });
      for (const [oldest] of known) {
        if (known.size <= MONTHS_KEPT) break;
        known.delete(oldest);
      }
      report.catch(() => known.delete(name));
      return report;
    },
  };
}

/** UTC, from the first instant of a month to that of the next. */
export function monthOf(name: string): Interval {
  const [year, month] = name.split('-').map(Number) as [number, number];
  return { from: Date.UTC(year, month - 1), to: Date.UTC(year, month) };
}

/** That month and those before it, oldest first. */
export function monthsUpTo(name: string, count: number): string[] {
  const [year, month] = name.split('-').map(Number) as [number, number];
  return Array.from({ length: count }, (_, i) => new Date(Date.UTC(year, month - count + i)).toISOString().slice(0, 7));
}
