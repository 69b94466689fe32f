import type { AnomalyAnswer } from '../../schemas.ts';
import { timeText } from './format-time.ts';
import { decimal, duration } from './format-value.ts';
import { metricLabel } from './metric-label.ts';
import { SeverityBadge } from './severity-badge.tsx';

/** The anomalies of a GPU, open ones first. */
export function AnomalyList({
  anomalies,
  now,
}: {
  readonly anomalies: readonly AnomalyAnswer[];
  readonly now: number;
}) {
  const open = anomalies.filter(({ state }) => state === 'open').length;
  return (
    <section class="card anomalies" aria-labelledby="anomalies-title">
      <h2 id="anomalies-title">
        Anomalies <span class="quiet">{open} open</span>
      </h2>
      {anomalies.length === 0 ? (
        <p class="quiet empty">None has been found on this GPU.</p>
      ) : (
        <ol data-testid="anomaly-list">
          {anomalies.map((anomaly) => (
            <li key={anomaly.id} class={anomaly.state} data-state={anomaly.state}>
              <span class="line">
                <SeverityBadge severity={anomaly.severity} />
                <b>{metricLabel(anomaly.metric)}</b>
                <span class="quiet age">{spanText(anomaly, now)}</span>
              </span>
              <span class="why">{anomaly.explanation}</span>
              <span class="quiet small">
                {anomaly.detector}
                {anomaly.score !== null && `, score ${decimal(anomaly.score, 1)}`}
                {anomaly.instance !== '' && `, MIG instance ${anomaly.instance}`}
              </span>
            </li>
          ))}
        </ol>
      )}
    </section>
  );
}

function spanText({ state, opened_at, closed_at }: AnomalyAnswer, now: number): string {
  const opened = Date.parse(opened_at);
  if (state === 'open') {
    const age = (now - opened) / 1_000;
    return age > 0 ? `open for ${duration(age)}` : `open since ${timeText(opened, now)}`;
  }
  const lasted = closed_at === null ? '' : ` for ${duration((Date.parse(closed_at) - opened) / 1_000)}`;
  return `${timeText(opened, now)}${lasted}, closed`;
}
