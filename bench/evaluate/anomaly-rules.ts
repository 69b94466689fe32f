import type { Anomaly } from '../../pipeline/contract/events.ts';
import type { Alarm } from './told.ts';

/** What no sentence for people holds. */
const UNWORTHY = /\b(?:NaN|undefined|null|Infinity)\b|1970-01-01/;

/**
 * One condition is one open anomaly with one id; its row is rewritten, never moved; it says why. `open` holds the id of the
 * open anomaly by condition, `known` what was told under this id before; `breach` hears of each rule that is broken.
 */
export function judgeAnomaly(
  anomaly: Anomaly,
  known: Alarm | undefined,
  open: Map<string, string>,
  breach: (what: string) => void,
): void {
  const { id, state } = anomaly;
  const condition = [
    anomaly.detector,
    anomaly.type,
    anomaly.metric,
    anomaly.gpu_uuid,
    anomaly.node,
    anomaly.instance,
  ].join(' ');
  const holder = open.get(condition);
  if (anomaly.ts !== anomaly.opened_at) breach('ts is not opened_at');
  if (known && known.opened_at !== anomaly.opened_at) breach('opened_at moved');
  if (known && known.closed_at !== null) breach('told again after it closed');
  if (anomaly.explanation.trim() === '') breach('no explanation');
  if (UNWORTHY.test(anomaly.explanation)) breach('explanation with NaN, undefined or the epoch');
  if (![anomaly.score, anomaly.observed, anomaly.expected].every(Number.isFinite)) breach('a figure that is no number');
  if (state === 'open' && anomaly.closed_at !== null) breach('open with closed_at');
  if (state === 'closed' && !(anomaly.closed_at !== null && anomaly.closed_at >= anomaly.opened_at)) {
    breach('closed_at before opened_at');
  }
  if (holder !== undefined && holder !== id) breach('a second one for an open condition');
  if (state === 'open') open.set(condition, id);
  else if (holder === id) open.delete(condition);
}
