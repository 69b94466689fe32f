import type { HealthScore } from '../../pipeline/contract/events.ts';
import { METRIC_COUNT, metricIndex } from '../../pipeline/contract/metrics.ts';
import type { Operator } from '../../pipeline/contract/operator.ts';
import type { Registry } from '../../pipeline/contract/registry.ts';
import { type DurationMs, days } from '../../pipeline/contract/time.ts';
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
}

export interface ReferenceHealthPorts {
  readonly scores: HealthScore;
}

const STATE = {
  /** SampleLog of the GPU's last 7 days. */
  samples: { scope: 'gpu', type: 'record', width: 1, initial: 0 },
  /** The next multiple of `every`; 0 = no row yet. */
  due: { scope: 'gpu', type: 'f64', width: 1, initial: 0 },
} as const;

const WEEK_MS = days(7);
const COLUMN = Object.fromEntries(REFERENCE_METRICS.map((metric) => [metric, metricIndex(metric)])) as Readonly<
  Record<ReferenceMetric, number>
>;

/**
 * Tells every GPU's health by the specification's formula. Runs only where the profile is `reference`.
 *
 * Input    enriched rows.
 * Output   scores: one as of each multiple of `every` that a row of the GPU passes, from its rows up to and with that
 *          instant, and one at the end of the input. A GPU that falls silent is told again only at the end, and not at all
 *          when that is more than 7 d later.
 * Time     a GPU's own rows; late ones inside the allowed lateness are put in their place. No timers.
 * State    every sample of 7 d: 88 B each in plain arrays, so 0.9 MB per GPU at a cadence of 60 s and 5.3 MB at 10 s (up to
 *          twice that before old ones are cut off). Meant for replays and small fleets, not for 100,000 GPUs.
 * Cost     11 array pushes per row; O(samples of 7 d) per score, about 10 ms for 10,080.
 * Errors   none.
 * Source   DOMAIN.md section 6, reference profile.
 */
export function referenceHealth(options: ReferenceHealthOptions): Operator<typeof STATE, ReferenceHealthPorts> {
  const { every, interval, lateness_max } = options;
  const score = (log: SampleLog, until: number, ts: number, gpu: number, node: number, registry: Registry) => {
    const { uuid, instance } = registry.gpus[gpu] as Registry['gpus'][number];
    const verdict = referenceProfile(windowOf(log, until), { interval });
    return healthScore({ gpu_uuid: uuid, node: registry.nodes[node] as string, instance }, ts, verdict, 'reference');
  };
  return {
    name: 'reference_health',
    summary: "health by the specification's formula, over raw samples of 7 days",
    state: STATE,
    ports: ['scores'],
    onBatch(batch, state, emit) {
      for (let row = 0; row < batch.rows; row++) {
        const gpu = batch.gpu[row] as number;
        const ts = batch.ts[row] as number;
        let log = state.samples[gpu] as SampleLog | null;
        if (log === null) {
          log = emptyLog();
          state.samples[gpu] = log;
        }
        if (ts < (log.ts.at(-1) ?? ts) - lateness_max) continue;
        const due = state.due[gpu] as number;
        if (due === 0 || ts > due) {
          if (due !== 0) emit('scores', score(log, due, due, gpu, batch.node[row] as number, batch.registry), row);
          state.due[gpu] = Math.ceil(ts / every) * every;
        }
        const from = row * METRIC_COUNT;
        takeSample(log, ts, (metric) => batch.values[from + COLUMN[metric]] as number);
      }
    },
    finish(now, { registry }, state, emit) {
      registry.gpuNodes.forEach((node, gpu) => {
        const log = state.samples[gpu] as SampleLog | null;
        const last = log?.ts.at(-1);
        if (!log || last === undefined || last <= now - WEEK_MS) return;
        emit('scores', score(log, last, now, gpu, node, registry));
      });
    },
  };
}
