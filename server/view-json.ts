import type { Anomaly } from '../pipeline/contract/events.ts';
import { METRICS, metricIndex } from '../pipeline/contract/metrics.ts';
import { bySeverityThenTime, type FleetReading, type GpuEntry } from './fleet-view.ts';
import { instantText, nullableInstantText } from './instant.ts';
import {
  type AnomalyAnswer,
  anomalySchema,
  type GpuState,
  type GpuSummary,
  type Sample,
  SUMMARY_METRICS,
} from './schemas.ts';
import { serialiser } from './serialiser.ts';

/** Turns the fleet view into the shapes of schemas.ts. */

const SUMMARY_COLUMNS = SUMMARY_METRICS.map((name) => [name, metricIndex(name)] as const);
const finiteOrNull = (value: number): number | null => (Number.isFinite(value) ? value : null);

const staleSince = (entry: GpuEntry): string | null => (entry.stale ? nullableInstantText(entry.ts) : null);

export function gpuSummary(view: FleetReading, entry: GpuEntry): GpuSummary {
  let [info, warning, critical] = [0, 0, 0];
  for (const anomaly of entry.anomalies.values()) {
    if (anomaly.severity === 'critical') critical++;
    else if (anomaly.severity === 'warning') warning++;
    else info++;
  }
  const summary: Record<string, unknown> = {
    ts: nullableInstantText(entry.ts),
    gpu_uuid: entry.gpu_uuid,
    node: entry.node,
    instance: entry.instance,
    model: entry.model,
    slot: entry.slot,
  };
  for (const [name, index] of SUMMARY_COLUMNS) summary[name] = finiteOrNull(view.value(entry, index));
  summary.open_info = info;
  summary.open_warning = warning;
  summary.open_critical = critical;
  summary.worst_severity = critical > 0 ? 'critical' : warning > 0 ? 'warning' : info > 0 ? 'info' : null;
  summary.stale_since = staleSince(entry);
  const { verdicts } = view;
  const { gpu_uuid, instance, ts } = entry;
  const health = verdicts.health(gpu_uuid, instance, ts);
  const prediction = verdicts.prediction(gpu_uuid, instance, ts);
  summary.overall_score = health?.overall_score ?? null;
  summary.health_grade = health?.health_grade ?? null;
  summary.failure_prob_7d = prediction?.failure_prob_7d ?? null;
  summary.failure_prob_30d = prediction?.failure_prob_30d ?? null;
  summary.decision = verdicts.decision(gpu_uuid, ts)?.decision ?? null;
  return summary as GpuSummary;
}

const anomalyText = serialiser(anomalySchema);

/**
 * Summaries as JSON text, each made once per change of its GPU. Written by JSON.stringify: a schema's own writer leaves a
 * text in dozens of pieces, which costs more to keep than it saved.
 */
export function summaryTexts(view: FleetReading): (entry: GpuEntry) => string {
  const texts: string[] = [];
  const revisions: number[] = [];
  return (entry) => {
    if (revisions[entry.index] !== entry.revision) {
      texts[entry.index] = JSON.stringify(gpuSummary(view, entry));
      revisions[entry.index] = entry.revision;
    }
    return texts[entry.index] as string;
  };
}

export function sampleOf(view: FleetReading, entry: GpuEntry): Sample {
  const sample: Record<string, unknown> = {
    ts: instantText(entry.ts),
    gpu_uuid: entry.gpu_uuid,
    node: entry.node,
    instance: entry.instance,
  };
  METRICS.forEach((metric, index) => {
    const value = view.value(entry, index);
    if (Number.isFinite(value)) sample[metric.name] = value;
  });
  sample.attribution = entry.attribution;
  return sample as Sample;
}

export const anomalyAnswer = (anomaly: Anomaly): AnomalyAnswer => ({
  ts: instantText(anomaly.ts),
  gpu_uuid: anomaly.gpu_uuid,
  node: anomaly.node,
  instance: anomaly.instance,
  id: anomaly.id,
  type: anomaly.type,
  metric: anomaly.metric,
  severity: anomaly.severity,
  score: finiteOrNull(anomaly.score),
  observed: finiteOrNull(anomaly.observed),
  expected: finiteOrNull(anomaly.expected),
  window: anomaly.window,
  detector: anomaly.detector,
  explanation: anomaly.explanation,
  state: anomaly.state,
  opened_at: instantText(anomaly.opened_at),
  closed_at: nullableInstantText(anomaly.closed_at),
});

export const anomalyJson = (anomaly: Anomaly): string => anomalyText(anomalyAnswer(anomaly));

/** Everything live about one GPU; null when it was never seen. */
export function gpuState(view: FleetReading, uuid: string): GpuState | null {
  const entries = view.ofGpu(uuid);
  const first = entries[0];
  if (first === undefined) return null;
  const sampled = entries.filter((entry) => !Number.isNaN(entry.ts));
  const main = sampled[0];
  return {
    gpu_uuid: uuid,
    node: first.node,
    model: first.model,
    slot: first.slot,
    stale_since: entries.every((entry) => entry.stale) ? staleSince(first) : null,
    sample: main === undefined ? null : sampleOf(view, main),
    instances: sampled.filter((entry) => entry.instance !== '').map((entry) => sampleOf(view, entry)),
    anomalies: entries
      .flatMap((entry) => [...entry.anomalies.values()])
      .sort(bySeverityThenTime)
      .map(anomalyAnswer),
    health: told(entries, (entry) => view.verdicts.health(uuid, entry.instance, entry.ts)),
    predictions: told(entries, (entry) => view.verdicts.prediction(uuid, entry.instance, entry.ts)),
    decision: told(entries.slice(0, 1), (entry) => view.verdicts.decision(uuid, entry.ts))[0] ?? null,
  };
}

/** What there is of each, with its instant as a text. */
const told = <Row extends { readonly ts: number }>(
  entries: readonly GpuEntry[],
  of: (entry: GpuEntry) => Row | null,
): (Omit<Row, 'ts'> & { readonly ts: string })[] =>
  entries
    .map(of)
    .filter((row) => row !== null)
    .map((row) => ({ ...row, ts: instantText(row.ts) }));
