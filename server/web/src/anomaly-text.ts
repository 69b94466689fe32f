import { findMetric, METRICS } from '../../../pipeline/contract/metrics.ts';
import type { AnomalyAnswer } from '../../schemas.ts';
import { formatReading } from './format-value.ts';
import { metricLabel } from './metric-label.ts';

/**
 * What is wrong, in the units people use: `SM clock 210 MHz, expected 1,402 MHz`. The detector's own explanation when it
 * compares nothing or speaks of no metric of the catalogue. No full stop at the end.
 */
export function anomalyText({ metric, observed, expected, explanation }: AnomalyAnswer): string {
  const known = METRICS[findMetric(metric)];
  if (known === undefined || observed === null || expected === null) return explanation.replace(/\.$/, '');
  const [seen, usual] = [observed, expected].map((value) => {
    const { text, unit } = formatReading(known, whole(known.unit, value));
    return unit === '' ? text : `${text} ${unit}`;
  });
  return `${metricLabel(metric)} ${seen}, expected ${usual}`;
}

/** Who says so and how surely: `zscore 39.7 below, ewma 30m, MIG 3`. */
export function anomalySource({ detector, score, window, instance }: AnomalyAnswer): string {
  const distance = score === null ? '' : ` ${Math.abs(score).toFixed(1)}${score < 0 ? ' below' : ''}`;
  return [`${detector}${distance}`, window, instance === '' ? '' : `MIG ${instance}`]
    .filter((part) => part !== '')
    .join(', ');
}

/** An expectation is a mean and has digits that no sensor has. */
const whole = (unit: string, value: number): number => (unit === 'C' ? Math.round(value) : value);
