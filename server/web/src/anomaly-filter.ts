import type { AnomalyAnswer } from '../../schemas.ts';
import { compareAnomalies } from './needs-me.ts';

/** Which anomalies one wants to see; empty text does not narrow. */
export interface AnomalyFilter {
  /** Words; each must be somewhere in the anomaly's names or its explanation. */
  readonly q: string;
  readonly severity: string;
  readonly type: string;
  readonly detector: string;
  readonly node: string;
  /** `open` (also when empty), `closed` or `all`. */
  readonly state: string;
  /** Only those that opened at or after this instant, epoch ms; null: all. */
  readonly from: number | null;
}

const TELLING = ['severity', 'type', 'detector', 'node'] as const;

export function anomalyMatches(anomaly: AnomalyAnswer, filter: AnomalyFilter): boolean {
  if (TELLING.some((field) => filter[field] !== '' && anomaly[field] !== filter[field])) return false;
  if (filter.from !== null && Date.parse(anomaly.opened_at) < filter.from) return false;
  return hasWords(anomaly, filter.q);
}

function hasWords(anomaly: AnomalyAnswer, q: string): boolean {
  const words = q.trim().toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return true;
  const { gpu_uuid, node, type, metric, detector, explanation } = anomaly;
  const text = `${gpu_uuid} ${node} ${type} ${metric} ${detector} ${explanation}`.toLowerCase();
  return words.every((word) => text.includes(word));
}

/** The filter as the API takes it, for those that are not open now; words are looked for in what it answers. */
export const anomalyQuery = (filter: AnomalyFilter): Readonly<Record<string, string | number>> => ({
  ...Object.fromEntries(TELLING.flatMap((field) => (filter[field] === '' ? [] : [[field, filter[field]]]))),
  ...(filter.state === 'all' ? {} : { state: filter.state === '' ? 'open' : filter.state }),
  ...(filter.from === null ? {} : { from: filter.from }),
});

type Order = 'severity' | 'newest' | 'oldest';

export function orderAnomalies(anomalies: readonly AnomalyAnswer[], order: string): AnomalyAnswer[] {
  const by: Readonly<Record<Order, (a: AnomalyAnswer, b: AnomalyAnswer) => number>> = {
    severity: (a, b) => Number(a.state === 'closed') - Number(b.state === 'closed') || compareAnomalies(a, b),
    newest: (a, b) => (a.opened_at < b.opened_at ? 1 : a.opened_at > b.opened_at ? -1 : 0),
    oldest: (a, b) => (a.opened_at < b.opened_at ? -1 : a.opened_at > b.opened_at ? 1 : 0),
  };
  return [...anomalies].sort(by[order as Order] ?? by.severity);
}

/** The values of a field with how many carry each, the most frequent first. */
export function countsOf(
  anomalies: readonly AnomalyAnswer[],
  field: 'type' | 'detector' | 'severity' | 'node',
): readonly (readonly [value: string, count: number])[] {
  const counts = new Map<string, number>();
  for (const anomaly of anomalies) counts.set(anomaly[field], (counts.get(anomaly[field]) ?? 0) + 1);
  return [...counts].sort(([a, n], [b, m]) => m - n || (a < b ? -1 : 1));
}
