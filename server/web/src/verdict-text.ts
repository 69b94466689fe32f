import type { HealthGrade } from '../../../pipeline/contract/events.ts';
import type { AnomalyAnswer } from '../../schemas.ts';
import { ACTION_TEXT, capital } from './action-text.ts';
import { anomalyText } from './anomaly-text.ts';
import type { HealthAnswer } from './answers.ts';
import type { Severity } from './fleet-gpu.ts';
import { timeText } from './format-time.ts';
import { decimal, duration } from './format-value.ts';
import { compareAnomalies } from './needs-me.ts';

/** What the verdict is made of. Instants are epoch ms. */
export interface Known {
  readonly health: HealthAnswer | null;
  /** Open ones. */
  readonly anomalies: readonly AnomalyAnswer[];
  readonly sampled_at: number | null;
  readonly stale_since: number | null;
  readonly now: number;
}

/** How the verdict is told: a line that one reads from afar, sentences, and a tone. */
export interface VerdictText {
  readonly headline: string;
  readonly sentences: readonly string[];
  readonly tone: 'healthy' | 'unknown' | 'stale' | Severity;
}

const GRADES: Readonly<Record<HealthGrade, Severity | 'healthy' | 'unknown'>> = {
  excellent: 'healthy',
  good: 'healthy',
  fair: 'info',
  degraded: 'warning',
  poor: 'warning',
  critical: 'critical',
  unknown: 'unknown',
};
const RANK = ['healthy', 'unknown', 'info', 'warning', 'critical'] as const;

/**
 * What to think of a GPU, from what is known now and no more than that. The score may be older than what has opened since;
 * then what has opened comes first, and, since something critical is scored at once, the score is told as being of before.
 */
export function verdictText(known: Known): VerdictText {
  const { health, stale_since, sampled_at, now } = known;
  const anomalies = [...known.anomalies].sort(compareAnomalies);
  if (stale_since !== null) return staleText(health, anomalies, stale_since, now);
  if (sampled_at === null) return { headline: 'Nothing has been measured yet', sentences: [], tone: 'unknown' };
  const last = lastSample(sampled_at, now);
  const scored = health !== null && health.overall_score !== null;
  const since = health === null ? anomalies : anomalies.filter(({ opened_at }) => opened_at > health.ts);
  const unscored = since.some(({ severity }) => severity === 'critical');
  const seen = since.length === 0 ? [] : [openText(since, health === null ? 'open' : 'opened since')];
  const tone = worse(health === null ? 'unknown' : GRADES[health.health_grade], anomalies[0]?.severity);
  if (health === null) {
    const sentences = anomalies.length === 0 ? ['No open anomaly.', last] : [...seen, last];
    return { headline: 'Health is not known yet', sentences, tone };
  }
  const told = [...seen, health.explanation];
  const counted = unscored ? anomalies.filter((anomaly) => !since.includes(anomaly)) : anomalies;
  const judged = scored ? headlineOf(health, counted) : unknownText(health);
  const headline = unscored ? `Being judged anew. Before: ${judged}` : judged;
  return { headline, sentences: [...told, last], tone };
}

/** `Critical: drain the GPU and reset it`, `Healthy, nothing to do`. */
function headlineOf({ health_grade, action }: HealthAnswer, anomalies: readonly AnomalyAnswer[]): string {
  const tone = GRADES[health_grade];
  const word = tone === 'healthy' ? 'Healthy' : capital(health_grade);
  if (action !== 'none') return `${word}: ${lower(ACTION_TEXT[action])}`;
  const open = anomalies.filter(({ severity }) => severity !== 'info').length;
  if (open > 0) return `${word}, with ${open} open ${open === 1 ? 'anomaly' : 'anomalies'}`;
  return tone === 'healthy' ? `${word}, nothing to do` : word;
}

const unknownText = ({ action }: HealthAnswer): string =>
  action === 'none' ? 'Health is unknown' : `Health is unknown: ${lower(ACTION_TEXT[action])}`;

function staleText(
  health: HealthAnswer | null,
  anomalies: readonly AnomalyAnswer[],
  stale_since: number,
  now: number,
): VerdictText {
  const then =
    health === null
      ? 'It was not scored before that.'
      : `The score is of ${timeText(Date.parse(health.ts), now)}, ${
          Date.parse(health.ts) > stale_since ? 'after its data had stopped' : 'when it still reported'
        }: ${health.explanation}`;
  const open = anomalies.length === 0 ? 'No anomaly was open then.' : openText(anomalies, 'open');
  const headline = `No data since ${timeText(stale_since, now)}`;
  const todo = health === null || health.action === 'none' ? '' : `: ${lower(ACTION_TEXT[health.action])}`;
  return { headline: `${headline}${todo}`, sentences: [open, then], tone: 'stale' };
}

function openText(anomalies: readonly AnomalyAnswer[], how: string): string {
  const [worst] = anomalies;
  if (worst === undefined) return '';
  const [count, others] = [anomalies.length, anomalies.length - 1];
  const counted = `${count} ${how === 'open' ? 'open ' : ''}${count === 1 ? 'anomaly' : 'anomalies'}`;
  const text = `${counted}${how === 'open' ? '' : ` ${how}`}: ${anomalyText(worst)}`;
  return others === 0 ? `${text}.` : `${text}; and ${others} more.`;
}

/** Fleets can run on a clock of their own (simulated at speed): then their time is told instead of an age. */
function lastSample(at: number, now: number): string {
  const age = (now - at) / 1_000;
  if (age < -5) return `Last sample at ${timeText(at, now)} by the fleet's clock.`;
  return `Last sample ${age < 1 ? 'just now' : `${duration(age)} ago`}.`;
}

/** `87.3`, or that it is unknown. */
export const scoreText = (score: number | null): string => (score === null ? 'unknown' : decimal(score, 1));

/** Only the first letter, and not that of an abbreviation. */
const lower = (text: string): string => (/^[A-Z]{2}/.test(text) ? text : text.charAt(0).toLowerCase() + text.slice(1));

const worse = (a: (typeof RANK)[number], b: Severity | undefined): (typeof RANK)[number] =>
  b !== undefined && RANK.indexOf(b) > RANK.indexOf(a) ? b : a;
