import { absence } from '../operators/absence/absence.ts';
import { gone } from '../operators/absence/gone.ts';
import { movedGpus } from '../operators/absence/moved-gpus.ts';
import { silentNodes } from '../operators/absence/silent-nodes.ts';
import { boardAlerts } from '../operators/alerts/board-alerts.ts';
import { fleetAlerts } from '../operators/alerts/fleet-alerts.ts';
import { CHANGE_POINTS_DEFAULTS, changePoints } from '../operators/change-points/change-points.ts';
import { conditions } from '../operators/conditions/conditions.ts';
import { decisions } from '../operators/decisions/decisions.ts';
import { loadPriceBook } from '../operators/decisions/price-book.ts';
import type { PriceBook } from '../operators/decisions/price-book-schema.ts';
import { type AssetBook, enrich } from '../operators/enrich.ts';
import { episodes } from '../operators/episodes/episodes.ts';
import { incidents } from '../operators/episodes/incidents.ts';
import { features } from '../operators/features/features.ts';
import { FORECASTS_DEFAULTS, forecasts } from '../operators/forecasts/forecasts.ts';
import { health } from '../operators/health/health.ts';
import { referenceHealth } from '../operators/health/reference-health.ts';
import { DENSITY_DEFAULTS, density } from '../operators/novelty/density.ts';
import { novelty } from '../operators/novelty/novelty.ts';
import { jobPeers } from '../operators/peers/job-peers.ts';
import { nodePeers } from '../operators/peers/node-peers.ts';
import { plausible } from '../operators/plausible.ts';
import { heuristic } from '../operators/prediction/heuristic.ts';
import { predict } from '../operators/prediction/predict.ts';
import { fleetQuantiles } from '../operators/quantiles/fleet-quantiles.ts';
import { validate } from '../operators/validate.ts';
import { boardConditions } from '../operators/xids/board-conditions.ts';
import { xidEvents } from '../operators/xids/xid-events.ts';
import { addedGauges, BOARD_GAUGES } from '../operators/zscore/watched-gauges.ts';
import { ZSCORE_DEFAULTS, zscore } from '../operators/zscore/zscore.ts';
import { type Analysis, DEFAULT_ANALYSIS } from './analysis.ts';
import type { Alert } from './contract/alerts.ts';
import type { Batch } from './contract/batch.ts';
import type {
  Anomaly,
  Asset,
  DeadLetter,
  Episode,
  FeatureVector,
  FleetQuantiles,
  Forecast,
  HealthScore,
  Incident,
} from './contract/events.ts';
import { type ModelBook, NO_MODELS } from './contract/failure-model.ts';
import type { RawMessage } from './contract/message.ts';
import type { MetricName } from './contract/metrics.ts';
import type { Port } from './contract/ports.ts';
import type { Decision, Prediction } from './contract/predictions.ts';
import type { PassedOver } from './contract/scrape.ts';
import { type DurationMs, minutes } from './contract/time.ts';
import { decode } from './decode.ts';
import { defineTopology, type Topology } from './define-topology.ts';
import { conditionSettings, type DetectorStep, isOn } from './detectors.ts';
import type { OptionalDetectors } from './optional-detectors.ts';
import {
  ABSENCE,
  BOARD_ALERTS,
  EPISODES,
  FEATURE_HISTORY,
  FLEET_ALERTS,
  GONE,
  INCIDENTS,
  JOB_PEERS,
  MOVED_GPUS,
  NODE_PEERS,
  NOVELTY,
  QUANTILES,
  SILENT_NODES,
  XID_EVENTS,
} from './step-options.ts';

/** Where things end, and what each takes. */
export interface SinkItems {
  readonly gpu_metrics: Batch;
  readonly gpu_assets: Asset;
  readonly gpu_features: FeatureVector;
  readonly gpu_health_scores: HealthScore;
  readonly gpu_forecasts: Forecast;
  readonly gpu_failure_predictions: Prediction;
  readonly gpu_economic_decisions: Decision;
  readonly xid_episodes: Episode;
  readonly incidents: Incident;
  readonly fleet_quantiles: FleetQuantiles;
  readonly anomalies: Anomaly;
  readonly alerts: Alert;
  readonly live: Batch;
  readonly validated_tap: Batch;
  readonly enriched_tap: Batch;
  readonly dead_letters: DeadLetter;
}

export interface TopologyOptions extends Analysis, OptionalDetectors {
  /** Null when the fleet's clock is not ours (simulated time, replays). */
  readonly future_max: DurationMs | null;
  /** As of `decode`. */
  readonly on_passed_over?: (counts: PassedOver) => void;
  readonly assets: AssetBook;
  /** Trained models; without any the heuristic foresees. */
  readonly models: ModelBook;
  readonly prices: PriceBook;
}

/** Where assets are joined. */
export const ENRICH_STEP = 'enrich';

/** The whole dataflow: samples, what each GPU's samples say, what that means for the GPU, what it means for the fleet. */
export const fleetVitals = (options: TopologyOptions): Topology =>
  defineTopology<SinkItems>((t) => {
    const { lateness_max, future_max, detectors } = options;
    /** The ports of a detector that configuration has not switched off. */
    const when = <T>(step: DetectorStep, declare: () => readonly T[]): readonly T[] =>
      isOn(step, detectors) ? declare() : [];

    const raw = t.source<readonly RawMessage[]>('dcgm_raw', { summary: 'JetStream DCGM_RAW', lateness_max });
    const decoded = t.stage('decode', raw, decode(options));
    const valid = t.operator('validate', decoded.rows, validate({ lateness_max, future_max }));
    const { rows: joined, assets } = t.operator(ENRICH_STEP, valid.rows, enrich(options.assets));
    // What is stored and shown is what was read; what is judged is what can be.
    const { rows, anomalies: lies } = t.operator('plausible', joined, plausible());

    const windows = { lateness_max, every: options.features_every, history: FEATURE_HISTORY, assets: options.assets };
    const { vectors } = t.operator('features', rows, features(windows));
    const { xids } = t.operator('xids', rows, xidEvents(XID_EVENTS));
    const outlook = t.items('forecasts', rows, { vectors }, forecasts(FORECASTS_DEFAULTS));
    const board = t.operator('board_conditions', rows, boardConditions());
    const absent = t.operator('absence', [rows, decoded.absent], absence(ABSENCE));

    const beside = t.operator('node_peers', rows, nodePeers(NODE_PEERS));

    const detected = [
      lies,
      ...when('conditions', () => [t.operator('conditions', rows, conditions(conditionSettings(detectors))).anomalies]),
      ...when('zscore', () => {
        const { zscore_threshold: threshold, zscore_thresholds: thresholds } = options;
        const judge = (step: string, gauges: readonly MetricName[]): Port<Anomaly> =>
          t.operator(step, rows, zscore({ ...ZSCORE_DEFAULTS, threshold, thresholds, gauges })).anomalies;
        return [
          judge('zscore', BOARD_GAUGES),
          // A step each, so that none forgets what it has learned, or what is open, when another comes or goes.
          ...addedGauges(thresholds).map((gauge) => judge(`zscore_${gauge}`, [gauge])),
        ];
      }),
      ...when('change_points', () => [
        t.operator('change_points', rows, changePoints(CHANGE_POINTS_DEFAULTS)).anomalies,
      ]),
      ...when('absence', () => [absent.anomalies]),
      ...when('peers', () => [beside.anomalies]),
      ...when('forecasts', () => [outlook.anomalies]),
    ];
    const standing = t.items(
      'gone',
      rows,
      { anomalies: detected, arrivals: absent.arrivals },
      gone({ ...GONE, assets: options.assets }),
    );
    const found = [standing.anomalies, standing.lost];
    const stories = t.items(
      'episodes',
      rows,
      { conditions: board.conditions, xids, anomalies: found },
      episodes(EPISODES),
    );
    const every = options.health_every;
    const { scores } =
      options.profile === 'reference'
        ? t.operator(
            'health',
            rows,
            referenceHealth({
              every,
              interval: options.reference_interval,
              lateness_max,
              vectors_every: options.features_every,
            }),
          )
        : t.items('health', rows, { vectors, anomalies: found, episodes: stories.episodes }, health({ every }));

    const models = { models: options.models, otherwise: heuristic };
    const { predictions } = t.items('predict', rows, { vectors }, predict(models));

    const { profile, prices } = options;
    const money = decisions({ every: options.decisions_every, profile, prices });
    const { decisions: decided } = t.items('decisions', rows, { vectors, scores, predictions }, money);

    const rules = options.alert_rules;
    const told = t.items(
      'board_alerts',
      rows,
      { assets, vectors, anomalies: found, episodes: stories.episodes, scores, predictions },
      boardAlerts({ ...BOARD_ALERTS, rules }),
    );

    const silent = t.fleet(
      'silent_nodes',
      { heartbeats: absent.heartbeats },
      silentNodes({ ...SILENT_NODES, profile }),
    );
    const moved = t.fleet(
      'moved_gpus',
      { anomalies: absent.anomalies, arrivals: absent.arrivals, gone: standing.lost },
      movedGpus(MOVED_GPUS),
    );
    const shared = t.fleet(
      'correlate',
      { assets, episodes: stories.episodes, anomalies: silent.anomalies, moves: moved.anomalies },
      incidents(INCIDENTS),
    );
    const { quantiles } = t.fleet('quantiles', { vectors }, fleetQuantiles(QUANTILES));
    const foundInFleet = [
      ...when('absence', () => [silent.anomalies, moved.anomalies]),
      ...when('peers', () => [t.fleet('job_peers', { summaries: beside.summaries }, jobPeers(JOB_PEERS)).anomalies]),
      ...when('novelty', () => {
        const contamination = options.novelty_contamination;
        return [t.fleet('novelty', { vectors }, novelty({ ...NOVELTY, contamination })).anomalies];
      }),
      ...(options.reconstruction === undefined
        ? []
        : [t.fleet('reconstruction', { vectors }, options.reconstruction).anomalies]),
      ...when('density', () => [t.fleet('density', { vectors }, density(DENSITY_DEFAULTS)).anomalies]),
    ];

    const lost = when('absence', () => [absent.anomalies]);
    const wide = t.fleet(
      'fleet_alerts',
      {
        assets,
        told: told.alerts,
        shared: told.shared,
        handed: told.handed,
        anomalies: [...lost, ...foundInFleet],
        incidents: shared.incidents,
      },
      fleetAlerts({ ...FLEET_ALERTS, rules }),
    );

    t.sink('gpu_metrics', joined);
    t.sharedSink('gpu_assets', assets);
    t.sink('gpu_features', vectors);
    t.sink('gpu_health_scores', scores, silent.scores);
    t.sink('gpu_failure_predictions', predictions);
    t.sink('gpu_economic_decisions', decided);
    t.sink('gpu_forecasts', outlook.forecasts);
    t.sink('xid_episodes', stories.episodes);
    t.sink('incidents', shared.incidents);
    t.sink('fleet_quantiles', quantiles);
    t.sink('anomalies', standing.anomalies, ...foundInFleet);
    t.sink('alerts', told.alerts, wide.alerts);
    t.sink('live', joined);
    t.sink('validated_tap', valid.rows);
    t.sink('enriched_tap', joined);
    t.sink('dead_letters', decoded.refused, valid.refused, valid.late);
  });

/** The topology as it is drawn and documented: defaults, and an inventory without entries. */
export const defaultTopology = (): Topology =>
  fleetVitals({
    ...DEFAULT_ANALYSIS,
    future_max: minutes(5),
    assets: { get: () => undefined, edition: () => 0 },
    models: NO_MODELS,
    prices: loadPriceBook(null),
  });
