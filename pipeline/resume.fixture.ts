import { START_MS, sampleRows } from '../operators/core/laws.fixture.ts';
import type { Alert } from './contract/alerts.ts';
import type { Batch } from './contract/batch.ts';
import { encodeScrape } from './contract/encode-scrape.ts';
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
import { rawSubject } from './contract/ids.ts';
import type { RawMessage } from './contract/message.ts';
import { METRIC_COUNT, METRICS } from './contract/metrics.ts';
import type { Sink } from './contract/ports.ts';
import type { Decision, Prediction } from './contract/predictions.ts';

/** A node whose scrapes come without its GPUs for some minutes. */
const BARE = { node: 'node-5', from: START_MS + 600_000, to: START_MS + 1_000_000 };

/** A stream of a small fleet over several groups: one message a node and instant. */
export function stream(seed: number): RawMessage[] {
  return sampleRows(seed, { gpus: 12, scrapes: 150 }).map((row, i) => {
    const values = new Float64Array(METRIC_COUNT).fill(Number.NaN);
    METRICS.forEach((metric, m) => {
      values[m] = row.values[metric.name] ?? Number.NaN;
    });
    const gpu = { uuid: row.uuid, instance: '', model: 'NVIDIA H100 80GB HBM3', pci_bus_id: '', serial: '', slot: '' };
    const bare = row.node === BARE.node && row.ts >= BARE.from && row.ts < BARE.to;
    const data = encodeScrape({
      node: row.node,
      ts: row.ts,
      boot_epoch: 1,
      sequence: i,
      gpus: bare ? [] : [{ ...gpu, ts: row.ts, values, xids: [], attribution: [] }],
      refusals: [],
      blanks: 0,
      unknown_metrics: 0,
    });
    return {
      subject: rawSubject(row.node),
      data,
      content_type: 'application/vnd.gpu-vitals.scrape',
      position: i + 1,
      arrived_at: row.arrived_at ?? row.ts,
      event_time: row.ts,
    } as const;
  });
}

/** Tables as the database keeps them: by key, the last writer wins; only what was flushed survives a kill. */
export class Tables {
  readonly durable: Map<string, string>;
  private pending: [string, string][] = [];

  /** `durable`: of others that write to the same tables, each over a connection of its own. */
  constructor(durable: Map<string, string> = new Map()) {
    this.durable = durable;
  }

  private sink<T>(keep: (item: T) => Iterable<[string, string]>): Sink<T> {
    return {
      write: (item) => {
        this.pending.push(...keep(item));
      },
      flush: async () => this.settle(),
      pressure: () => null,
      close: async () => this.settle(),
    };
  }

  private settle(): void {
    for (const [key, row] of this.pending) this.durable.set(key, row);
    this.pending = [];
  }

  kill(): void {
    this.pending = [];
  }

  readonly sinks = {
    gpu_metrics: this.sink<Batch>(function* (batch) {
      for (let row = 0; row < batch.rows; row++) {
        const uuid = batch.registry.gpus[batch.gpu[row] as number]?.uuid;
        const values = Array.from(batch.values.subarray(row * METRIC_COUNT, (row + 1) * METRIC_COUNT));
        yield [`metrics ${batch.ts[row]} ${uuid}`, values.join()];
      }
    }),
    // With the owner: a version that was told must be told again after a kill, not only the last one.
    gpu_assets: this.sink<Asset>((asset) => [
      [`assets ${asset.ts} ${asset.gpu_uuid} ${asset.owner}`, JSON.stringify(asset)],
    ]),
    anomalies: this.sink<Anomaly>((row) => [[`anomalies ${row.ts} ${row.id}`, JSON.stringify(row)]]),
    gpu_features: this.sink<FeatureVector>((row) => [
      [`features ${row.ts} ${row.gpu_uuid}`, JSON.stringify([...row.values, ...row.latest, row.latest_ts, row.job])],
    ]),
    gpu_health_scores: this.sink<HealthScore>((row) => [
      [`health ${row.ts} ${row.gpu_uuid} ${row.instance}`, JSON.stringify(row)],
    ]),
    gpu_failure_predictions: this.sink<Prediction>((row) => [
      [`prediction ${row.ts} ${row.gpu_uuid} ${row.instance}`, JSON.stringify(row)],
    ]),
    gpu_economic_decisions: this.sink<Decision>((row) => [
      [`decision ${row.ts} ${row.gpu_uuid} ${row.instance}`, JSON.stringify(row)],
    ]),
    xid_episodes: this.sink<Episode>((row) => [[`episode ${row.ts} ${row.id}`, JSON.stringify(row)]]),
    incidents: this.sink<Incident>((row) => [[`incident ${row.ts} ${row.id}`, JSON.stringify(row)]]),
    // Every change by itself: one that was told must be told again after a kill, not only the last one.
    alerts: this.sink<Alert>((row) => [
      [`alert ${row.ts} ${row.id} ${row.severity} ${row.state}`, JSON.stringify(row)],
    ]),
    gpu_forecasts: this.sink<Forecast>((row) => [
      [`forecast ${row.ts} ${row.gpu_uuid} ${row.metric} ${row.horizon_ms}`, JSON.stringify(row)],
    ]),
    fleet_quantiles: this.sink<FleetQuantiles>((row) => [
      [`quantiles ${row.ts} ${row.model} ${row.metric}`, JSON.stringify(row)],
    ]),
    dead_letters: this.sink<DeadLetter>((row) => [[`dead ${row.ts} ${row.node} ${row.detail}`, JSON.stringify(row)]]),
  };
}

/** Keys of rows that are not the same in both. */
export const differences = (tables: Tables, whole: Tables): string[] =>
  [...new Set([...tables.durable.keys(), ...whole.durable.keys()])].filter(
    (key) => tables.durable.get(key) !== whole.durable.get(key),
  );
