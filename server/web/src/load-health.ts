import type { HealthGrade } from '../../../pipeline/contract/events.ts';
import type { HealthAnswer } from './answers.ts';
import { api, firstPages } from './api.ts';
import type { FleetStore } from './fleet-store.ts';

const PAGE = 1_000;
const PAGES_MAX = 20;
/** Scores are told every 15 minutes; what is older than an hour says nothing of now. */
const WHOLE_MS = 3_600_000;
/** Rows may come late and out of order by about so much. */
const OVERLAP_MS = 120_000;
/** In between only what is new is asked for, so that a large fleet costs little. */
const WHOLE_EVERY = 15;

/**
 * Reads the newest scores of the fleet into the store: all of them at first and now and then, else those since the last
 * time. Answers whether it could. About 1.5 kB a GPU before compression.
 */
export function healthLoader(fleet: FleetStore): (signal: AbortSignal) => Promise<boolean> {
  let loads = 0;
  return async (signal) => {
    const newest = newestSample(fleet);
    const whole = loads % WHOLE_EVERY === 0 || fleet.scored_at === null;
    const since = whole ? newest - WHOLE_MS : Date.parse(fleet.scored_at ?? '') - OVERLAP_MS;
    const query = {
      at: 'now',
      profile: 'default',
      limit: PAGE,
      ...(Number.isNaN(since) ? {} : { from: since }),
    };
    try {
      for (const grade of fleet.gpus.size > EVERYONE_MAX ? LOSSY : [undefined]) {
        const asked = { ...query, health_grade: grade };
        const { items } = await firstPages(api.pages('/api/v1/health-scores', { query: asked, signal }), PAGES_MAX);
        fleet.applyHealth(items as readonly HealthAnswer[]);
      }
      loads++;
      return true;
    } catch (error) {
      if (!signal.aborted) fleet.failHealth((error as Error).message);
      loads = 0;
      return false;
    }
  };
}

/** In a larger fleet only those who lost something are read: what all have as their score comes live. */
const EVERYONE_MAX = 4_000;
const LOSSY: readonly HealthGrade[] = ['critical', 'poor', 'degraded', 'fair', 'good'];

/** Event time, epoch ms; NaN before the first sample. */
function newestSample(fleet: FleetStore): number {
  let newest = '';
  for (const { ts } of fleet.gpus.values()) if (ts !== null && ts > newest) newest = ts;
  return Date.parse(newest);
}
