import type { Anomaly } from '../../pipeline/contract/events.ts';
import { causeId } from '../../pipeline/contract/ids.ts';
import { type KeptRow, NOVELTY_FEATURES, type NoveltyFeature } from './novelty-features.ts';
import { observedAndExpected, type Residuals } from './workload-residuals.ts';

const REASONS_MAX = 3;

/**
 * The open anomaly of a board that is unlike the others of its model: its metric, observed and expected are those of the
 * strongest reason, the sentence names up to three. Null without a reason: what nobody can explain is not told.
 */
export function outlierAnomaly(found: {
  readonly type: string;
  readonly detector: string;
  readonly window: string;
  readonly board: { readonly gpu_uuid: string; readonly node: string; readonly row: KeptRow };
  readonly severity: 'info' | 'warning';
  readonly score: number;
  readonly opened_at: number;
  readonly residuals: Residuals;
  /** Features, strongest first. */
  readonly reasons: readonly number[];
  /** What is wrong, behind `this GPU`. */
  readonly claim: string;
  /** What a detector expects of each feature from the GPU's other readings, in spreads; without it, what the others show. */
  readonly fitting?: ArrayLike<number>;
}): Anomaly | null {
  const { type, detector, window, board, severity, score, opened_at, residuals, claim, fitting } = found;
  const { gpu_uuid, node, row } = board;
  const reasons = found.reasons.slice(0, REASONS_MAX);
  const [first] = reasons;
  if (first === undefined) return null;
  const metric = (NOVELTY_FEATURES[first] as NoveltyFeature).name;
  const words = reasons.map((feature) => reasonInWords(residuals, row, feature, fitting)).join('; ');
  return {
    ts: opened_at,
    gpu_uuid,
    node,
    instance: '',
    id: causeId(detector, gpu_uuid, '', type, metric, opened_at),
    type,
    metric,
    severity,
    score,
    ...observedAndExpected(residuals, row, first, fitting?.[first]),
    window,
    detector,
    explanation: `Since ${instant(opened_at)} this GPU ${claim}: ${words}.`,
    state: 'open',
    opened_at,
    closed_at: null,
  };
}

function reasonInWords(residuals: Residuals, row: KeptRow, f: number, fitting?: ArrayLike<number>): string {
  const { label, unit, given } = NOVELTY_FEATURES[f] as NoveltyFeature;
  const { observed, expected } = observedAndExpected(residuals, row, f, fitting?.[f]);
  if (fitting) return `${label} ${inUnit(observed, unit)} where ${inUnit(expected, unit)} fits its other readings`;
  const usual =
    given.length === 0
      ? `where ${inUnit(expected, unit)} is usual`
      : `where the others at such work show ${inUnit(expected, unit)}`;
  return `${label} ${inUnit(observed, unit)} ${usual}`;
}

const instant = (ts: number): string => `${new Date(ts).toISOString().slice(0, 16).replace('T', ' ')} UTC`;

function inUnit(value: number, unit: string): string {
  if (unit === 'ratio') return `${Number((value * 100).toPrecision(3))} %`;
  return `${(Math.abs(value) < 0.05 ? 0 : Number(value.toPrecision(3))).toLocaleString('en-US')} ${unit}`;
}
