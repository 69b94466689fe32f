import type { PredictionAnswer } from './answers.ts';
import { timeText } from './format-time.ts';
import { percent } from './format-value.ts';
import { inWords } from './metric-label.ts';
import { OriginBadge } from './origin-badge.tsx';
import { chance, failureTime, modelText, type Reason, reasonsOf, riskTone, trainedOn } from './prediction-text.ts';

/** How likely a GPU is to fail, when and of what, how sure that is, and why. */
export function PredictionCard(props: {
  /** Null: nothing is foreseen yet. */
  readonly prediction: PredictionAnswer | null;
  /** It cannot be read just now. */
  readonly failed: boolean;
  readonly now: number;
}) {
  const { prediction, failed, now } = props;
  return (
    <section class="card prediction" aria-labelledby="prediction-title" data-testid="prediction-card">
      <div class="head">
        <h2 id="prediction-title">What is foreseen</h2>
        {prediction !== null && (
          <>
            <OriginBadge trained_on={trainedOn(prediction)} />
            <span class="quiet small by">
              by {modelText(prediction)}
              {prediction.instance !== '' && `, MIG ${prediction.instance}`}, {timeText(Date.parse(prediction.ts), now)}
            </span>
          </>
        )}
      </div>
      {prediction === null ? (
        <p class="quiet empty">
          {failed
            ? 'Predictions cannot be read just now. Trying again.'
            : 'Nothing is foreseen yet: a prediction comes with the first feature vector, after some minutes of readings.'}
        </p>
      ) : (
        <Foreseen prediction={prediction} />
      )}
    </section>
  );
}

function Foreseen({ prediction }: { readonly prediction: PredictionAnswer }) {
  const { failure_prob_7d, failure_prob_30d, failure_prob_90d, confidence, predicted_failure_type } = prediction;
  const reasons = reasonsOf(prediction);
  return (
    <>
      <dl class="chances" data-testid="chances">
        {(
          [
            [7, failure_prob_7d],
            [30, failure_prob_30d],
            [90, failure_prob_90d],
          ] as const
        ).map(([within, p]) => (
          <div key={within} data-days={within}>
            <dt>Failure within {within} days</dt>
            <dd>{chance(p)}</dd>
            <Bar share={p} tone={riskTone(failure_prob_30d)} />
          </div>
        ))}
      </dl>
      <dl class="pairs">
        <div>
          <dt>Most likely type</dt>
          <dd>{predicted_failure_type}</dd>
        </div>
        <div>
          <dt>Time to failure</dt>
          <dd>{failureTime(prediction)}</dd>
        </div>
        <div>
          <dt>Confidence</dt>
          <dd>{percent(confidence)} %</dd>
        </div>
      </dl>
      {prediction.explanation !== '' && <p class="why">{inWords(prediction.explanation)}</p>}
      {reasons.length > 0 && (
        <>
          <h3>Why</h3>
          <ol class="reasons" data-testid="reasons">
            {reasons.map((reason) => (
              <Entry key={reason.key} reason={reason} />
            ))}
          </ol>
        </>
      )}
    </>
  );
}

const SIGNS = { raises: '▲', lowers: '▼', neither: '·' } as const;

function Entry({ reason }: { readonly reason: Reason }) {
  const { key, what, value, direction, how_far, size } = reason;
  return (
    <li class={direction} data-direction={direction} title={key}>
      <span class="sign" aria-hidden="true">
        {SIGNS[direction]}
      </span>
      <span class="what">
        {what} <b>{value}</b>
      </span>
      <span class="far">
        <span class="hidden">{direction === 'neither' ? '' : `${direction} the risk, `}</span>
        {how_far}
      </span>
      <Bar share={size} tone={direction === 'lowers' ? 'healthy' : 'warning'} />
    </li>
  );
}

/** A chance of one in a thousand must still be seen as one. */
const LEAST = 0.6;

function Bar({ share, tone }: { readonly share: number; readonly tone: string }) {
  return (
    <svg viewBox="0 0 100 6" preserveAspectRatio="none" class={`bar-of ${tone}`} aria-hidden="true">
      <rect width="100" height="6" class="ground" />
      {share > 0 && <rect width={Math.max(LEAST, Math.min(100, share * 100))} height="6" class="level" />}
    </svg>
  );
}
