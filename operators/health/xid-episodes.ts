import { minutes } from '../../pipeline/contract/time.ts';
import { xidEntry } from '../../pipeline/contract/xids.ts';
import type { RecentEpisode } from './faults.ts';

/** A code seen this recently is taken to go on. */
const GOES_ON_MS = minutes(5);

/**
 * One plain episode per code of a list of samples, for whom no episodes were kept: codes that only follow from another one
 * of the list are left out, and no cure is known. Cost: O(codes).
 */
export function xidEpisodes(samples: readonly { readonly ts: number; readonly xids: readonly number[] }[], t: number) {
  const seen = new Map<number, { first: number; last: number }>();
  for (const { ts, xids } of samples) {
    for (const xid of xids) seen.set(xid, { first: seen.get(xid)?.first ?? ts, last: ts });
  }
  return [...seen].flatMap(([xid, { first, last }]): RecentEpisode[] => {
    const { severity, category, first: action, follows } = xidEntry(xid);
    const others = [...seen.keys()].filter((other) => other !== xid);
    if (follows === 'any' ? others.length > 0 : follows?.some((other) => others.includes(other))) return [];
    return [
      {
        id: `xid-${xid}`,
        primary_xid: xid,
        anomalies: [],
        severity,
        category,
        action,
        started_at: first,
        ended_at: t - last > GOES_ON_MS ? last : null,
        cured: null,
      },
    ];
  });
}
