import { useState } from 'preact/hooks';
import type { HealthAnswer } from './answers.ts';
import { decimal, integer } from './format-value.ts';
import { pointsLost } from './points-lost.ts';

const SHOWN = 6;

/** Where the points went, the most first: what was measured, against what, over which time, and what to do about it. */
export function PointsList({ health }: { readonly health: HealthAnswer | null }) {
  const [all, setAll] = useState(false);
  const reasons = health === null ? [] : pointsLost(health);
  return (
    <section class="card points" aria-labelledby="points-title" data-testid="points-lost">
      <h2 id="points-title">Where points went</h2>
      {health === null ? (
        <p class="quiet empty">Not scored yet.</p>
      ) : reasons.length === 0 ? (
        <p class="quiet empty">
          {health.overall_score === null ? 'Too little is known to take any.' : 'None was lost.'}
        </p>
      ) : (
        <ol>
          {reasons.slice(0, all ? undefined : SHOWN).map(({ key, what, reading, window, action, points }) => (
            <li key={key}>
              <span class="line">
                <b>{what}</b>
                <span>{reading}</span>
                {window !== '' && <span class="quiet small age">{window}</span>}
              </span>
              <span class="taken">
                {points.map(([dimension, lost]) => (
                  <span key={dimension}>
                    {dimension} <b>−{decimal(lost, 1)}</b>
                  </span>
                ))}
              </span>
              <span class="todo">{action}</span>
            </li>
          ))}
        </ol>
      )}
      {reasons.length > SHOWN && (
        <button type="button" class="more" onClick={() => setAll(!all)}>
          {all ? 'Show fewer' : `Show all ${integer(reasons.length)}`}
        </button>
      )}
      {reasons.length > 0 && <p class="quiet small">Points of each dimension's 100.</p>}
    </section>
  );
}
