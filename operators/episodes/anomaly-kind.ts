import type { RecoveryAction } from '../../pipeline/contract/events.ts';
import type { XidCategory } from '../../pipeline/contract/xid-table.ts';

interface AnomalyKind {
  readonly category: XidCategory;
  /** What to do when it is critical, and why. */
  readonly action: RecoveryAction;
  readonly reason: string;
}

const kind = (category: XidCategory, action: RecoveryAction, reason: string): AnomalyKind => ({
  category,
  action,
  reason,
});

const MEMORY = kind('memory', 'drain_and_reset', 'its memory is failing, and a reset lets it use spare rows');
const THERMAL = kind('thermal', 'none', 'look at its cooling first');
const POWER = kind('power', 'none', 'look at its power supply first');
const BUS = kind('bus', 'drain_and_reset', 'its PCIe connection is failing');
const FABRIC = kind('fabric', 'drain_and_reset', 'its NVLink connections are failing');
const SENSOR = kind('sensor', 'none', 'what it reports cannot be trusted, which says nothing of the GPU itself');
const APPLICATION = kind('application', 'restart_application', 'a program holds it without use');
const UNKNOWN = kind('unknown', 'none', 'no rule says what to do');

/** How the type of an anomaly, or else its metric, begins. The first that fits counts. */
const KINDS: readonly (readonly [begins: string, kind: AnomalyKind])[] = [
  ['gpu_lost', kind('bus', 'reboot_node', 'its host no longer reports it')],
  ['gpu_flickering', kind('bus', 'reboot_node', 'its host loses sight of it again and again')],
  ['node_unstable', kind('unknown', 'none', 'find out first why the host or its exporter goes away')],
  ['node_silent', kind('unknown', 'none', 'find out first whether the host or only its exporter is gone')],
  ['row_remap_failed', kind('memory', 'replace_gpu', 'a weak memory row could not be replaced')],
  ['recovery_action', kind('driver', 'reset_gpu', 'the driver asks for recovery')],
  ['power_limit', kind('power', 'none', 'its power limit was lowered, which is a setting')],
  // It may be slow in whatever it was seen to be slow.
  ['straggler', kind('unknown', 'none', 'compare it with its peers first')],
  ['work_stalled', kind('application', 'restart_application', 'its job waits for itself and does nothing')],
  ['ecc', MEMORY],
  ['row_remap', MEMORY],
  ['remapped', MEMORY],
  ['retired', MEMORY],
  ['thermal', THERMAL],
  ['cooling', THERMAL],
  ['sw_thermal', THERMAL],
  ['hw_slowdown', THERMAL],
  ['gpu_temp', THERMAL],
  ['memory_temp', THERMAL],
  ['temp', THERMAL],
  ['power', POWER],
  ['energy', POWER],
  ['board_limit', POWER],
  ['reliability', POWER],
  ['pcie', BUS],
  ['nvlink', FABRIC],
  ['exporter_frozen', SENSOR],
  ['sensor', SENSOR],
  ['field_vanished', SENSOR],
  ['framebuffer', APPLICATION],
  ['held_idle', APPLICATION],
];

/** What an anomaly is about, by its type and, for types that watch any metric, by the metric. */
export function anomalyKind(type: string, metric: string): AnomalyKind {
  const of = (text: string): AnomalyKind | undefined => KINDS.find(([begins]) => text.startsWith(begins))?.[1];
  return of(type) ?? of(metric) ?? UNKNOWN;
}
