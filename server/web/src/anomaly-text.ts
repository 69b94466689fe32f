import { findMetric, METRICS } from '../../../pipeline/contract/metrics.ts';
import type { AnomalyAnswer } from '../../schemas.ts';
import { capital } from './action-text.ts';
import { timeText } from './format-time.ts';
import { duration, formatReading } from './format-value.ts';
import { metricLabel } from './metric-label.ts';

/** Detectors whose `observed` and `expected` are readings of the metric; others compare rates, shares or counts. */
const COMPARES_READINGS: ReadonlySet<string> = new Set(['zscore']);

type Told = Pick<AnomalyAnswer, 'metric' | 'observed' | 'expected' | 'explanation' | 'detector' | 'gpu_uuid' | 'node'>;

/**
 * What is wrong, in the units people use: `SM clock 210 MHz, expected 1,402 MHz`, else the first sentence of what the
 * detector says, without the GPU and since when, which are shown beside it. No full stop at the end.
 */
export function anomalyText(anomaly: Told): string {
  const { gpu_uuid, node, explanation } = anomaly;
  const sentence = firstSentence(explanation);
  const named = `${gpu_uuid} on ${node} `;
  const text = gpu_uuid !== '' && sentence.startsWith(named) ? capital(sentence.slice(named.length)) : sentence;
  return comparison(anomaly) ?? text.replace(SINCE, '').replace(/\.$/, '');
}

/** What the detector says beyond that; empty when it says no more. */
export function anomalyMore(anomaly: Told): string {
  const { explanation } = anomaly;
  return comparison(anomaly) === null ? explanation.slice(firstSentence(explanation).length).trim() : explanation;
}

/** `, since 2026-01-01T00:16:00Z (17 h)`, `, from ... until ...` and their like. */
const INSTANT = '\\d{4}-\\d\\d-\\d\\d[T ][\\d:.]+(?:Z| UTC)?';
const SINCE = new RegExp(`,? (?:since|from) (?:about )?${INSTANT}(?: until ${INSTANT})?(?: \\([^)]*\\))?`);

const firstSentence = (text: string): string => /^.+?[.!?](?=\s+[A-Z]|$)/s.exec(text)?.[0] ?? text;

function comparison({ metric, observed, expected, detector }: Told): string | null {
  const known = METRICS[findMetric(metric)];
  if (known === undefined || observed === null || expected === null || !COMPARES_READINGS.has(detector)) return null;
  const [seen, usual] = [observed, expected].map((value) => {
    const { text, unit } = formatReading(known, whole(known.unit, value));
    return unit === '' ? text : `${text} ${unit}`;
  });
  return `${metricLabel(metric)} ${seen}, expected ${usual}`;
}

/** Beyond it a score only says that there is no doubt. */
const SCORE_TOLD_MAX = 1_000;

/** Who says so and how surely: `zscore 39.7 below, ewma 30m, MIG 3`. */
export function anomalySource({ detector, score, window, instance }: AnomalyAnswer): string {
  const far = score === null || Math.abs(score) >= SCORE_TOLD_MAX;
  const distance = far ? '' : ` ${Math.abs(score).toFixed(1)}${score < 0 ? ' below' : ''}`;
  return [`${detector}${distance}`, window, instance === '' ? '' : `MIG ${instance}`]
    .filter((part) => part !== '')
    .join(', ');
}

/** An expectation is a mean and has digits that no sensor has. */
const whole = (unit: string, value: number): number => (unit === 'C' ? Math.round(value) : value);

/** `open for 2 h`, or when it opened and how long it lasted. */
export function anomalySpan({ state, opened_at, closed_at }: AnomalyAnswer, now: number): string {
  const opened = Date.parse(opened_at);
  if (state === 'open') {
    const age = (now - opened) / 1_000;
    return age > 0 ? `open for ${duration(age)}` : `open since ${timeText(opened, now)}`;
  }
  const lasted = closed_at === null ? '' : ` for ${duration((Date.parse(closed_at) - opened) / 1_000)}`;
  return `${timeText(opened, now)}${lasted}, closed`;
}
