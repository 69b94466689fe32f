import type { HealthScore } from '../../pipeline/contract/events.ts';
import { METRIC_COUNT, metricIndex } from '../../pipeline/contract/metrics.ts';
import type { Operator, State } from '../../pipeline/contract/operator.ts';
import type { Registry } from '../../pipeline/contract/registry.ts';
import { type DurationMs, days, minutes } from '../../pipeline/contract/time.ts';
import { REFERENCE_METRICS, type ReferenceMetric, referenceProfile } from './reference-profile.ts';
import { emptyLog, type SampleLog, takeSample, windowOf } from './sample-log.ts';
import { healthScore } from './verdict.ts';

export interface ReferenceHealthOptions {
  /** Event time between two scores of a GPU. */
  readonly every: DurationMs;
  /** Time between samples that completeness is judged by; null = each GPU's usual one. */
  readonly interval: DurationMs | null;
  /** A row older than its GPU's newest one by more than this is left out; the same bound that `validate` has. */
  readonly lateness_max: DurationMs;
  /** Event time between two vectors of a GPU: a node that falls silent is told no later than by those. */
  readonly vectors_every: DurationMs;
}

export interface ReferenceHealthPorts {
  readonly scores: HealthScore;
}

const STATE = {
  /** SampleLog of the GPU's last 7 days. */
  samples: { scope: 'gpu', type: 'record', width: 1, initial: 0 },
  /** Node whose rows bring the GPU now, plus one; 0 = none. */
  home: { scope: 'gpu', type: 'u32', width: 1, initial: 0 },
  /** 1 when rows came since the last score. */
  fresh: { scope: 'gpu', type: 'u8', width: 1, initial: 0 },
  /** The next multiple of `every`; 0 = no row yet. */
  due: { scope: 'node', type: 'f64', width: 1, initial: 0 },
} as const;

const WEEK_MS = days(7);
const COLUMN = Object.fromEntries(REFERENCE_METRICS.map((metric) => [metric, metricIndex(metric)])) as Readonly<
  Record<ReferenceMetric, number>
>;

/**
 * Tells every GPU's health by the specification's formula. Runs only where the profile is `reference`.
 *
 * Input    enriched rows.
 * Output   scores: one as of each multiple of `every` that a row of the GPU's node passes, from its own rows up to and with
 *          that instant, and one at the end of the input. All GPUs of a node are told by the row that passes, as their
 *          vectors are: a decision as of a vector knows every score that is not later. A GPU that falls silent is told once
 *          more, and then at the end, unless that is more than 7 d later.
 * Time     a node's own rows; late ones inside the allowed lateness are put in their place. A timer tells a node that fell
 *          silent, once.
 * State    every sample of 7 d: 88 B each in plain arrays, so 0.9 MB per GPU at a cadence of 60 s and 5.3 MB at 10 s (up to
 *          twice that before old ones are cut off). Meant for replays and small fleets, not for 100,000 GPUs.
 * Cost     11 array pushes per row; O(samples of 7 d) per score, about 10 ms for 10,080; a scan of the group's GPUs per
 *          node and instant.
 * Errors   none.
 * Source   DOMAIN.md section 6, reference profile.
 */
export function referenceHealth(options: ReferenceHealthOptions): Operator<typeof STATE, ReferenceHealthPorts> {
  const { every, interval, lateness_max, vectors_every } = options;
  const score = (log: SampleLog, until: number, ts: number, gpu: number, { gpus, nodes, gpuNodes }: Registry) => {
    const { uuid, instance } = gpus[gpu] as Registry['gpus'][number];
    const node = nodes[gpuNodes[gpu] as number] as string;
    const verdict = referenceProfile(windowOf(log, until), { interval });
    return healthScore({ gpu_uuid: uuid, node, instance }, ts, verdict, 'reference');
  };
  const tellNode = (
    node: number,
    t: number,
    registry: Registry,
    state: State<typeof STATE>,
    tell: (score: HealthScore) => void,
  ): void => {
    for (let gpu = state.home.indexOf(node + 1); gpu >= 0; gpu = state.home.indexOf(node + 1, gpu + 1)) {
      const log = state.samples[gpu] as SampleLog | null;
      if (log === null || state.fresh[gpu] === 0) continue;
      // A GPU that came from a node that is ahead may have newer rows, which stay news, or only such.
      if ((log.ts[log.start] ?? t) > t) continue;
      if ((log.ts.at(-1) ?? t) <= t) state.fresh[gpu] = 0;
      tell(score(log, t, t, gpu, registry));
    }
  };
  return {
    name: 'reference_health',
    summary: "health by the specification's formula, over raw samples of 7 days",
    state: STATE,
    ports: ['scores'],
    onBatch(batch, state, emit) {
      for (let row = 0; row < batch.rows; row++) {
        const gpu = batch.gpu[row] as number;
        const node = batch.node[row] as number;
        const ts = batch.ts[row] as number;
        const due = state.due[node] as number;
        if (due === 0 || ts > due) {
          if (due !== 0) tellNode(node, due, batch.registry, state, (told) => emit('scores', told, row));
          state.due[node] = Math.ceil(ts / every) * every;
        }
        let log = state.samples[gpu] as SampleLog | null;
        if (log === null) {
          log = emptyLog();
          state.samples[gpu] = log;
        }
        if (ts < (log.ts.at(-1) ?? ts) - lateness_max) continue;
        state.home[gpu] = node + 1;
        state.fresh[gpu] = 1;
        const from = row * METRIC_COUNT;
        takeSample(log, ts, (metric) => batch.values[from + COLUMN[metric]] as number);
      }
    },
    timer: {
      every: minutes(1),
      onTime(now, { registry }, state, emit) {
        const silent = now - lateness_max - vectors_every;
        for (let node = 0; node < registry.nodes.length; node++) {
          const due = state.due[node] as number;
          if (due === 0 || due > silent) continue;
          tellNode(node, due, registry, state, (told) => emit('scores', told));
          state.due[node] = due + every;
        }
      },
    },
    finish(now, { registry }, state, emit) {
      registry.gpuNodes.forEach((_node, gpu) => {
        const log = state.samples[gpu] as SampleLog | null;
        const last = log?.ts.at(-1);
        if (!log || last === undefined || last <= now - WEEK_MS) return;
        emit('scores', score(log, last, now, gpu, registry));
      });
    },
  };
}
