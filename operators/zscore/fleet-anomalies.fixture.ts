import { createFleet, type StorySpecs } from '../../bench/fleet/fleet.ts';
import type { StoryTruth } from '../../bench/fleet/story-schedule.ts';
import type { Anomaly } from '../../pipeline/contract/events.ts';
import { METRIC_COUNT } from '../../pipeline/contract/metrics.ts';
import { minutes } from '../../pipeline/contract/time.ts';
import { GroupState } from '../core/group-state.ts';
import { START_MS } from '../core/laws.fixture.ts';
import { runOperator } from '../core/lift.ts';
import { validate } from '../validate.ts';
import { ZSCORE_DEFAULTS, zscore } from './zscore.ts';

export interface FleetRun {
  readonly gpus: number;
  readonly seed: number;
  readonly interval_ms: number;
  readonly days: number;
  readonly stories: StorySpecs;
}

/** What zscore says of a simulated fleet, each anomaly as it was told last; and what really happened. */
export function fleetAnomalies(run: FleetRun): { readonly told: readonly Anomaly[]; readonly truth: StoryTruth[] } {
  const fleet = createFleet({ ...run, start_ms: START_MS });
  const state = new GroupState(0);
  const { registry } = state;
  const check = validate({ lateness_max: minutes(5), future_max: null });
  const judge = zscore(ZSCORE_DEFAULTS);
  const told = new Map<string, Anomaly>();
  for (let ts = START_MS; ts < START_MS + run.days * 86_400_000; ts += run.interval_ms) {
    const rows = fleet.node_names.flatMap((name) => {
      const node = registry.node(name);
      return (fleet.scrape(name, ts)?.gpus ?? []).map((gpu) => ({ gpu, node }));
    });
    const values = new Float64Array(rows.length * METRIC_COUNT);
    rows.forEach(({ gpu }, i) => {
      values.set(gpu.values, i * METRIC_COUNT);
    });
    const batch = {
      group: 0,
      registry,
      rows: rows.length,
      ts: Float64Array.from(rows, ({ gpu }) => gpu.ts),
      gpu: Uint32Array.from(rows, ({ gpu, node }) => registry.gpu(gpu, node)),
      node: Uint32Array.from(rows, ({ node }) => node),
      attribution: Uint32Array.from(rows, ({ gpu }) => registry.attribution(gpu.attribution)),
      values,
      xids: [],
      arrived_at: new Float64Array(rows.length).fill(ts),
      position: 1,
      clock: new Float64Array(rows.length).fill(ts),
    };
    runOperator('validate', check, state, batch, (port, item) => {
      if (port !== 'rows' || !('values' in item)) return;
      runOperator('zscore', judge, state, item, (_, anomaly) => told.set(anomaly.id, anomaly));
    });
  }
  return { told: [...told.values()], truth: fleet.truth() };
}
