import type { Anomaly } from '../../pipeline/contract/events.ts';
import { seconds } from '../../pipeline/contract/time.ts';
import { driveFleet, type FleetEntry } from '../absence/fleet-driver.fixture.ts';
import { type JobPeersOptions, jobPeers } from './job-peers.ts';
import { runNodePeers, type WorkScene, workRows } from './peers.fixture.ts';

const OPTIONS: JobPeersOptions = {
  clock_ratio: 0.05,
  capped_clock_ratio: 0.08,
  power_ratio: 0.1,
  activity_ratio: 0.06,
  mads: 5,
  peers_min: 4,
  delay: seconds(15),
  half_life: seconds(8),
};
export const minute = (n: number): number => n * 60_000;
export const HOUR_MS = 3_600_000;
const entriesOf = (scene: WorkScene): FleetEntry[] =>
  runNodePeers(workRows(scene))
    .summaries.map((item) => ({ input: 'summaries', item: { ...item } }))
    .sort((a, b) => a.item.ts - b.item.ts);
/** What `jobPeers` tells of a scene of four nodes, an hour long unless it says otherwise. */
export const runJobPeers = (scene: Partial<WorkScene>, restoreEvery = 0): Anomaly[] =>
  driveFleet(jobPeers(OPTIONS), entriesOf({ nodes: 4, cadence_ms: 10_000, until_ms: HOUR_MS, ...scene }), {
    restoreEvery,
  }).anomalies;
