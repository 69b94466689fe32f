import type { AnomalyAnswer } from '../../schemas.ts';
import { anomalyText } from './anomaly-text.ts';
import { timeText } from './format-time.ts';
import { duration } from './format-value.ts';
import { compareAnomalies } from './needs-me.ts';

/** One sentence on a GPU from what is known now, and no more than that. Instants are epoch ms. */
export function verdictText(known: {
  readonly anomalies: readonly AnomalyAnswer[];
  readonly sampled_at: number | null;
  readonly stale_since: number | null;
  readonly now: number;
}): string {
  const { anomalies, sampled_at, stale_since, now } = known;
  const [worst, ...others] = [...anomalies].sort(compareAnomalies);
  const count = anomalies.length;
  const counted = `${count} open ${count === 1 ? 'anomaly' : 'anomalies'}`;
  if (stale_since !== null) {
    const before = worst === undefined ? 'no anomaly was open then' : `${counted} then: ${anomalyText(worst)}`;
    return `No data since ${timeText(stale_since, now)}; ${before}${more(others.length)}.`;
  }
  if (sampled_at === null) return 'Nothing has been measured yet.';
  if (worst === undefined) return `No open anomaly. ${lastSample(sampled_at, now)}`;
  return `${counted}: ${anomalyText(worst)}${more(others.length)}.`;
}

/** Fleets can run on a clock of their own (simulated at speed): then their time is told instead of an age. */
export function lastSample(at: number, now: number): string {
  const age = (now - at) / 1_000;
  if (age < -5) return `Last sample at ${timeText(at, now)} by the fleet's clock.`;
  return `Last sample ${age < 1 ? 'just now' : `${duration(age)} ago`}.`;
}

const more = (count: number): string => (count === 0 ? '' : `; and ${count} more`);
