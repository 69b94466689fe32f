import { type AssetBook, enrich } from '../operators/enrich.ts';
import { validate } from '../operators/validate.ts';
import { zscore } from '../operators/zscore.ts';
import type { Batch } from './contract/batch.ts';
import type { Anomaly, Asset, DeadLetter } from './contract/events.ts';
import type { RawMessage } from './contract/message.ts';
import { type DurationMs, minutes } from './contract/time.ts';
import { decode } from './decode.ts';
import { defineTopology, type Topology } from './define-topology.ts';

/** Where things end, and what each takes. */
export interface SinkItems {
  readonly gpu_metrics: Batch;
  readonly gpu_assets: Asset;
  readonly anomalies: Anomaly;
  readonly anomaly_events: Anomaly;
  readonly live: Batch;
  readonly validated_tap: Batch;
  readonly enriched_tap: Batch;
  readonly dead_letters: DeadLetter;
}

export interface TopologyOptions {
  readonly lateness_max: DurationMs;
  /** Null when the fleet's clock is not ours (simulated time, replays). */
  readonly future_max: DurationMs | null;
  readonly zscore_threshold: number;
  readonly assets: AssetBook;
}

/** Where assets are joined. */
export const ENRICH_STEP = 'enrich';

/** The whole dataflow. */
export const fleetVitals = (options: TopologyOptions): Topology =>
  defineTopology<SinkItems>((t) => {
    const { lateness_max, future_max } = options;

    const raw = t.source<readonly RawMessage[]>('dcgm_raw', { summary: 'JetStream DCGM_RAW', lateness_max });
    const decoded = t.stage('decode', raw, decode({ future_max }));
    const valid = t.operator('validate', decoded.rows, validate({ lateness_max, future_max }));
    const enriched = t.operator(ENRICH_STEP, valid.rows, enrich(options.assets));
    const deviations = t.operator(
      'zscore',
      enriched.rows,
      zscore({
        threshold: options.zscore_threshold,
        half_life: minutes(30),
        confirm_rows: 3,
        warmup_rows: 30,
        warmup: minutes(10),
        settle: minutes(10),
      }),
    );

    t.sink('gpu_metrics', enriched.rows);
    t.sink('gpu_assets', enriched.assets);
    t.sink('anomalies', deviations.anomalies);
    t.sink('anomaly_events', deviations.anomalies);
    t.sink('live', enriched.rows);
    t.sink('validated_tap', valid.rows);
    t.sink('enriched_tap', enriched.rows);
    t.sink('dead_letters', decoded.refused, valid.refused, valid.late);
  });

/** The topology as it is drawn and documented: defaults, and an inventory without entries. */
export const defaultTopology = (): Topology =>
  fleetVitals({
    lateness_max: minutes(5),
    future_max: minutes(5),
    zscore_threshold: 3,
    assets: { get: () => undefined, edition: () => 0 },
  });
