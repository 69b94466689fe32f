import { xidEntry } from '../../pipeline/contract/xids.ts';
import { SEVERITY_RANK } from './in-words.ts';

/** Of several codes on one GPU those that none of the others explains, in their order; all when each follows from another. */
export function unexplainedXids(codes: readonly number[]): number[] {
  const own = codes.filter((code) => {
    const { follows } = xidEntry(code);
    if (follows === null) return true;
    if (follows === 'any') return !codes.some((other) => xidEntry(other).follows !== 'any');
    return !follows.some((cause) => codes.includes(cause));
  });
  return own.length > 0 ? own : [...codes];
}

/**
 * The code that the others follow from: the gravest unexplained one, of equals the first. Severity comes before time, since
 * a gauge shows only the last code of a scrape. Null for no codes.
 */
export function primaryXid(codes: readonly number[]): number | null {
  let primary: number | null = null;
  for (const code of unexplainedXids(codes)) {
    const rank = SEVERITY_RANK[xidEntry(code).severity];
    if (primary === null || rank > SEVERITY_RANK[xidEntry(primary).severity]) primary = code;
  }
  return primary;
}
