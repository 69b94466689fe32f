import { type AssetBook, enrich } from '../operators/enrich.ts';
import { features } from '../operators/features/features.ts';
import { validate } from '../operators/validate.ts';
import { ZSCORE_DEFAULTS, zscore } from '../operators/zscore/zscore.ts';
import { type Analysis, DEFAULT_ANALYSIS } from './analysis.ts';
import type { Batch } from './contract/batch.ts';
import type { Anomaly, Asset, DeadLetter, FeatureVector } from './contract/events.ts';
import type { RawMessage } from './contract/message.ts';
import { type DurationMs, hours, minutes } from './contract/time.ts';
import { decode } from './decode.ts';
import { defineTopology, type Topology } from './define-topology.ts';

/** Where things end, and what each takes. */
export interface SinkItems {
  readonly gpu_metrics: Batch;
  readonly gpu_assets: Asset;
  readonly gpu_features: FeatureVector;
  readonly anomalies: Anomaly;
  readonly anomaly_events: Anomaly;
  readonly live: Batch;
  readonly validated_tap: Batch;
  readonly enriched_tap: Batch;
  readonly dead_letters: DeadLetter;
}

export interface TopologyOptions extends Analysis {
  /** Null when the fleet's clock is not ours (simulated time, replays). */
  readonly future_max: DurationMs | null;
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
      zscore({ ...ZSCORE_DEFAULTS, threshold: options.zscore_threshold }),
    );

    const vectors = t.operator(
      'features',
      enriched.rows,
      features({
        lateness_max,
        every: options.features_every,
        history: { age_min: hours(1), every: hours(1) },
        assets: options.assets,
      }),
    );

    t.sink('gpu_metrics', enriched.rows);
    t.sink('gpu_assets', enriched.assets);
    t.sink('gpu_features', vectors.vectors);
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
    ...DEFAULT_ANALYSIS,
    future_max: minutes(5),
    assets: { get: () => undefined, edition: () => 0 },
  });
