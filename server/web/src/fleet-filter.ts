import type { FleetGpu } from './fleet-gpu.ts';
import type { Place } from './fleet-store.ts';

export interface FleetFilter {
  /** Words; each must be in what is known of the GPU's name and place. */
  readonly search: string;
  readonly model: string;
  readonly node: string;
  /** At least so bad; `any` has some open anomaly; `stale` sends nothing. Empty: all. */
  readonly severity: string;
}

const WORSE: Readonly<Record<string, readonly string[]>> = {
  any: ['info', 'warning', 'critical'],
  info: ['info', 'warning', 'critical'],
  warning: ['warning', 'critical'],
  critical: ['critical'],
};

/** Whether a GPU passes all parts of the filter. */
export function matches(gpu: FleetGpu, filter: FleetFilter, places: ReadonlyMap<string, Place>): boolean {
  if (filter.model !== '' && gpu.model !== filter.model) return false;
  if (filter.node !== '' && gpu.node !== filter.node) return false;
  if (filter.severity === 'stale' && gpu.stale_since === null) return false;
  const worst = WORSE[filter.severity];
  if (worst !== undefined && (gpu.worst === null || !worst.includes(gpu.worst))) return false;
  const search = filter.search.trim().toLowerCase();
  if (search === '') return true;
  const place = places.get(gpu.gpu_uuid);
  const text = `${gpu.gpu_uuid} ${gpu.node} ${gpu.model} ${place?.rack ?? ''} ${place?.cluster ?? ''}`.toLowerCase();
  return search.split(/\s+/).every((word) => text.includes(word));
}
