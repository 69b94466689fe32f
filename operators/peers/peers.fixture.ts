import type { Anomaly } from '../../pipeline/contract/events.ts';
import { seconds } from '../../pipeline/contract/time.ts';
import { GroupState } from '../core/group-state.ts';
import { batchOf, random, type SampleRow, START_MS } from '../core/laws.fixture.ts';
import { runOperator } from '../core/lift.ts';
import type { JobSummary } from './job-summaries.ts';
import { type NodePeersOptions, nodePeers } from './node-peers.ts';

export const NODE_OPTIONS: NodePeersOptions = {
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

export interface WorkRow extends SampleRow {
  readonly job: string;
}

export interface WorkScene {
  readonly nodes: number;
  readonly boards?: number;
  readonly cadence_ms: number;
  readonly until_ms: number;
  /** Who uses the board; default: job `train` everywhere. */
  readonly job?: (gpu: number, t: number) => string;
  /** Load of the board, 0..1; default 0.95. */
  readonly load?: (gpu: number, t: number) => number;
  /** What differs from a sound board under that load. */
  readonly change?: (gpu: number, t: number, sound: Record<string, number>) => Record<string, number>;
  readonly there?: (node: number, t: number) => boolean;
  readonly seed?: number;
}

/** Boards of nodes n0, n1 ... at work; GPU numbers run over the nodes. Readings have noise, boards a little spread. */
export function workRows(scene: WorkScene): WorkRow[] {
  const next = random(scene.seed ?? 7);
  const noise = (share: number): number => 1 + (next() + next() - 1) * share;
  const boards = scene.boards ?? 8;
  const born = Array.from({ length: scene.nodes * boards }, () => noise(0.02));
  const rows: WorkRow[] = [];
  for (let t = 0; t <= scene.until_ms; t += scene.cadence_ms) {
    for (let gpu = 0; gpu < scene.nodes * boards; gpu++) {
      const node = Math.floor(gpu / boards);
      if (scene.there && !scene.there(node, t)) continue;
      const load = scene.load?.(gpu, t) ?? 0.95;
      const busy = load > 0.05;
      const power = (80 + 560 * load) * (born[gpu] as number) * noise(0.02);
      const sound = {
        gpu_temp_celsius: Math.round(28 + 0.06 * power + (gpu % 3)),
        power_watts: power,
        sm_clock_mhz: busy ? 15 * Math.round((1_755 * noise(0.01)) / 15) : 345,
        gr_engine_active_ratio: Math.min(1, load * noise(0.02)),
        sm_active_ratio: Math.min(1, 0.8 * load * noise(0.02)),
        tensor_active_ratio: 0.5 * load * noise(0.03),
        dram_active_ratio: 0.4 * load * noise(0.03),
        pcie_rx_bytes_per_second: 4e9 * load * noise(0.1),
        nvlink_bandwidth_mb_per_second: 200_000 * load * noise(0.1),
      };
      rows.push({
        ts: START_MS + t + ((node * 733) % Math.min(scene.cadence_ms, 9_000)),
        node: `n${node}`,
        uuid: `GPU-${gpu}`,
        values: { ...sound, ...scene.change?.(gpu, t, sound) },
        job: scene.job?.(gpu, t) ?? 'train',
      });
    }
  }
  return rows.sort((a, b) => a.ts - b.ts);
}

/** What `nodePeers` tells of the rows, all in one group. */
export function runNodePeers(rows: readonly WorkRow[]): { anomalies: Anomaly[]; summaries: JobSummary[] } {
  const told = { anomalies: [] as Anomaly[], summaries: [] as JobSummary[] };
  const state = new GroupState(0);
  const batch = batchOf(state, rows);
  rows.forEach(({ job }, i) => {
    if (job !== '') batch.attribution[i] = state.registry.attribution([{ namespace: '', pod: '', container: '', job }]);
  });
  runOperator('peers', nodePeers(NODE_OPTIONS), state, batch, (port, item) => (told[port] as unknown[]).push(item));
  return told;
}
