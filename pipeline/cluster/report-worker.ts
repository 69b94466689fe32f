import type { Clock } from '../clock.ts';
import type { Bus } from '../contract/bus.ts';
import { drawTopology, type Topology } from '../define-topology.ts';
import type { TopologyReport } from '../engine.ts';
import type { ClusterWorker } from './cluster-worker.ts';

const EVERY_MS = 1_000;

/**
 * Tells once a second on `vitals.topology.<worker>` what a worker does and which groups it has. The one that has the fleet
 * knows how far all of them are: its position and lag are the cluster's. The lag of another one is that of its groups: what
 * the stream has stored since the oldest message that waits for one of them.
 */
export function reportWorker(options: {
  readonly bus: Bus;
  readonly worker: string;
  readonly running: ClusterWorker;
  readonly topology: Topology;
  readonly clock: Clock;
}): { readonly caught_up: boolean; stop(): void } {
  const { bus, worker, running, topology, clock } = options;
  const edges = topology.nodes.flatMap((node) =>
    node.inputs.map(({ step, name }) => ({ from: step, port: name, to: node.id })),
  );
  const mermaid = drawTopology(topology);
  const started_at = clock.now();
  let stored = Number.POSITIVE_INFINITY;
  const lag = (): number => {
    const { fleet, waits_from } = running;
    if (!Number.isFinite(stored)) return 0;
    const of_groups = waits_from === null ? 0 : stored - waits_from + 1;
    return Math.max(0, of_groups, fleet === null ? 0 : stored - fleet.position);
  };
  const report = (): TopologyReport => {
    const { fleet, groups, watermark, gpus, snapshots } = running;
    return {
      ts: clock.now(),
      worker,
      started_at,
      steps: running.counters(),
      edges,
      lag_messages: lag(),
      position: fleet?.position ?? Math.max(0, ...groups.map(({ position }) => position)),
      watermark,
      gpus,
      snapshots,
      mermaid,
      groups: groups.map(({ group }) => group).sort((a, b) => a - b),
      replaying: groups.filter(({ replaying }) => replaying).length,
      has_fleet: fleet !== null,
      workers: running.members(),
    };
  };
  const timer = setInterval(() => {
    bus.streamState('DCGM_RAW').then(
      ({ last_position }) => {
        stored = last_position;
      },
      () => undefined,
    );
    bus.publish({ subject: `vitals.topology.${worker}`, data: Buffer.from(JSON.stringify(report())) });
  }, EVERY_MS);
  return {
    get caught_up() {
      return running.fleet !== null && running.fleet.position >= stored;
    },
    stop: () => clearInterval(timer),
  };
}
