import { type Asset, jobOf } from '../pipeline/contract/events.ts';
import { metricIndex } from '../pipeline/contract/metrics.ts';
import type { GroupMember } from './fleet-groups.ts';
import type { FleetReading, GpuEntry } from './fleet-view.ts';

export const GROUPINGS = ['cluster', 'rack', 'node', 'model', 'owner', 'tenant', 'job'] as const;
export type Grouping = (typeof GROUPINGS)[number];

const TEMP = metricIndex('gpu_temp_celsius');
const POWER = metricIndex('power_watts');
const UTIL = metricIndex('gpu_util_ratio');
const ENGINE = metricIndex('gr_engine_active_ratio');

/** Every GPU and MIG instance that was seen, with the group that it belongs to: empty where that is not known. */
export function* groupMembers(
  view: FleetReading,
  assets: ReadonlyMap<string, Asset>,
  grouping: Grouping,
): Generator<GroupMember> {
  for (const entry of view.all()) {
    const open = { info: 0, warning: 0, critical: 0 };
    for (const { severity } of entry.anomalies.values()) open[severity] += 1;
    const busy = view.value(entry, UTIL);
    yield {
      gpu_uuid: entry.gpu_uuid,
      instance: entry.instance,
      node: entry.node,
      group: groupOf(entry, assets.get(entry.gpu_uuid), grouping),
      stale: entry.stale,
      gpu_temp_celsius: view.value(entry, TEMP),
      power_watts: view.value(entry, POWER),
      util_ratio: Number.isNaN(busy) ? view.value(entry, ENGINE) : busy,
      open_info: open.info,
      open_warning: open.warning,
      open_critical: open.critical,
    };
  }
}

function groupOf(entry: GpuEntry, asset: Asset | undefined, grouping: Grouping): string {
  switch (grouping) {
    case 'node':
      return entry.node;
    case 'model':
      return entry.model || asset?.model || '';
    case 'job':
      return jobOf(entry.attribution);
    default:
      return asset?.[grouping] ?? '';
  }
}
