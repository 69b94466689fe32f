import type { Anomaly, Severity } from '../../pipeline/contract/events.ts';
import { causeId } from '../../pipeline/contract/ids.ts';
import type { ErrorSignal } from './error-signals.ts';

/** A change of an error rate that is open: plain data. Rates are per hour. */
export interface OpenChange {
  readonly opened_at: number;
  /** Where the change began, as far as the test can tell. */
  readonly since: number;
  readonly before: number;
  after: number;
  severity: Severity;
  readonly detector: 'cusum' | 'page_hinkley' | 'adwin';
  /** Since when the rate is back; 0 = it is not. */
  calm_since: number;
  /** When `after` was last raised. */
  raised_at: number;
  /** What the short memory of the rate held when it opened, per minute; unknown for one of an older snapshot. */
  readonly fast_then?: number;
}

/** A rate below one a week cannot be told from none. */
const RATE_MIN = 1 / 168;

const ratioOf = (before: number, after: number): number => after / Math.max(before, RATE_MIN);

export function severityOf(signal: ErrorSignal, before: number, after: number, warningFactor: number): Severity {
  return after >= signal.warning_per_hour && ratioOf(before, after) >= warningFactor ? 'warning' : 'info';
}

/** Whose change it is. */
export interface ChangedGpu {
  readonly uuid: string;
  readonly instance: string;
  readonly node: string;
}

/** The change as an anomaly; `closing` is when and why it closes. */
export function changeAnomaly(
  gpu: ChangedGpu,
  signal: ErrorSignal,
  change: OpenChange,
  closing: { readonly at: number; readonly why: string } | null,
): Anomaly {
  const { opened_at, since, before, after, detector } = change;
  const story = `${capital(signal.what)} went from ${rateInWords(before)} to ${rateInWords(after)}, since about ${instant(since)}.`;
  return {
    ts: opened_at,
    gpu_uuid: gpu.uuid,
    node: gpu.node,
    instance: gpu.instance,
    id: causeId(detector, gpu.uuid, gpu.instance, 'change_point', signal.metric, opened_at),
    type: 'change_point',
    metric: signal.metric,
    severity: change.severity,
    score: Math.min(1e6, ratioOf(before, after)),
    observed: after,
    expected: before,
    window: detector === 'adwin' ? 'adaptive' : 'since the last change',
    detector,
    explanation: closing === null ? story : `${story} ${closing.why}`,
    state: closing === null ? 'open' : 'closed',
    opened_at,
    closed_at: closing?.at ?? null,
  };
}

/** A rate in the unit that gives it a number people can picture. */
function rateInWords(per_hour: number): string {
  if (per_hour < RATE_MIN) return 'none';
  if (per_hour >= 3_600) return `${rounded(per_hour / 3_600)} a second`;
  if (per_hour >= 60) return `${rounded(per_hour / 60)} a minute`;
  if (per_hour >= 1) return `${rounded(per_hour)} an hour`;
  return `${rounded(per_hour * 24)} a day`;
}

const rounded = (value: number): string => String(Number(value.toPrecision(3)));
const capital = (text: string): string => (/^[a-z]+ /.test(text) ? text.charAt(0).toUpperCase() + text.slice(1) : text);
const instant = (ts: number): string => `${new Date(ts).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
