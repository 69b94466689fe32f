import type { Dimension, HealthContribution } from '../../../pipeline/contract/events.ts';
import { DIMENSIONS } from '../../../pipeline/contract/events.ts';
import { findMetric, METRICS } from '../../../pipeline/contract/metrics.ts';
import { capital } from './action-text.ts';
import type { HealthAnswer } from './answers.ts';
import { decimal, formatReading } from './format-value.ts';
import { metricLabel } from './metric-label.ts';
import { xidText } from './xid-text.ts';

/** One reason for which points were lost, in whichever dimensions. */
export interface PointsLost {
  readonly key: string;
  readonly what: string;
  /** Reading against its limit, with units; empty when neither is told. */
  readonly reading: string;
  readonly window: string;
  readonly action: string;
  readonly points: readonly (readonly [HealthContribution['dimension'], number])[];
  /** Of the dimension that lost most. */
  readonly most: number;
}

export interface DimensionScore {
  readonly dimension: Dimension;
  /** Null is unknown, and so is one that nothing speaks for. */
  readonly score: number | null;
  readonly confidence: number;
}

export const dimensionScores = (health: HealthAnswer): readonly DimensionScore[] =>
  DIMENSIONS.map((dimension) => {
    const confidence = health[`${dimension}_confidence`];
    return { dimension, score: confidence === 0 ? null : health[`${dimension}_health`], confidence };
  });

/** The reasons, the one that cost most first. One that costs in several dimensions is one reason. */
export function pointsLost({ contributions }: Pick<HealthAnswer, 'contributions'>): readonly PointsLost[] {
  const reasons = new Map<
    string,
    Omit<PointsLost, 'points' | 'most'> & { points: Map<HealthContribution['dimension'], number> }
  >();
  for (const one of contributions) {
    const { metric, value, limit, unit, window, action, dimension } = one;
    const key = JSON.stringify([metric, value, limit, action]);
    let reason = reasons.get(key);
    if (reason === undefined) {
      const what = metric === 'xid' ? xidText(value) : metricLabel(metric);
      const reading = metric === 'xid' ? '' : readingText(metric, unit, value, limit);
      reason = { key, what, reading, window, action: capital(action), points: new Map() };
      reasons.set(key, reason);
    }
    reason.points.set(dimension, (reason.points.get(dimension) ?? 0) + one.points);
  }
  return [...reasons.values()]
    .map((reason) => {
      const points = [...reason.points].sort(([, a], [, b]) => b - a);
      return { ...reason, points, most: points[0]?.[1] ?? 0 };
    })
    .sort((a, b) => b.most - a.most || sum(b.points) - sum(a.points));
}

const sum = (points: PointsLost['points']): number => points.reduce((total, [, lost]) => total + lost, 0);

function readingText(metric: string, unit: string, value: number | null, limit: number | null): string {
  if (value === null) return '';
  // A code is not less or more than another one.
  if (unit === 'enum') return inUnits(metric, unit, value);
  const [seen, allowed] = [value, limit].map((one) => (one === null ? '' : inUnits(metric, unit, one)));
  return allowed === '' ? (seen ?? '') : `${seen} against ${allowed}`;
}

/** A number of the catalogue's metrics in the unit people use; of anything else as it is, with its own unit. */
function inUnits(metric: string, unit: string, value: number): string {
  const known = METRICS[findMetric(metric)];
  const { text, unit: shown } =
    known !== undefined && known.unit === unit
      ? formatReading(known, value)
      : unit === 'ratio'
        ? { text: decimal(value * 100, 1), unit: '%' }
        : { text: plainNumber(value), unit: unit === 'enum' || unit === 'count' ? '' : unit };
  return shown === '' ? text : `${text} ${shown}`;
}

/** Three digits of what is small, whole numbers of what is large. */
export const plainNumber = (value: number): string =>
  value.toLocaleString(
    'en-US',
    Math.abs(value) >= 100 ? { maximumFractionDigits: 0 } : { maximumSignificantDigits: 3 },
  );
