import type { AbsenceOptions } from '../operators/absence/absence.ts';
import type { GoneOptions } from '../operators/absence/gone.ts';
import type { MovedGpusOptions } from '../operators/absence/moved-gpus.ts';
import type { SilentNodesOptions } from '../operators/absence/silent-nodes.ts';
import type { BoardAlertsOptions } from '../operators/alerts/board-alerts.ts';
import type { FleetAlertsOptions } from '../operators/alerts/fleet-alerts.ts';
import type { EpisodesOptions } from '../operators/episodes/episodes.ts';
import type { IncidentsOptions } from '../operators/episodes/incidents.ts';
import { NOVELTY_DEFAULTS, type NoveltyOptions } from '../operators/novelty/novelty.ts';
import type { JobPeersOptions } from '../operators/peers/job-peers.ts';
import type { NodePeersOptions } from '../operators/peers/node-peers.ts';
import { FLEET_QUANTILES_DEFAULTS, type FleetQuantilesOptions } from '../operators/quantiles/fleet-quantiles.ts';
import type { XidEventsOptions } from '../operators/xids/xid-events.ts';
import { days, hours, minutes, seconds } from './contract/time.ts';

/** What the steps are set to where configuration has no say; each option is explained at its step. */

/** How far apart in event time groups may lie in the stream before a step over the fleet sees them out of order. */
const FLEET_DELAY = seconds(15);

/** Rows that arrive so late are back-filled history: an hour between vectors is then enough. */
export const FEATURE_HISTORY = { age_min: hours(1), every: hours(1) };

export const ABSENCE: AbsenceOptions = {
  lost_scrapes: 3,
  lost_after: minutes(1),
  partition_grace: minutes(15),
  frozen_after: minutes(5),
  frozen_scrapes: 10,
  heartbeat: minutes(1),
};

export const SILENT_NODES: Omit<SilentNodesOptions, 'profile'> = {
  silent_after: minutes(2),
  silent_scrapes: 3,
  warning_after: minutes(5),
  critical_after: minutes(15),
  forget_after: days(7),
  heartbeat: ABSENCE.heartbeat,
  delay: FLEET_DELAY,
};

export const GONE: Omit<GoneOptions, 'assets'> = {
  settled_after: minutes(10),
  recut_after: hours(1),
  silent_after: days(7),
  absent_after: days(30),
};

export const MOVED_GPUS: MovedGpusOptions = { arrivals_max: 100_000, delay: FLEET_DELAY };

export const XID_EVENTS: XidEventsOptions = { rearm_after: minutes(5), remember: minutes(15) };

export const EPISODES: EpisodesOptions = {
  burst_gap: minutes(3),
  sticky: hours(3),
  repeat_window: hours(24),
  fatal_bursts_max: 5,
  cured_after: hours(24),
  await_reset: days(7),
  episodes_max: 6,
};

export const INCIDENTS: IncidentsOptions = { window: minutes(2), delay: FLEET_DELAY, keep_closed: hours(3) };

/** Vectors come when they come; what waits is part of every snapshot, so little shall wait. */
export const VECTOR_DELAY = seconds(2);
export const NOVELTY: NoveltyOptions = { ...NOVELTY_DEFAULTS, delay: VECTOR_DELAY };
export const QUANTILES: FleetQuantilesOptions = { ...FLEET_QUANTILES_DEFAULTS, delay: VECTOR_DELAY };

export const NODE_PEERS: NodePeersOptions = {
  half_life: seconds(8),
  every: seconds(20),
  busy_ratio: 0.3,
  job_settle: seconds(30),
  hotter_celsius: 12,
  clock_ratio: 0.06,
  power_ratio: 0.25,
  traffic_ratio: 0.5,
  mads: 6,
  peers_min: 3,
};

export const JOB_PEERS: JobPeersOptions = {
  clock_ratio: 0.05,
  capped_clock_ratio: 0.08,
  power_ratio: 0.1,
  activity_ratio: 0.06,
  mads: 5,
  peers_min: 4,
  half_life: NODE_PEERS.half_life,
  delay: FLEET_DELAY,
};

export const BOARD_ALERTS: Omit<BoardAlertsOptions, 'rules'> = { await_reset: days(1), forget_after: days(7) };

export const FLEET_ALERTS: Omit<FleetAlertsOptions, 'rules'> = { forget_after: days(30), delay: FLEET_DELAY };
