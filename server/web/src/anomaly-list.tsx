import { useState } from 'preact/hooks';
import type { AnomalyAnswer } from '../../schemas.ts';
import { anomalyMore, anomalySource, anomalySpan, anomalyText } from './anomaly-text.ts';
import { integer } from './format-value.ts';
import { SeverityBadge } from './severity-badge.tsx';

const SHOWN = 5;

/** The anomalies of a GPU, open ones first. */
export function AnomalyList({
  anomalies,
  now,
}: {
  readonly anomalies: readonly AnomalyAnswer[];
  readonly now: number;
}) {
  const [all, setAll] = useState(false);
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
          {anomalies.slice(0, all ? undefined : SHOWN).map((anomaly) => (
            <li key={anomaly.id} class={anomaly.state} data-state={anomaly.state}>
              <span class="line">
                <SeverityBadge severity={anomaly.severity} />
                <span class="quiet age">{anomalySpan(anomaly, now)}</span>
              </span>
              <span class="why" title={anomaly.explanation}>
                {anomalyText(anomaly)}
              </span>
              {anomaly.state === 'open' && <span class="quiet small more-of">{anomalyMore(anomaly)}</span>}
              <span class="quiet small">{anomalySource(anomaly)}</span>
            </li>
          ))}
        </ol>
      )}
      {anomalies.length > SHOWN && (
        <button type="button" class="more" onClick={() => setAll(!all)}>
          {all ? 'Show fewer' : `Show all ${integer(anomalies.length)}`}
        </button>
      )}
    </section>
  );
}
