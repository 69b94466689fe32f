import { driveFleet, type FleetEntry } from '../../operators/absence/fleet-driver.fixture.ts';
import { GroupState } from '../../operators/core/group-state.ts';
import { runOperator } from '../../operators/core/lift.ts';
import { jobPeers } from '../../operators/peers/job-peers.ts';
import { nodePeers } from '../../operators/peers/node-peers.ts';
import type { Batch } from '../../pipeline/contract/batch.ts';
import type { Anomaly } from '../../pipeline/contract/events.ts';
import { METRIC_COUNT } from '../../pipeline/contract/metrics.ts';
import type { Scrape } from '../../pipeline/contract/scrape.ts';
import { minutes } from '../../pipeline/contract/time.ts';
import { JOB_PEERS, NODE_PEERS } from '../../pipeline/step-options.ts';
import { scrapeMessage } from './fleet-stream.ts';
import { createGang, type GangScene, gangScrapes } from './gang-scene.fixture.ts';
import { startStream } from './run-stream.ts';

const PEERS: ReadonlySet<string> = new Set(['job_peers', 'node_peers']);

/** How a straggler was told by the whole topology. */
export interface Told {
  /** Event time of the stream when the warning left, less that since which the board is slow; null = never. */
  readonly after_ms: number | null;
  /** Warnings of peers about other boards. */
  readonly wrong: readonly string[];
}

/** Runs the scene until so long after its board became slow. */
export function tellStraggler(
  scene: GangScene & Required<Pick<GangScene, 'slow'>>,
  since_ms = scene.slow.from_ms,
): Told {
  const fleet = createGang(scene);
  const stream = startStream();
  let position = 0;
  for (const scrape of gangScrapes(fleet, scene, since_ms + minutes(8))) {
    stream.push([scrapeMessage(scrape, ++position)], scrape.ts);
  }
  const slow = fleet.uuids[scene.slow.board];
  const warnings = [...stream.finish().log.alarms.values()].filter(
    ({ detector, warned_at }) => PEERS.has(detector) && warned_at !== null,
  );
  const mine = warnings.filter(({ gpu_uuid, type }) => gpu_uuid === slow && type === 'straggler');
  const first = Math.min(...mine.map(({ warned_at }) => warned_at as number));
  return {
    after_ms: mine.length === 0 ? null : first - since_ms,
    wrong: warnings.filter(({ gpu_uuid }) => gpu_uuid !== slow).map(({ explanation }) => explanation),
  };
}

/** What both comparisons of peers tell of a scene as a warning or worse: the steps alone, so that many hours are cheap. */
export function warningsOf(scene: GangScene, to_ms: number): string[] {
  const state = new GroupState(0);
  const told: Anomaly[] = [];
  const summaries: FleetEntry[] = [];
  const step = nodePeers(NODE_PEERS);
  for (const scrape of gangScrapes(createGang(scene), scene, to_ms)) {
    runOperator('node_peers', step, state, batchOf(state, scrape), (port, item) => {
      if (port === 'anomalies') told.push(item as Anomaly);
      else summaries.push({ input: 'summaries', item: { ...item } });
    });
  }
  told.push(...driveFleet(jobPeers(JOB_PEERS), summaries).anomalies);
  return told.filter(({ severity }) => severity !== 'info').map(({ explanation }) => explanation);
}

function batchOf({ group, registry }: GroupState, { node: name, ts, gpus }: Scrape): Batch {
  const node = registry.node(name);
  const rows = gpus.length;
  const values = new Float64Array(rows * METRIC_COUNT);
  gpus.forEach((gpu, row) => {
    values.set(gpu.values, row * METRIC_COUNT);
  });
  return {
    group,
    registry,
    rows,
    ts: new Float64Array(rows).fill(ts),
    gpu: Uint32Array.from(gpus, (gpu) => registry.gpu(gpu, node)),
    node: new Uint32Array(rows).fill(node),
    attribution: Uint32Array.from(gpus, ({ attribution }) =>
      attribution.length === 0 ? 0 : registry.attribution(attribution),
    ),
    values,
    xids: [],
    position: 1,
    arrived_at: new Float64Array(rows).fill(ts),
    clock: new Float64Array(rows).fill(ts),
  };
}
