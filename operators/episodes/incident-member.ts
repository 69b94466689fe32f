import type { Anomaly, Episode, RecoveryAction, Severity } from '../../pipeline/contract/events.ts';
import { xidEntry } from '../../pipeline/contract/xids.ts';
import { anomalyKind } from './anomaly-kind.ts';
import { type FleetMap, nvlinkDomainOf, rackOf } from './fleet-map.ts';
import { ACTION_TEXT, orderOf } from './in-words.ts';

/** What an incident keeps of an episode. Plain data. */
export interface Member {
  readonly ts: number;
  readonly node: string;
  readonly id: string;
  readonly gpu_uuid: string;
  readonly job: string;
  readonly category: string;
  readonly severity: Severity;
  readonly action: RecoveryAction;
  /** What to do, where the action does not say it all. */
  readonly order?: string;
  /** What it shows, for the evidence: its codes, or the types of its anomalies. */
  readonly signs: readonly string[];
  readonly started_at: number;
  readonly ended_at: number | null;
  /** Errors of links between GPUs that no program can cause. */
  readonly fabric: boolean;
  /** What a host can do to all its GPUs: driver and bus errors, lost GPUs. */
  readonly host: boolean;
  /** The host cannot reach the GPU any more, or nobody the host. */
  readonly lost: boolean;
}

const LOST_XID = 79;
const SILENT_TYPE = 'node_silent';
const LOST_TYPE = 'gpu_lost';
const LOST_TYPES = [LOST_TYPE, SILENT_TYPE];

export function memberOf(episode: Episode): Member {
  const { xids, anomalies, ended_at, started_at } = episode;
  const codes = xids.map(xidEntry).filter(({ follows, by_application }) => follows !== 'any' && !by_application);
  const order = orderOf(episode);
  const lost = xids.includes(LOST_XID) || anomalies.some((type) => LOST_TYPES.includes(type));
  return {
    ts: ended_at ?? started_at,
    node: episode.node,
    id: episode.id,
    gpu_uuid: episode.gpu_uuid,
    job: episode.job,
    category: episode.category,
    severity: episode.severity,
    action: episode.action,
    ...(episode.action === 'replace_gpu' && order !== ACTION_TEXT.replace_gpu ? { order } : {}),
    signs: xids.length > 0 ? xids.map((xid) => `XID ${xid}`) : [...anomalies],
    started_at,
    ended_at,
    fabric:
      codes.some(({ category }) => category === 'fabric') ||
      anomalies.some((type) => anomalyKind(type, '').category === 'fabric'),
    host: lost || codes.some(({ category }) => category === 'driver' || category === 'bus'),
    lost,
  };
}

/** A node that fell silent, which no episode of its GPUs can tell; null for any other anomaly, and for a mere reboot. */
export function silentNode(anomaly: Anomaly): Member | null {
  const { id, node, type, severity, opened_at, closed_at, gpu_uuid } = anomaly;
  if (type !== SILENT_TYPE || gpu_uuid !== '' || severity === 'info') return null;
  return {
    ts: closed_at ?? opened_at,
    node,
    id,
    gpu_uuid,
    job: '',
    category: 'unknown',
    severity,
    action: 'none',
    signs: [type],
    started_at: opened_at,
    ended_at: closed_at,
    fabric: false,
    host: true,
    lost: true,
  };
}

/** A lost GPU that reports from another node: for the one it was lost from, its story is over. */
export interface Return {
  readonly ts: number;
  readonly node: string;
  readonly gpu_uuid: string;
}

export const returnOf = ({ type, state, ts, closed_at, node, gpu_uuid }: Anomaly): Return | null =>
  type === LOST_TYPE && state === 'closed' ? { ts: closed_at ?? ts, node, gpu_uuid } : null;

/** What the boards of a host share besides the host: its air or coolant, and its power supplies. */
const PLANT_CATEGORIES = ['thermal', 'power'];
export const isPlant = (category: string): boolean => PLANT_CATEGORIES.includes(category);
export const ofPlant = ({ category, gpu_uuid }: Member): boolean => gpu_uuid !== '' && isPlant(category);

const HEAT = 'thermal ';
/** Boards that lose their cooling together reach their limits hours apart, as their work has it. */
export const spreadsSlowly = (tie: string): boolean => tie.startsWith(HEAT);

/**
 * What a member may have in common with others: whoever shares one of these within the window belongs together. A lost GPU
 * takes links of its peers with it, so it has the domain in common with them.
 */
export function ties(member: Member, map: FleetMap): string[] {
  const { node, job, fabric, host, lost, category } = member;
  const rack = lost ? rackOf(map, node) : null;
  return [
    ...(fabric || lost ? [`domain ${nvlinkDomainOf(map, node).key}`] : []),
    ...(host ? [`host ${node}`] : []),
    ...(ofPlant(member) ? [`${category} ${node}`] : []),
    ...(rack === null ? [] : [`rack ${rack.key}`]),
    ...(category === 'application' && job !== '' ? [`job ${job}`] : []),
  ];
}
