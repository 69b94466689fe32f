import type { Anomaly } from '../pipeline/contract/events.ts';
import { decodePlace, encodeCursor, type Page, type PageRequest } from '../sinks/questdb/page.ts';
import type { AnomalyFilter } from '../sinks/questdb/read-anomalies.ts';
import type { FleetReading } from './fleet-view.ts';

const EQUAL = ['gpu_uuid', 'node', 'instance', 'severity', 'type', 'metric', 'detector', 'window', 'id'] as const;

/**
 * A page of open anomalies from memory, as `listAnomalies` reads them from the table, whose cursors are the same. Throws
 * GV-API-001 on a foreign cursor. Cost: a look at every GPU, and the sorting of what matches.
 */
export function openAnomaliesPage(
  view: Pick<FleetReading, 'all' | 'ofGpu' | 'nodeAnomalies'>,
  filter: Omit<AnomalyFilter, 'state'>,
  page: PageRequest & { readonly oldest_first: boolean },
): Page<Anomaly> {
  const { gpu_uuid, from = Number.NEGATIVE_INFINITY, to = Number.POSITIVE_INFINITY } = filter;
  const order = page.oldest_first ? 'ASC' : 'DESC';
  const sign = page.oldest_first ? 1 : -1;
  const entries = gpu_uuid === undefined ? view.all() : view.ofGpu(gpu_uuid);
  const matching: Anomaly[] = [];
  const take = (anomaly: Anomaly): void => {
    if (anomaly.ts < from || anomaly.ts >= to) return;
    if (EQUAL.every((name) => filter[name] === undefined || anomaly[name] === filter[name])) matching.push(anomaly);
  };
  for (const { anomalies } of entries) if (anomalies.size > 0) for (const anomaly of anomalies.values()) take(anomaly);
  for (const anomaly of view.nodeAnomalies()) take(anomaly);
  matching.sort((a, b) => sign * (a.ts - b.ts || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0)));
  let first = 0;
  if (page.cursor !== undefined) {
    const [at, id] = decodePlace(page.cursor, 'string', order);
    const after = ({ ts, id: other }: Anomaly): boolean =>
      sign * (ts - at.getTime()) > 0 || (ts === at.getTime() && sign * (other > id ? 1 : other < id ? -1 : 0) > 0);
    const found = matching.findIndex(after);
    first = found < 0 ? matching.length : found;
  }
  const items = matching.slice(first, first + page.limit);
  const last = items.at(-1);
  const more = first + items.length < matching.length;
  return {
    items,
    next: more && last !== undefined ? encodeCursor(last.ts, last.id, order) : null,
    total: matching.length,
  };
}
