import type { CollectorCounters } from '../pipeline/collect/collector-options.ts';
import type { RemoteWriteCounters } from '../pipeline/collect/remote-write/remote-write-options.ts';
import type { MetricSource } from './metrics-registry.ts';
import type { TopologyReports } from './topology-reports.ts';

/** What a figure that a part tells of itself is called in /metrics, without the prefix, and what it says. */
export interface ToldMetric {
  readonly name: string;
  readonly help: string;
  readonly labels: readonly string[];
  /** By the end of its name when absent. */
  readonly type?: 'histogram';
}
const told = (name: string, help: string, labels: readonly string[] = []): ToldMetric => ({ name, help, labels });

const COLLECTOR: Readonly<Record<keyof CollectorCounters, ToldMetric>> = {
  targets: told('collector_targets', 'Targets now.'),
  targets_failing: told('collector_targets_failing', 'Targets whose last scrape failed.'),
  targets_slow: told('collector_targets_slow', 'Targets that often need longer than the interval.'),
  scrapes: told('collector_scrapes_total', 'Bodies that NATS or our disk has.'),
  failures: told('collector_failures_total', 'Scrapes without an answer that could be used.'),
  unreadable: told('collector_unreadable_total', 'Bodies that could not be read and went on as text.'),
  empty: told('collector_empty_total', 'Bodies without any GPU.'),
  ticks_skipped: told('collector_ticks_skipped_total', 'Scrapes left out because the last one still ran.'),
  rows: told('collector_rows_total', 'GPUs or instances at an instant.'),
  samples: told('collector_samples_total', 'Values in these rows.'),
  refusals: told('collector_refusals_total', 'Values, lines and rows that were refused.'),
  blanks: told('collector_blanks_total', 'Values that the exporter said it does not have.'),
  unknown_metrics: told('collector_unknown_metrics_total', 'Samples of metrics that the catalogue does not have.'),
  bytes: told('collector_received_bytes_total', 'Text of answers, unpacked.'),
  message_bytes: told('collector_sent_bytes_total', 'Data of messages to NATS.'),
  stored_messages: told('collector_messages_total', 'Messages that NATS has stored.'),
  spooled_messages: told('collector_spooled_messages', 'Messages that wait on disk now.'),
  spooled_bytes: told('collector_spooled_bytes', 'Disk that they take.'),
  dropped_messages: told('collector_dropped_messages_total', 'Messages lost because the spool was full.'),
  running: told('collector_scrapes_running', 'Scrapes under way now.'),
  queued: told('collector_scrapes_queued', 'Scrapes that wait for a place now.'),
  pending_messages: told('collector_messages_pending', 'Messages sent and not yet confirmed.'),
};

const REMOTE_WRITE: Readonly<Record<keyof RemoteWriteCounters, ToldMetric>> = {
  requests: told('remote_write_requests_total', 'Requests of Prometheus.'),
  samples: told('remote_write_samples_total', 'Samples in them.'),
  other_samples: told('remote_write_other_samples_total', 'Samples that are no concern of ours.'),
  repeated_samples: told('remote_write_repeated_samples_total', 'Samples that had come before.'),
  invalid_samples: told('remote_write_invalid_samples_total', 'Samples without name, host or usable time.'),
  histograms: told('remote_write_histograms_total', 'Native histograms, which nothing of ours has.'),
  exemplars: told('remote_write_exemplars_total', 'Exemplars, which nothing of ours has.'),
  scrapes: told('remote_write_scrapes_total', 'Scrapes put together from samples.'),
  late_scrapes: told('remote_write_late_scrapes_total', 'Scrapes of which the rest had gone on before.'),
  put_off: told('remote_write_put_off_total', 'Requests that Prometheus was asked to send again.'),
  unreadable: told('remote_write_unreadable_total', 'Requests that could not be read.'),
  targets: told('remote_write_targets', 'Targets that are known now.'),
  series: told('remote_write_series', 'Series that are known now.'),
  waiting_samples: told('remote_write_waiting_samples', 'Samples that wait for the rest of their scrape.'),
};

/** Of engines and of the live server: each tells the stages that it sees. */
const SAMPLE_LATENCY: ToldMetric = {
  name: 'sample_latency_seconds',
  help: 'Time from the scrape of a sample until it was in the stream (stage arrived), through the steps (processed), in the database (stored), sent to sockets (live). Samples older than 15 min are a past that is told later, and not counted.',
  labels: ['stage'],
  type: 'histogram',
};

/** Counted by the API itself. */
export const REQUESTS: ToldMetric = {
  name: 'http_request_duration_seconds',
  help: 'Time until an answer was ready.',
  labels: ['route', 'status'],
  type: 'histogram',
};

const CHANNEL = ['channel'] as const;
const ALERTS: Readonly<Record<string, ToldMetric>> = byName([
  told('alerts_changed_total', 'Changes of alerts.'),
  told('alerts_repeated_total', 'Messages about alerts that changed nothing.'),
  told('alerts_refused_total', 'Messages that were no alerts, or too many of them.'),
  told('alerts_notifications_total', 'Messages to people, over all channels.'),
  told('alerts_open', 'Alerts that are open.'),
  told('alerts_outbox_waiting', 'Messages to people that wait, over all channels.'),
  told('alerts_table_waiting', 'Rows of alerts that the database does not have yet.'),
  told('alert_channel_sent_total', 'Messages that the channel took.', CHANNEL),
  told('alert_channel_failed_total', 'Tries that the channel did not take.', CHANNEL),
  told('alert_channel_given_up_total', 'Messages that were given up.', CHANNEL),
  told('alert_channel_merged_total', 'Messages that went as part of a newer one.', CHANNEL),
  told('alert_channel_duplicates_total', 'Messages that had been given before.', CHANNEL),
  told('alert_channel_waiting', 'Messages that wait for the channel.', CHANNEL),
  told('alert_channel_broken', '1 while the channel takes nothing, else 0.', CHANNEL),
]);

const LIVE: Readonly<Record<string, ToldMetric>> = byName([
  told('live_sockets', 'Sockets that are open.'),
  told('live_topics', 'Topics that somebody has subscribed to.'),
  told('live_deltas_total', 'Changes sent.'),
  told('live_snapshots_total', 'Whole topics sent.'),
  told('live_gaps_total', 'Times that a slow socket was given a whole topic instead of changes.'),
  told('live_errors_total', 'Errors told to sockets.'),
  told('live_messages_total', 'Messages that came from sockets.'),
  told('live_frames_total', 'Frames read from engines.'),
  told('live_frames_refused_total', 'Frames that could not be read.'),
  told('live_rows_total', 'Samples read from frames.'),
  told('live_gpus', 'GPUs and MIG instances in the fleet view.'),
  told('live_alerts_refused_total', 'Alerts that could not be read.'),
  told('live_verdicts_refused_total', 'Verdicts that could not be read.'),
]);

/** By who tells (the end of `vitals.metrics.`), then by the figure's name there. */
export const TOLD_METRICS: Readonly<Record<string, Readonly<Record<string, ToldMetric>>>> = {
  collector: {
    ...COLLECTOR,
    ...Object.fromEntries(Object.entries(REMOTE_WRITE).map(([name, metric]) => [`remote_write_${name}`, metric])),
  },
  alerts: ALERTS,
  engine: byName([SAMPLE_LATENCY]),
  live: { ...LIVE, ...byName([SAMPLE_LATENCY]) },
};

const API = {
  api_gpus: 'GPUs and MIG instances in the fleet view.',
  api_frames_total: 'Frames read from engines.',
  api_frames_refused_total: 'Frames that could not be read.',
  api_rows_total: 'Samples read from frames.',
  api_anomalies_total: 'Anomaly rows read from the bus.',
  api_anomalies_refused_total: 'Anomaly rows that could not be read.',
  fleet_event_time_seconds: 'Event time of the newest sample, seconds since 1970.',
  api_uptime_seconds: 'Time since start.',
  api_resident_bytes: 'Resident memory of the process.',
} as const;

/** What the API tells of itself; each figure is asked for when the page is read. */
export const apiMetrics = (figures: (name: keyof typeof API) => number): readonly MetricSource[] =>
  (Object.keys(API) as (keyof typeof API)[]).map((name) => ({ name, help: API[name], value: () => figures(name) }));

/** What engines tell of their steps on `vitals.topology.*`, as metrics. */
export function engineMetrics(topology: Pick<TopologyReports, 'last' | 'workers'>): readonly MetricSource[] {
  type Told = NonNullable<ReturnType<TopologyReports['last']>>['told'];
  const perWorker = (name: string, help: string, figure: (report: Told) => unknown): MetricSource => ({
    name,
    help,
    labels: ['worker'],
    series: () =>
      topology.workers().flatMap((worker) => {
        const value = figure(topology.last(worker)?.told ?? { steps: [], edges: [] });
        return typeof value === 'number' ? [{ labels: { worker }, value }] : [];
      }),
  });
  const perStep = (name: string, help: string, figure: (step: Told['steps'][number]) => unknown): MetricSource => ({
    name,
    help,
    labels: ['worker', 'step'],
    series: () =>
      topology.workers().flatMap((worker) =>
        (topology.last(worker)?.told.steps ?? []).flatMap((step) => {
          const value = figure(step);
          return typeof value === 'number' ? [{ labels: { worker, step: step.id }, value }] : [];
        }),
      ),
  });
  const inSeconds = (value: unknown): number | null => (typeof value === 'number' ? value / 1_000 : null);
  return [
    perWorker('engine_lag_messages', 'Messages stored but not yet processed.', (report) => report.lag_messages),
    perWorker('engine_position', 'Last stream position processed.', (report) => report.position),
    perWorker('engine_event_time_seconds', 'Newest event time processed, seconds since 1970.', (report) =>
      inSeconds(report.watermark),
    ),
    perWorker('engine_start_time_seconds', 'When the engine began, seconds since 1970.', (report) =>
      inSeconds(report.started_at),
    ),
    perWorker('engine_gpus', 'GPUs and MIG instances known.', (report) => report.gpus),
    perWorker('engine_snapshots_total', 'Snapshots written.', (report) => report.snapshots),
    perStep('step_items_in_total', 'Rows or items that a step took.', (step) => step.items_in),
    perStep('step_items_out_total', 'Rows or items that it gave on.', (step) => step.items_out),
    perStep('step_batches_total', 'Batches that it took.', (step) => step.batches),
    perStep('step_busy_seconds_total', 'Time spent in the step itself.', (step) => inSeconds(step.busy_ms)),
  ];
}

function byName(metrics: readonly ToldMetric[]): Readonly<Record<string, ToldMetric>> {
  return Object.fromEntries(metrics.map((metric) => [metric.name, metric]));
}
