import { useState } from 'preact/hooks';
import type { FeatureDrift, GetOperations } from '../../client/api-client.ts';
import { AnswerState } from './answer-state.tsx';
import { api } from './api.ts';
import { featureLabel } from './feature-label.ts';
import { timeText } from './format-time.ts';
import { decimal, integer, percent } from './format-value.ts';
import { modelText } from './prediction-text.ts';
import { useAnswer } from './use-answer.ts';

type DriftAnswer = GetOperations['/api/v1/models/drift']['answer'];

const EVERY_MS = 300_000;
const LISTED_MAX = 1_000;
const SHOWN = 12;
/** Gaps between two shares that chance does not make. */
const MISSING_GAP = 0.05;

/** How far the fleet has moved from what the judging model learned from, furthest first. */
export function DriftList({ told, now }: { readonly told: number; readonly now: number }) {
  const answered = useAnswer((signal) => api.get('/api/v1/models/drift', { query: { limit: LISTED_MAX }, signal }), {
    about: String(told),
    every_ms: EVERY_MS,
  });
  return (
    <section aria-labelledby="drift-title" data-testid="drift">
      <h2 id="drift-title">
        Drift of the features{' '}
        {answered.value !== null && answered.value.at !== null && (
          <span class="quiet">
            {integer(answered.value.gpus)} GPUs as of {timeText(Date.parse(answered.value.at), now)}, against what{' '}
            {modelText(answered.value)} learned from
          </span>
        )}
      </h2>
      <AnswerState answered={answered} what="Drift" now={now}>
        {(drift) => <Drifts drift={drift} />}
      </AnswerState>
    </section>
  );
}

function Drifts({ drift }: { readonly drift: DriftAnswer }) {
  const [all, setAll] = useState(false);
  const { items, alarms, at, moved_ratio } = drift;
  if (items.length === 0) {
    return (
      <p class="card quiet" data-testid="no-drift">
        {drift.trained_on === 'nothing'
          ? 'The heuristic judges: it has learned from nothing that the fleet could move away from.'
          : at === null
            ? 'No feature vector is known yet.'
            : 'The model does not tell what it learned from.'}
      </p>
    );
  }
  const shown = all ? items : items.slice(0, Math.max(SHOWN, Math.min(alarms, 2 * SHOWN)));
  return (
    <div class="card table">
      <p data-testid="drift-alarms" class={alarms > 0 ? 'warning' : 'quiet'}>
        {alarms === 0
          ? `None of ${integer(items.length)} features has moved far.`
          : `${integer(alarms)} of ${integer(items.length)} features ${alarms === 1 ? 'is' : 'are'} spread unlike in training: what the model says of this fleet may be off.`}
      </p>
      {moved_ratio !== null && moved_ratio > 0 && (
        <p class="quiet" data-testid="drift-moved">
          {percent(moved_ratio)} % of what the model goes by has moved beyond doubt (age left out).
        </p>
      )}
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, and must do so by keys too */}
      <div class="scroll" tabIndex={0}>
        <table>
          <thead>
            <tr>
              {['Feature', 'Stability index', 'Limit', 'KS', 'Missing', 'In training'].map((head, i) => (
                <th key={head} scope="col" class={`plain ${i === 0 ? '' : 'number'}`}>
                  {head}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {shown.map((one) => (
              <Row key={one.feature} one={one} />
            ))}
          </tbody>
        </table>
      </div>
      {items.length > shown.length || all ? (
        <button type="button" class="more" onClick={() => setAll(!all)}>
          {all ? 'Show fewer' : `Show all ${integer(items.length)}`}
        </button>
      ) : null}
    </div>
  );
}

function Row({ one }: { readonly one: FeatureDrift }) {
  const { feature, index, limit, alarm, ks, ks_p, missing_ratio, reference_missing_ratio } = one;
  const gone = reference_missing_ratio !== null && missing_ratio > reference_missing_ratio + MISSING_GAP;
  return (
    <tr data-feature={feature} data-alarm={alarm}>
      <td title={feature}>{featureLabel(feature)}</td>
      <td class={`number ${alarm ? 'warning' : ''}`}>
        {index === null ? 'not told' : decimal(index, 2)}
        {alarm && <span class="hidden"> (above its limit)</span>}
      </td>
      <td class="number quiet">{decimal(limit, 2)}</td>
      <td class="number quiet" title={ks_p === null ? undefined : chance(ks_p)}>
        {ks === null ? 'not told' : decimal(ks, 2)}
      </td>
      <td class={`number ${gone ? 'warning' : ''}`}>{percent(missing_ratio)} %</td>
      <td class="number quiet">
        {reference_missing_ratio === null ? 'not told' : `${percent(reference_missing_ratio)} %`}
      </td>
    </tr>
  );
}

const chance = (p: number): string =>
  p < 1e-12 ? 'Chance alone: less than 1e-12' : `Chance alone: ${p < 0.001 ? p.toExponential(1) : decimal(p, 3)}`;
