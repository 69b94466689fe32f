import { mkdirSync } from 'node:fs';
import { GroupStates } from '../../operators/core/group-state.ts';
import type { PriceBook } from '../../operators/decisions/price-book-schema.ts';
import { featureDefinitionRows, featureRow } from '../../operators/features/feature-row.ts';
import { batchJsonlSink } from '../../sinks/jsonl/batch-jsonl-sink.ts';
import { deadLetterJsonlSink } from '../../sinks/jsonl/dead-letter-jsonl-sink.ts';
import { jsonlTableSink } from '../../sinks/jsonl/jsonl-table-sink.ts';
import { rollupJsonlSink } from '../../sinks/jsonl/rollup-jsonl-sink.ts';
import type { Analysis } from '../analysis.ts';
import { Assets } from '../asset-book.ts';
import type { Clock } from '../clock.ts';
import { ALERTS } from '../contract/alert-tables.ts';
import type { Alert } from '../contract/alerts.ts';
import type { Batch } from '../contract/batch.ts';
import { VitalsError } from '../contract/errors.ts';
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
} from '../contract/events.ts';
import type { ModelBook } from '../contract/failure-model.ts';
import type { RawMessage } from '../contract/message.ts';
import type { Sink } from '../contract/ports.ts';
import { GPU_ECONOMIC_DECISIONS, GPU_FAILURE_LABELS, GPU_FAILURE_PREDICTIONS } from '../contract/prediction-tables.ts';
import type { Decision, Prediction } from '../contract/predictions.ts';
import type { TableSpec } from '../contract/table-spec.ts';
import { ANOMALIES, GPU_ASSETS } from '../contract/tables.ts';
import {
  FEATURE_DEFINITIONS,
  FLEET_QUANTILES,
  GPU_FEATURES,
  GPU_FORECASTS,
  GPU_HEALTH_SCORES,
  INCIDENTS,
  XID_EPISODES,
} from '../contract/verdict-tables.ts';
import { mapSink } from '../map-sink.ts';
import { loadOptionalDetectors } from '../optional-detectors.ts';
import { wireTopology } from '../run-topology.ts';
import { fleetVitals, type SinkItems } from '../topology.ts';
import type { InputFormat } from './detect-format.ts';
import { readInput } from './read-input.ts';
import { createSummaryCollector, type Summary, writeSummary } from './summary.ts';

export interface ReplayOptions {
  /** A file, a folder, or `-` for standard input; several are one capture. */
  readonly path: string | readonly string[];
  readonly out: string;
  readonly format: InputFormat;
  readonly interval_ms: number;
  readonly start_ms: number;
  readonly node?: string;
  readonly assets: readonly Asset[];
  readonly analysis: Analysis;
  readonly models: ModelBook;
  readonly prices: PriceBook;
  readonly clock: Clock;
  /** Told about once a second. */
  readonly onProgress?: (rows: number) => void;
}

const PROGRESS_EVERY_MS = 1_000;

/** Nobody has handled what is replayed. */
const UNHANDLED = { acknowledged_by: '', acknowledged_at: null, assigned_to: '', handling_note: '' };

const PIECE_MESSAGES = 512;
const PIECE_BYTES = 8 * 2 ** 20;

/**
 * The same messages in pieces that depend on nothing but themselves: how a pipe or a disk cuts the input must not show in
 * the order of rows of different nodes.
 */
async function* inPieces(source: AsyncIterable<readonly RawMessage[]>): AsyncGenerator<readonly RawMessage[]> {
  let piece: RawMessage[] = [];
  let bytes = 0;
  for await (const messages of source) {
    for (const message of messages) {
      piece.push(message);
      bytes += message.data.length;
      if (piece.length < PIECE_MESSAGES && bytes < PIECE_BYTES) continue;
      yield piece;
      piece = [];
      bytes = 0;
    }
  }
  if (piece.length > 0) yield piece;
}

/** What was begun already, from its first piece on. */
async function* begun<T>(first: IteratorResult<T>, rest: AsyncGenerator<T>): AsyncGenerator<T> {
  if (first.done === true) return;
  yield first.value;
  yield* rest;
}

/** A sink that also shows everything to somebody else first. */
const seen = <T>(sink: Sink<T>, look: (item: T) => void): Sink<T> => ({
  ...sink,
  write(item) {
    look(item);
    sink.write(item);
  },
});

/**
 * Saved telemetry through the same topology as live: in-memory source, JSONL sinks, no services. The same input gives the
 * same bytes. At the end of the input the watermark is its last event time.
 */
export async function runReplay(options: ReplayOptions): Promise<Summary> {
  const { clock, out: directory, analysis } = options;
  const detectors = await loadOptionalDetectors(analysis.detectors);
  // Before anything is written: an input that cannot be read leaves the output folder as it is, or not there.
  const pieces = inPieces(readInput(options));
  const first = await pieces.next();
  try {
    mkdirSync(directory, { recursive: true });
  } catch (cause) {
    throw new VitalsError('GV-CLI-002', 'the output folder cannot be made', directory, { cause });
  }
  const assets = new Assets();
  for (const asset of options.assets) assets.put(asset);
  const collector = createSummaryCollector();
  const metrics = batchJsonlSink({ directory });
  const rollups = rollupJsonlSink({ directory, lateness_max: analysis.lateness_max });
  const rewritten = <Row extends object>(table: TableSpec) => jsonlTableSink<Row>({ directory, table, rewrites: true });
  const assetRows = rewritten<Asset>(GPU_ASSETS);
  const anomalies = rewritten<Anomaly>(ANOMALIES);
  const scores = rewritten<HealthScore>(GPU_HEALTH_SCORES);
  const predictions = rewritten<Prediction>(GPU_FAILURE_PREDICTIONS);
  const decisions = rewritten<Decision>(GPU_ECONOMIC_DECISIONS);
  const episodes = rewritten<Episode>(XID_EPISODES);
  const incidents = rewritten<Incident>(INCIDENTS);
  const alerts = rewritten<Alert & typeof UNHANDLED>(ALERTS);
  const forecasts = rewritten<Forecast>(GPU_FORECASTS);
  const quantiles = rewritten<FleetQuantiles>(FLEET_QUANTILES);
  const featureRows = jsonlTableSink<object>({ directory, table: GPU_FEATURES, rewrites: false });
  const definitions = jsonlTableSink<object>({ directory, table: FEATURE_DEFINITIONS, rewrites: false });
  for (const row of featureDefinitionRows()) definitions.write(row);
  // Failures are told by people: a table without rows, there for whoever reads all of them.
  const labels = jsonlTableSink<object>({ directory, table: GPU_FAILURE_LABELS, rewrites: false });
  const deadLetters = deadLetterJsonlSink({ directory });

  const topology = fleetVitals({
    ...analysis,
    ...detectors,
    future_max: null,
    on_passed_over: collector.passedOver,
    assets,
    models: options.models,
    prices: options.prices,
  });
  const wired = wireTopology<SinkItems>({
    topology,
    states: new GroupStates(),
    clock,
    sinks: {
      gpu_metrics: seen<Batch>(metrics, (batch) => {
        collector.rows(batch);
        rollups.write(batch);
      }),
      gpu_assets: assetRows,
      gpu_features: mapSink<FeatureVector, object>(featureRows, featureRow),
      anomalies,
      gpu_health_scores: scores,
      gpu_failure_predictions: predictions,
      gpu_economic_decisions: decisions,
      xid_episodes: episodes,
      incidents,
      alerts: mapSink<Alert, Alert & typeof UNHANDLED>(alerts, (alert) => ({ ...alert, ...UNHANDLED })),
      gpu_forecasts: forecasts,
      fleet_quantiles: quantiles,
      dead_letters: seen<DeadLetter>(deadLetters, (letter) => collector.deadLetter(letter)),
    },
  });

  let told = clock.monotonic();
  for await (const messages of begun(first, pieces)) {
    wired.push(messages);
    await wired.pressure();
    await rollups.pressure();
    if (options.onProgress && clock.monotonic() - told > PROGRESS_EVERY_MS) {
      told = clock.monotonic();
      options.onProgress(metrics.rows);
    }
  }
  wired.finish(wired.watermark);
  await wired.close();
  await rollups.close();
  await definitions.close();
  await labels.close();
  const summary = collector.summary({
    gpu_metrics: metrics.rows,
    ...rollups.rows,
    gpu_assets: assetRows.rows,
    anomalies: anomalies.rows,
    gpu_health_scores: scores.rows,
    gpu_failure_predictions: predictions.rows,
    gpu_failure_labels: labels.rows,
    gpu_economic_decisions: decisions.rows,
    xid_episodes: episodes.rows,
    incidents: incidents.rows,
    alerts: alerts.rows,
    gpu_forecasts: forecasts.rows,
    fleet_quantiles: quantiles.rows,
    gpu_features: featureRows.rows,
    feature_definitions: definitions.rows,
  });
  writeSummary(directory, summary);
  return summary;
}
